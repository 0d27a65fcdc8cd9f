"""``tildex fit``: train a model and save it as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows
from tildex.cli.table_options import TableOptions, Tables

__all__ = ["fit", "require_free"]


def fit(
    model: str,
    data: str,
    /,
    *,
    out: Path,
    set_: Annotated[
        tuple[str, ...], Parameter(name=["--set", "-s"], negative=(), consume_multiple=True)
    ] = (),
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: str | None = None,
    split: str = "train",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    tags: Path | None = None,
    tables: Tables = TableOptions(),  # noqa: B008
    features: Literal["fixed", "learned", "both"] | None = None,
    start: Path | None = None,
    recipe: str | None = None,
    snapshots: Annotated[tuple[int, ...], Parameter(negative=(), consume_multiple=True)] = (),
    patches: int | None = None,
    resume: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Train a model on data and save it as a run folder.

    Example: `tildex fit denoising digits --out runs/dae --set n_components=32 corruption.rate=0.5 --epochs 100`

    Parameters
    ----------
    model
        A name from `tildex models`, such as linear, denoising, vae or rbm; a classifier is trained on the data's
        labels.
    data
        A name from `tildex data`, a table (.csv, .tsv, .txt, .parquet, .xlsx), a .npy or .npz file, or a folder or
        .zip of images or sounds, with or without sub-folders as classes.
    out
        The run folder to make.
    set_
        Settings of the model, as NAME=VALUE or PART.NAME=VALUE; parts are written as in Python:
        `penalty=L1(0.1)`, `optimizer.learning_rate=0.01`, `hidden_layer_sizes=256,64`.
    epochs
        Passes over the data; the model's own default when not given.
    batch_size
        Rows per step.
    seed
        The seed of all random numbers: the same seed gives the same model.
    device
        auto, cpu, cuda, cuda:1, ...
    precision
        float32, float64, or bfloat16, which applies to matrix products only.
    split
        The split of a known data set to train on.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    tags
        A .csv file with the tags of a folder's pictures, one row per picture: its file, then its tags, separated by
        commas. For multimodal-dbm; `tildex tag`, `tildex find` and `tildex trace` use the run.
    features
        Features of tagged pictures: fixed (colours and edges), learned (codes of patches, learned from the pictures
        first) or both. Fixed when not given.
    start
        The run whose trained model a classifier or regressor starts from.
    recipe
        Settings that are known to work: a name from `tildex recipes`, or a run folder, whose settings are reused.
        `--set` and the other options override them.
    snapshots
        Epochs at which to save the codes of some rows, 0 for before training; the report shows their maps.
    patches
        Number of patches that `restoration` takes from a folder of pictures of any size; 4,000 when not given. They
        have 64 x 64 pixels in colour, or `--set image_shape=HEIGHT,WIDTH,CHANNELS`.
    resume
        Resume an interrupted run from its checkpoint in the same folder.
    json
        Print the result as JSON.
    """
    from functools import partial

    from tildex import distributed
    from tildex.cli.settings import configure, estimator_named
    from tildex.runs import provenance

    options: dict[str, Any] = {"n_iter": epochs, "batch_size": batch_size, "precision": precision}
    cls = estimator_named(model)
    if start is not None:
        options["start"] = _start(cls, start, device)
    settings = _settings(cls, recipe, start)
    estimator = configure(cls, set_, settings=settings, random_state=seed, device=device, **options)
    checkpoint = out / "checkpoint.safetensors"
    require_free(out, checkpoint, resume)
    _require_pictures(cls, data, tags)
    source: dict[str, Any] = {"split": split, "data_dir": data_dir, **tables.given()}
    if tags is not None:
        source["tags"] = tags
    record = _read(estimator, data, patches, seed, files=files, **source)
    of_pictures = "tags" in cls.can and record.tags is not None
    if features is not None and not of_pictures:
        raise ValueError("--features is for multimodal-dbm and pictures with tags")
    given = {**settings, **_given(options)}
    if of_pictures:
        fitted = _fit_tagged(
            record,
            features=features or "fixed",
            source=data,
            split=split,
            machine=partial(configure, cls, set_),
            checkpoint=checkpoint,
            snapshots=snapshots,
            random_state=seed,
            device=device,
            **given,
        )
    else:
        estimator.fit(record, record.y, checkpoint=checkpoint, **_watched(cls, snapshots))
        fitted = estimator
    if distributed.rank() == 0:
        fitted.save(out)
        if of_pictures:
            _suggest(out, record)
        else:
            provenance(out, data, split, record)
        checkpoint.unlink(missing_ok=True)
        _summary(out, fitted.machine if of_pictures else fitted, json)


