"""``tildex complete``: draw the rest of each row from a given part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tildex.cli.reading import AS_FOUND, Files, read_rows

__all__ = ["complete"]


def complete(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    given: str = "left",
    n: Annotated[int, Parameter(name=["-n", "--n"])] = 10,
    draws: int = 3,
    steps: int = 1000,
    seed: int = 0,
    split: str = "test",
    files: Files = AS_FOUND,
    data_dir: Path | None = None,
    device: str = "auto",
) -> None:
    """Draw the missing part of images with the known part held fixed, and write an array and a picture.

    For Boltzmann machines and denoising autoencoders, each with its own chain.

    Example: `tildex complete runs/rbm digits --given left --out runs/rbm/completions`

    Parameters
    ----------
    run
        The run folder.
    data
        A known name, a file, or a folder or .zip of images or sounds.
    out
        The output folder for completions.npy, of shape (draws, rows, features), and completions.png.
    given
        The known part: left, right, top, bottom, frame (all but the middle) or chequered (every other pixel).
    n
        Number of rows to complete, from each class in turn if there are labels.
    draws
        Completions per row.
    steps
        Steps per chain.
    seed
        The seed of the draws.
    split
        Part of a known data set.
    data_dir
        The folder of known data sets; $TILDEX_DATA when not given.
    device
        Where to compute.
    """
    from tildex.apps.completion import complete as draw
    from tildex.apps.completion import known_part
    from tildex.apps.measure.some_rows import spread
    from tildex.cli.output import save_array, save_sheet, say
    from tildex.estimators import load
    from tildex.plots import completions

    if n < 1 or draws < 1:
        raise ValueError(f"-n and --draws must be at least 1, got {n} and {draws}")
    estimator = load(run, device=device)
    record = read_rows(data, split, data_dir=data_dir, files=files, like=estimator.reading_)
    known = known_part(given, record.shape)
    rows = spread(record, n)
    drawn = draw(estimator, rows.X, known, draws=draws, n_steps=steps, random_state=seed)
    save_array(out / "completions.npy", drawn, [])
    title = f"The {given} given, the rest drawn by {type(estimator).__name__}"
    save_sheet(out / "completions.png", completions(rows.X, known, drawn, rows.shape, title=title))
    say(f"{draws} completions of {len(rows)} rows in {out}")
