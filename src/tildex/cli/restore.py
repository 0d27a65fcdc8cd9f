"""``tildex restore`` and ``tildex colourise``: photographs, one or a folder, with a trained run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tildex.apps.photographs.restore import Folder

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
    """Remove the noise of a photograph, or fill in the pixels that a mask marks as missing.

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
        A picture of the same size, white where pixels are missing; all other pixels are unchanged.
    tile
        Pixels along a side of the tiles in which large photographs are worked on.
    views
        Number of mirrored and rotated views to average: 1, 2, 4 or 8; a little better, and that many times slower.
    device
        Where to compute.
    """
    from tildex.apps.photographs.files import load_restorer, restore_files

    model = load_restorer(run, device=device)
    _check(photo, out)
    _say(restore_files(model, photo, out, mask=mask, tile=tile, views=views), photo, out)


def colourise(
    run: Path, photo: Path, /, *, out: Path, tile: int = 512, views: int = 1, device: str = "auto"
) -> None:
    """Colourise a grey photograph; the luminance of every pixel stays the same.

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
        As for `tildex restore`; 2, with the mirror image, works best for colours.
    device
        Where to compute.
    """
    from tildex.apps.photographs.files import colourise_files, load_restorer

    model = load_restorer(run, device=device)
    _check(photo, out)
    _say(colourise_files(model, photo, out, tile=tile, views=views), photo, out)


def _check(photo: Path, out: Path) -> None:
    from tildex.data import DataError

    if out.resolve() == photo.resolve():
        raise DataError(f"--out would overwrite {photo}: give another name")


def _say(done: Folder, photo: Path, out: Path) -> None:
    from tildex.cli.output import say

    say(f"{len(done.written)} photographs in {out}" if photo.is_dir() else f"written: {out}")
    for sentence in done.skipped:
        say(f"skipped: {sentence}")