def _fit_tagged(record: Any, **settings: Any) -> Any:
    """Return a machine of tagged pictures, trained."""
    from tildex.apps.tagging import TaggedPictures

    return TaggedPictures.fit(record, **settings)


def _suggest(out: Path, record: Any) -> None:
    from tildex.cli.output import say

    tag = record.tag_names[0]
    say(f"to tag pictures: tildex tag {out} IMAGE; to find pictures: tildex find {out} --tags {tag!r}")


def _read(estimator: Any, data: str, patches: int | None, seed: int, *, files: Any, **source: Any) -> Any:
    """Return the training rows, say how they were read, and set a restorer's image shape."""
    from tildex.apps.abilities import NEEDS
    from tildex.apps.photographs.training import read_photographs
    from tildex.cli.output import say

    if NEEDS["patches"].ability not in estimator.can:
        if patches is not None:
            raise ValueError(NEEDS["patches"].refusal)
        return read_rows(data, files=files, **source)
    record = read_photographs(
        data,
        image_shape=estimator.image_shape,
        n_patches=patches,
        random_state=seed,
        **files.given(),
        **source,
    )
    if record.note:
        say(record.note)
    if estimator.image_shape is None and record.shape is not None:
        estimator.set_params(image_shape=record.shape)
    return record


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _require_pictures(cls: Any, data: str, tags: Path | None) -> None:
    from tildex.apps.abilities import require
    from tildex.data.sets.catalogue import find

    if tags is None:
        return
    require(cls, "tags")
    if find(data) is not None:
        raise ValueError(
            f"--tags is for a folder of pictures, and {data} is a known data set: leave out --tags"
        )


def _start(cls: Any, run: Path, device: str) -> Any:
    from tildex.estimators import load

    if "start" not in cls._get_param_names():
        raise ValueError(
            f"{cls.__name__} cannot start from a run: --start is for the classifier, the regressor, the dbm and the dbn"
        )
    return load(run, device=device)


def _settings(cls: Any, name: str | None, start: Path | None) -> dict[str, Any]:
    """Return the settings of a recipe, which must be for this model."""
    from tildex.recipes import recipe

    if name is None:
        return {}
    chosen = recipe(name)
    if chosen.model != cls.slug:
        raise ValueError(
            f"the recipe {name} is for {chosen.model}, not {cls.slug}: tildex fit {chosen.model} DATA --recipe {name}"
        )
    if chosen.start is not None and start is None:
        first = recipe(chosen.start)
        raise ValueError(
            f"the recipe {name} starts from a trained model: make one with `tildex fit {first.model} DATA --recipe "
            f"{first.name} --out START`, then add --start START"
        )
    return chosen.fresh()


def _watched(cls: Any, snapshots: tuple[int, ...]) -> dict[str, Any]:
    from tildex.apps.abilities import require

    if not snapshots:
        return {}
    require(cls, "snapshots")
    return {"snapshots": snapshots}


def require_free(out: Path, checkpoint: Path, resume: bool) -> None:
    """Raise an error if the folder does not fit the command: not free, or nothing to resume."""
    from tildex.files import RunError

    if (out / "recipe.json").is_file():
        raise RunError(f"{out} already holds a finished run: give another --out, or remove it")
    if resume and not checkpoint.is_file():
        raise RunError(f"nothing to resume: {out} has no checkpoint.safetensors; leave out --resume")
    if not resume and checkpoint.is_file():
        raise RunError(f"{out} holds an interrupted run: add --resume to go on, or give another --out")
    if out.exists() and not checkpoint.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} exists and is not a run: give the name of a new folder as --out")


def _summary(out: Path, estimator: Any, json: bool) -> None:
    from tildex.cli.output import print_json, say
    from tildex.evaluate import GUARD_COLUMNS, guards

    last = estimator.history_[-1]
    if json:
        print_json({"run": str(out), "model": estimator.slug, "epochs": estimator.n_iter_, **last})
        return
    losses = ", ".join(
        f"{name.replace('_', ' ')} {value:.5g}"
        for name, value in last.items()
        if name not in ("epoch", *GUARD_COLUMNS)
    )
    say(f"{type(estimator).__name__} after {estimator.n_iter_} epochs: {losses}")
    for guard in guards(estimator.history_):
        if not guard.ok:
            say(f"{guard.name}: {guard.sentence}")
    further = f"; next: tildex report {out}" if "reconstruct" in estimator.can else ""
    say(f"saved in {out}{further}")
