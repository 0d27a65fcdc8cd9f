"""Reading what a user names: a known data set, a file or a folder."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, sep
from pathlib import Path

from tildex.data.arrays import read_npy, read_npz
from tildex.data.catalogue import by_slug, find
from tildex.data.errors import DataError
from tildex.data.images import IMAGES, SOUNDS, read_images
from tildex.data.record import Record
from tildex.data.tables import read_csv, read_parquet
from tildex.part import nearest

__all__ = ["read"]

_READERS: dict[str, Callable[[Path], Record]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_csv,
    ".parquet": read_parquet,
}
_EXPECTED = f"a file ending in {', '.join(_READERS)} or a folder of images"


def read(
    data: str | PathLike[str],
    *,
    data_dir: Path | str | None = None,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
) -> Record:
    """Return the rows of a known data set, a file or a folder of images.

    Parameters
    ----------
    data : str or path
        A known name such as ``"mnist"``, or a path. Names win: a folder of that name is ``./mnist``.
    data_dir : path, optional
        The folder of known data sets; ``$TILDEX_DATA`` or the user's cache where none is given.
    split : str
        Part of a known data set; a path is read whole, whatever the split.
    image_size : (height, width), optional
        Resizes the images of a folder.

    Raises
    ------
    DataError
        If nothing is called so, or it cannot be read.

    Example
    -------
    >>> read("digits")
    Record('digits', 1438 rows of 8 x 8)
    """
    if isinstance(data, str) and (dataset := find(data)) is not None:
        return dataset.load(data_dir, split)
    path = Path(data)
    try:
        if path.is_dir():
            return read_images(path, image_size)
        if not path.exists():
            raise _unknown(data)
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise DataError(f"{path} cannot be read: {_why_not(path)}")
        return reader(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected {_EXPECTED}") from error


def _why_not(path: Path) -> str:
    ending = path.suffix.lower()
    if ending in IMAGES:
        return "give the folder of images, not one image"
    if ending in SOUNDS:
        return "sounds are not read yet"
    return f"expected {_EXPECTED}"


def _unknown(data: str | PathLike[str]) -> DataError:
    name = str(data)
    if sep in name or "/" in name or Path(name).suffix or not isinstance(data, str):
        return DataError(f"there is no file or folder {name!r}: expected {_EXPECTED}, or a known name")
    advice = nearest(name, by_slug())
    known = "" if advice.startswith("known") else f" (known: {', '.join(sorted(by_slug()))})"
    return DataError(f"no data set is called {name!r}; {advice}{known}; otherwise expected {_EXPECTED}")
