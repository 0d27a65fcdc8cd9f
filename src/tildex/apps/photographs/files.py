"""Restore or colourise photograph files, one or a folder of them, with a saved run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tildex.apps.abilities import require
from tildex.apps.photographs.restore import (
    TILE,
    Folder,
    colourise,
    each_photograph,
    missing_pixels,
    restore,
)
from tildex.data import DataError, Photograph
from tildex.data.formats.members import is_archive
from tildex.estimators import Restorer, load

__all__ = ["colourise_files", "load_restorer", "restore_files"]


def load_restorer(run: str | Path, *, device: str = "auto") -> Restorer:
    """Return a saved :class:`~tildex.Restorer`, for :func:`restore_files` or :func:`colourise_files`.

    Raises
    ------
    ValueError
        If the run is of another estimator.
    RunError
        If the folder is not a run.
    """
    estimator = load(run, device=device)
    require(estimator, "restore", run=run)
    restorer: Restorer = estimator
    return restorer


def restore_files(
    restorer: Restorer,
    photo: str | Path,
    out: str | Path,
    *,
    mask: str | Path | None = None,
    tile: int = TILE,
    views: int = 1,
) -> Folder:
    """Remove the noise of a photograph, or fill in the pixels that a mask marks; or do so for a folder.

    Parameters
    ----------
    restorer : Restorer
        A fitted one, or from :func:`load_restorer`.
    photo : path
        A picture file of any size, or a folder or zip archive of them.
    out : path
        The file to write, or the output folder if ``photo`` is a folder or archive.
    mask : path, optional
        A picture of the same size, white where pixels are missing.
    tile, views
        As in :func:`~tildex.apps.photographs.restore.restore`.

    Returns
    -------
    Folder
        The written files, and one sentence for each skipped photograph.

    Raises
    ------
    DataError
        If no photograph can be read, or ``out`` is ``photo`` itself.

    Example
    -------
    >>> import tempfile
    >>> import numpy as np
    >>> from tildex import Restorer
    >>> patches = np.random.default_rng(0).random((20, 64), dtype="float32")
    >>> restorer = Restorer(image_shape=(8, 8), n_iter=1, random_state=0).fit(patches)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     old, new = Path(folder, "old.png"), Path(folder, "new.png")
    ...     Photograph(patches[0].reshape(8, 8, 1)).write(old)
    ...     done = restore_files(restorer, old, new)
    ...     Photograph.read(new).pixels.shape
    (8, 8, 1)
    """
    photo, out = Path(photo), Path(out)
    if mask is not None and (photo.is_dir() or is_archive(photo)):
        raise DataError(f"{photo} is a folder, but a mask is for one photograph: give the file it belongs to")
    missing = None if mask is None else missing_pixels(Photograph.read(Path(mask)))
    model = restorer.module_
    return _each(lambda one: restore(model, one, missing, tile=tile, views=views), restorer, photo, out)


def colourise_files(
    restorer: Restorer, photo: str | Path, out: str | Path, *, tile: int = TILE, views: int = 1
) -> Folder:
    """Colourise a photograph or a folder of them; the luminance of every pixel stays the same.

    Parameters
    ----------
    restorer, photo, out
        As in :func:`restore_files`, for a restorer fitted with ``Greyscale()``.
    tile, views
        As in :func:`restore_files`; two views work best for colours.

    Returns
    -------
    Folder
        As in :func:`restore_files`.
    """
    model = restorer.module_
    return _each(lambda one: colourise(model, one, tile=tile, views=views), restorer, Path(photo), Path(out))


def _each(work: Callable[[Photograph], Photograph], restorer: Restorer, photo: Path, out: Path) -> Folder:
    if out.resolve() == photo.resolve():
        raise DataError(f"the result would overwrite {photo}: give another name")
    levels = restorer.reading_.levels
    if photo.is_dir() or is_archive(photo):
        return each_photograph(work, photo, out, levels=levels)
    work(Photograph.read(photo, levels=levels)).write(out)
    return Folder([out], [])
