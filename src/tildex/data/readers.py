"""Reading data by name or path: a known data set, a file or a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike, sep
from pathlib import Path
from typing import Any

from tildex.data.formats.arrays import read_npy, read_npz
from tildex.data.formats.members import opened
from tildex.data.formats.tables import TABLES, read_frame, read_table
from tildex.data.pictures.folder import IMAGES, read_images
from tildex.data.pictures.tagged import read_tagged
from tildex.data.reading import Reading
from tildex.data.record import DataError, Record
from tildex.data.sets.catalogue import by_slug, find
from tildex.data.sounds.folder import SOUNDS, read_sounds
from tildex.data.tables import TableOptions, as_names, is_frame
from tildex.part import nearest

__all__ = ["read"]

_READERS: dict[str, Callable[[Path], Record]] = {
    ".npy": read_npy,
    ".npz": read_npz,
}
_EXPECTED = (
    f"a file ending in {', '.join([*_READERS, *TABLES])}, a folder of images, or a folder or .zip of sounds"
)


def read(
    data: Any,
    *,
    data_dir: Path | str | None = None,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    tags: Path | str | None = None,
    rate: int | None = None,
    seconds: float | None = None,
    as_: Mapping[str, str] | None = None,
    drop: str | Sequence[str] = (),
    columns: str | Sequence[str] | None = None,
    label: str | bool | None = None,
    id: str | Sequence[str] | None = None,
    like: Reading | None = None,
) -> Record:
    """Return the rows of a known data set, a file, a pandas, polars or pyarrow table, or a folder of images or sounds.

    Parameters
    ----------
    data : str, path or table
        A known name such as ``"mnist"``, a path, or a pandas, polars or pyarrow table. Names take precedence: write
        ``./mnist`` for a folder of that name.
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
    as_ : mapping of str to str, optional
        What columns of a table are, by name, where that is not what they look like: ``{"zip": "category"}``. Kinds are
        real, positive, count, category, binary, date, text, identifier and constant; see :class:`Schema`.
    drop, columns : str or sequence of str, optional
        Columns of a table to leave out; the only columns to use.
    label : str or False, optional
        The column of labels; by default one named y, label, target or class; False for none.
    id : str or sequence of str, optional
        Columns that name the rows: they are kept as ``ids``.
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
    options = TableOptions(
        as_ or {}, as_names(drop), None if columns is None else as_names(columns), label, as_names(id)
    )
    like = like or Reading()
    if is_frame(data):
        _require_none("a table", tags=tags, rate=rate, seconds=seconds)
        return read_frame(data, options, like.schema)
    if isinstance(data, str) and (dataset := find(data)) is not None:
        _require_none(f"the known set {dataset.slug}", tags=tags, rate=rate, seconds=seconds)
        _require_no_columns(f"the known set {dataset.slug}", options)
        return dataset.load(data_dir, split)
    path = Path(data)
    image_size, rate = image_size or like.image_size, rate or like.rate
    try:
        if not path.exists():
            raise _unknown(data)
        if path.suffix.lower() in TABLES and tags is None and path.is_file():
            _require_none(str(path), rate=rate, seconds=seconds)
            return read_table(path, options, like.schema)
        _require_no_columns(str(path), options)
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


def _require_no_columns(what: str, options: TableOptions) -> None:
    """Refuse what is said of a table's columns where there are none."""
    if options:
        raise DataError(f"{what} is no table with named columns: leave out as_, drop, columns, label and id")


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
