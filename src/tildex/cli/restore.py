"""``tildex restore`` and ``tildex colourise``: photographs, one or a folder of them, by a trained run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["colourise", "restore"]


def restore(
    run: Path,
    photo: Path,
    /,
    *,
    out: Path,
    mask: Path | None = None,
    tile: int = 512,
    views: int = 1,
    device: str = "auto",
) -> None:
    """Remove the noise of a photograph, or fill in what a mask marks as missing.

    Example: `tildex restore runs/photos old.jpg --out restored.png`

    Parameters
    ----------
    run
        A run of `tildex fit restoration`.
    photo
        A picture file of any size, or a folder of them.
    out
        The file to write, or the folder, where photo is one.
    mask
        A picture of the same size, white where the photograph is to be filled in; all else stays as it is.
    tile
        Pixels along a side of the tiles in which large photographs are worked on.
    views
        Mirrored and turned views whose results are averaged: 1, 2, 4 or 8; a little better, as many times slower.
    device
        Where to compute.
    """
    from tildex.apps.photographs.restore import missing_pixels
    from tildex.apps.photographs.restore import restore as restored
    from tildex.data import DataError, Photograph

    model = _model(run, device)
    if mask is not None and photo.is_dir():
        raise DataError(f"{photo} is a folder, and a mask is of one photograph: give the file it belongs to")
    missing = None if mask is None else missing_pixels(Photograph.read(mask))
    _work(lambda photograph: restored(model, photograph, missing, tile=tile, views=views), photo, out)


def colourise(
    run: Path, photo: Path, /, *, out: Path, tile: int = 512, views: int = 1, device: str = "auto"
) -> None:
    """Colour a grey photograph; the luminance of every pixel stays.

    Example: `tildex colourise runs/colours grandmother.jpg --out coloured.png`

    Parameters
    ----------
    run
        A run of `tildex fit restoration` with `--set "corruption=Greyscale()"`.
    photo
        A picture file of any size, or a folder of them.
    out
        The file to write, or the folder, where photo is one.
    tile
        Pixels along a side of the tiles in which large photographs are worked on.
    views
        As for `tildex restore`; 2, with the mirror image, is what suits colours.
    device
        Where to compute.
    """
    from tildex.apps.photographs.restore import colourise as coloured

    model = _model(run, device)
    _work(lambda photograph: coloured(model, photograph, tile=tile, views=views), photo, out)


def _model(run: Path, device: str) -> Any:
    from tildex.apps.abilities import require
    from tildex.estimators import load

    estimator = load(run, device=device)
    require(estimator, "restore", run=run)
    return estimator.module_


def _work(work: Callable[[Any], Any], photo: Path, out: Path) -> None:
    from tildex.apps.photographs.restore import each_photograph
    from tildex.cli.output import say
    from tildex.data import DataError, Photograph

    if out.resolve() == photo.resolve():
        raise DataError(f"--out is {photo} itself, which would be lost: give another name")
    if not photo.is_dir():
        work(Photograph.read(photo)).write(out)
        say(f"written: {out}")
        return
    found = each_photograph(work, photo, out)
    say(f"{len(found.written)} photographs in {out}")
    for sentence in found.skipped:
        say(f"skipped: {sentence}")
