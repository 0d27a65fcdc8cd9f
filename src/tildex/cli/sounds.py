"""``tildex sounds`` and ``tildex find-sound``: a map of a folder of sounds, and a search for similar sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

__all__ = ["find_sound", "sounds"]

Flag = Annotated[bool, Parameter(negative=())]

_PAGE = "sounds.html"


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
    """Make a map of a folder of sounds: similar sounds lie close together, and a click plays one.

    An autoencoder with a two-unit code that preserves neighbourhoods is trained on log-mel features. Unusable files are
    named and skipped. `tildex encode` and `tildex report` work on the run, with its features.npz.

    Example: `tildex sounds recordings --out runs/sounds`

    Parameters
    ----------
    folder
        A folder of wav, flac, ogg or mp3 files, with or without sub-folders by class; a zip of one; or a known name.
    out
        The run folder to make; the page is sounds.html in it.
    set_
        Settings of the autoencoder, as in `tildex fit`; `n_components=32` makes a code that retrieves better.
    epochs
        Passes over the sounds.
    slices
        Parts into which a sound is divided: 1 for textures such as rain, more where order matters, as in words.
    rate
        Samples per second; the most common rate of the files, at most 22,050, when not given.
    seconds
        Seconds to read of each sound; 10 when not given.
    seed
        The seed of all random numbers.
    device
        auto, cpu, cuda, cuda:1, ...
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    resume
        Resume an interrupted run from its checkpoint in the same folder.
    json
        Print the result as JSON.
    """
    from functools import partial

    from tildex.apps.sounds import SoundMap
    from tildex.apps.sounds.page import build_sound_page
    from tildex.cli.fit import require_free
    from tildex.cli.output import print_json, say
    from tildex.cli.settings import configure
    from tildex.data import DataError, read
    from tildex.estimators import Autoencoder

    checkpoint = out / "checkpoint.safetensors"
    require_free(out, checkpoint, resume)
    record = read(folder, data_dir=data_dir, rate=rate, seconds=seconds)
    if record.rate is None:
        raise DataError(f"{folder} holds no sounds: expected a folder or a .zip of them")
    if record.note:
        say(record.note)
    laid_out = SoundMap.fit(
        record,
        slices=slices,
        source=folder,
        model=partial(configure, Autoencoder, set_),
        checkpoint=checkpoint,
        random_state=seed,
        device=device,
        **({} if epochs is None else {"n_iter": epochs}),
    )
    laid_out.save(out)
    page = build_sound_page(record, laid_out.codes, out=out / _PAGE, title=f"A map of {laid_out.source}")
    checkpoint.unlink(missing_ok=True)
    if json:
        print_json({"run": str(out), "page": str(page), "sounds": len(record), "skipped": record.skipped})
        return
    say(
        f"{len(record)} sounds in {page}: open it and click; to find similar sounds: tildex find-sound {out} FILE"
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
    """List the sounds of a map most similar to a file.

    Example: `tildex find-sound runs/sounds bark.wav -n 10`

    Parameters
    ----------
    run
        A run folder of `tildex sounds`.
    file
        A sound file.
    n
        Number of sounds to list.
    device
        Where to compute.
    json
        Print the list as JSON.
    """
    from tildex.apps.sounds import SoundMap
    from tildex.cli.output import print_json, print_table

    known = SoundMap.load(run, device=device)
    rows = [
        {
            "sound": hit.file,
            "distance": round(hit.distance, 4),
            **({} if hit.kind is None else {"class": hit.kind}),
        }
        for hit in known.find(file, n)
    ]
    if json:
        print_json(rows)
    else:
        print_table(f"Sounds of {known.source} nearest to {file.name}", rows)
