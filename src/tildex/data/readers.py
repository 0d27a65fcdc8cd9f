"""Reading data by name or path: a known data set, a file or a folder."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, sep
from pathlib import Path

from tildex.data.formats.arrays import read_npy, read_npz
from tildex.data.formats.members import opened
from tildex.data.formats.tables import read_csv, read_parquet
from tildex.data.pictures.folder import IMAGES, read_images
from tildex.data.pictures.tagged import read_tagged
from tildex.data.reading import Reading
from tildex.data.record import DataError, Record
from tildex.data.sets.catalogue import by_slug, find
from tildex.data.sounds.folder import SOUNDS, read_sounds
from tildex.part import nearest

__all__ = ["read"]

_READERS: dict[str, Callable[[Path], Record]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_csv,
    ".parquet": read_parquet,
}
_EXPECTED = f"a file ending in {', '.join(_READERS)}, a folder of images, or a folder or .zip of sounds"


def read(
    data: str | PathLike[str],
    *,
    data_dir: Path | str | None = None,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    tags: Path | str | None = None,
    rate: int | None = None,
    seconds: float | None = None,
    like: Reading | None = None,
) -> Record:
    """Return the rows of a known data set, a file, or a folder of images or sounds.

    Parameters
    ----------
    data : str or path
        A known name such as ``"mnist"``, or a path. Names take precedence: write ``./mnist`` for a folder of that
        name.
    data_dir : path, optional
        The folder of known data sets; ``$TILDEX_DATA`` or the user's cache when not given.
    split : str
        Part of a known data set; a path is always read whole.
    image_size : (height, width), optional
        Size to which the images of a folder are resized.
    tags : path, optional
        A .csv table of tags for the images of a folder or zip archive; pictures without a row are skipped.
    rate : int, optional
        Samples per second for the sounds of a folder or zip archive; by default their most common rate, at most
        22,050.
    seconds : float, optional
        Maximum length read of each sound; 10 by default.
    like : Reading, optional
        How a model's training rows were read, its ``reading_``: files are read in the same way.

    Raises
    ------
    DataError
        If nothing has this name, or it cannot be read.

    Example
    -------
    >>> read("digits")
    Record('digits', 1438 rows of 8 x 8)
    """
    if isinstance(data, str) and (dataset := find(data)) is not None:
        _require_none(f"the known set {dataset.slug}", tags=tags, rate=rate, seconds=seconds)
        return dataset.load(data_dir, split)
    path, like = Path(data), like or Reading()
    image_size, rate = image_size or like.image_size, rate or like.rate
    try:
        if not path.exists():
            raise _unknown(data)
        if tags is not None:
            _require_none("pictures", rate=rate, seconds=seconds)
            return read_tagged(path, Path(tags), image_size)
        if path.suffix.lower() == ".zip" or (path.is_dir() and _is_of_sounds(path)):
            return read_sounds(path, rate, seconds)
        _require_none(str(path), rate=rate, seconds=seconds)
        if path.is_dir():
            return read_images(path, image_size)
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise DataError(f"{path} cannot be read: {_why_not(path)}")
        return reader(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected {_EXPECTED}") from error


def _require_none(what: str, **options: object) -> None:
    """Refuse options that would have no effect."""
    if given := [name for name, value in options.items() if value is not None]:
        raise DataError(
            f"{' and '.join(given)} cannot be chosen for {what}: tags are for folders of pictures, rate and seconds "
            "for folders of sounds"
        )


def _is_of_sounds(folder: Path) -> bool:
    with opened(folder, IMAGES) as images, opened(folder, SOUNDS) as sounds:
        return bool(sounds.names) and not images.names


def _why_not(path: Path) -> str:
    ending = path.suffix.lower()
    if ending in IMAGES:
        return "give the folder of images, not one image"
    if ending in SOUNDS:
        return "give the folder of sounds, not one sound"
    return f"expected {_EXPECTED}"


def _unknown(data: str | PathLike[str]) -> DataError:
    name = str(data)
    if sep in name or "/" in name or Path(name).suffix or not isinstance(data, str):
        return DataError(f"there is no file or folder {name!r}: expected {_EXPECTED}, or a known name")
    advice = nearest(name, by_slug())
    known = "" if advice.startswith("known") else f" (known: {', '.join(sorted(by_slug()))})"
    return DataError(f"no data set is called {name!r}; {advice}{known}; otherwise expected {_EXPECTED}")
