"""``tildex sounds`` and ``tildex find-sound``: a folder of sounds as a map, and what sounds like a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["find_sound", "sounds"]

Flag = Annotated[bool, Parameter(negative=())]

_NOTES, _FEATURES, _PAGE = "sounds.json", "features.npz", "sounds.html"


def sounds(
    folder: str,
    /,
    *,
    out: Path,
    set_: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-s"], negative=(), consume_multiple=True)
    ] = (),
    epochs: int | None = None,
    slices: int = 4,
    rate: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    device: str = "auto",
    data_dir: Path | None = None,
    resume: Flag = False,
    json: Flag = False,
) -> None:
    """Lay a folder of sounds out as a map: what sounds alike lies together, and a click plays it.

    Log-mel features go through an autoencoder whose code of two units keeps neighbours together. Files that cannot be
    used are named and left out. The run can be encoded and reported on like any other, from its features.npz.

    Example: `tildex sounds recordings --out runs/sounds`

    Parameters
    ----------
    folder
        A folder of wav, flac, ogg or mp3 files, in sub-folders by class or not; a zip of one; or a known name.
    out
        The run folder to make; the page is sounds.html in it.
    set_
        Settings of the autoencoder, as in `tildex fit`; `n_components=32` makes a code that finds better.
    epochs
        Passes over the sounds.
    slices
        Parts of a sound that are told apart: 1 for textures such as rain, more where order matters, as in words.
    rate
        Samples a second to work in; that of most files, 22,050 at most, when not given.
    seconds
        How much of each sound is read; 10 when not given.
    seed
        Decides everything random.
    device
        auto, cpu, cuda, cuda:1, ...
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    resume
        Go on from the checkpoint of an interrupted run in the same folder.
    json
        Print the result as JSON.
    """
    from tildex.apps.sounds.page import build_sound_page
    from tildex.cli.fit import require_free
    from tildex.cli.output import print_json, say
    from tildex.data import DataError, read
    from tildex.estimators import SoundFeatures

    checkpoint = out / "checkpoint.safetensors"
    require_free(out, checkpoint, resume)
    record = read(folder, data_dir=data_dir, rate=rate, seconds=seconds)
    if record.rate is None:
        raise DataError(f"{folder} holds no sounds: expected a folder or a .zip of them")
    if record.note:
        say(record.note)
    features = SoundFeatures(record.rate, slices=slices)
    rows = features.fit_transform(record.X)
    estimator = _model(set_, n_iter=epochs, random_state=seed, device=device)
    estimator.fit(rows, checkpoint=checkpoint).save(out)
    _note(out, folder, record, features, rows)
    page = build_sound_page(
        record, estimator.transform(rows), out=out / _PAGE, title=f"A map of {record.name or folder}"
    )
    checkpoint.unlink(missing_ok=True)
    if json:
        print_json({"run": str(out), "page": str(page), "sounds": len(record), "skipped": record.skipped})
        return
    say(
        f"{len(record)} sounds in {page}: open it, and click; what sounds like a file: tildex find-sound {out} FILE"
    )


def find_sound(
    run: Path,
    file: Path,
    /,
    *,
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 5,
    device: str = "auto",
    json: Flag = False,
) -> None:
    """List the sounds of a map that sound most like a file.

    Example: `tildex find-sound runs/sounds bark.wav -n 10`

    Parameters
    ----------
    run
        A run folder of `tildex sounds`.
    file
        A sound.
    n
        How many to list.
    device
        Where to compute.
    json
        Print the list as JSON.
    """
    import numpy as np

    from tildex.cli.output import print_json, print_table
    from tildex.data import read, read_sound
    from tildex.estimators import SoundFeatures, load
    from tildex.evaluate.distances import nearest_rows

    estimator, noted = load(run, device=device), _noted(run)
    known = read(run / _FEATURES)
    features = SoundFeatures(**noted["features"])
    heard = read_sound(file, features.rate, noted["seconds"])[None]
    code = estimator.transform(features.transform(heard.astype(np.float32)))
    index, distances = nearest_rows(code, estimator.transform(known.X), n)
    rows: list[dict[str, Any]] = [
        {"sound": noted["files"][k], "distance": round(float(d), 4)}
        for k, d in zip(index[0], distances[0], strict=True)
    ]
    if known.y is not None and known.target_names is not None:
        rows = [
            {**row, "class": known.target_names[known.y[k]]} for row, k in zip(rows, index[0], strict=True)
        ]
    if json:
        print_json(rows)
    else:
        print_table(f"Sounds of {noted['source']} nearest to {file.name}", rows)


def _model(set_: tuple[str, ...], **given: Any) -> Any:
    """Return the autoencoder of a map, with what ``--set`` changes of it."""
    from tildex.cli.settings import configure
    from tildex.corruptions import GaussianNoise
    from tildex.estimators import Autoencoder
    from tildex.optimizers import Adam, Cosine
    from tildex.penalties import Neighbours

    recipe = {
        "n_components": 2,
        "hidden_layer_sizes": (500, 250),
        "activation": "silu",
        "corruption": GaussianNoise(0.5),
        "penalty": Neighbours(1000.0, perplexity=10),
        "optimizer": Adam(2e-3, schedule=Cosine(warmup=0.05)),
        "n_iter": 200,
        "batch_size": 500,
    }
    return configure(Autoencoder, set_, **{**recipe, **{k: v for k, v in given.items() if v is not None}})


def _note(out: Path, source: str, record: Any, features: Any, rows: Any) -> None:
    """Write what is needed to find sounds again and to report on the run."""
    import numpy as np

    from tildex.data import read
    from tildex.files import write_json, write_whole
    from tildex.runs import provenance

    arrays = {"X": rows}
    if record.y is not None:
        names = record.target_names
        arrays["y"] = record.y if names is None else np.array(names)[record.y]

    def write(target: Path) -> None:
        with target.open("wb") as stream:
            np.savez(stream, **arrays)

    write_whole(out / _FEATURES, write)
    noted = {
        "source": record.name or source,
        "seconds": record.X.shape[1] / record.rate,
        "features": features.get_params(),
        "files": list(record.files),
        "skipped": list(record.skipped),
    }
    write_json(out / _NOTES, noted)
    provenance(out, str(out / _FEATURES), "train", read(out / _FEATURES))


def _noted(run: Path) -> dict[str, Any]:
    import json

    from tildex.files import RunError

    try:
        noted = json.loads((run / _NOTES).read_text(encoding="utf-8"))
        if not {"source", "seconds", "features", "files"} <= noted.keys():
            raise KeyError("a key is missing")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise RunError(f"{run} is no map of sounds ({error}): make one with `tildex sounds`") from error
    result: dict[str, Any] = noted
    return result
