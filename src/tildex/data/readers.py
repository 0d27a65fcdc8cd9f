"""Reading data by name or path: a known data set, a file or a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, sep
from pathlib import Path
from typing import Any

from tildex.data.formats.arrays import read_npy, read_npz
from tildex.data.formats.members import is_archive, none_found, opened
from tildex.data.formats.tables import TABLES, read_frame, read_table
from tildex.data.pictures.folder import read_images
from tildex.data.pictures.opening import IMAGES
from tildex.data.pictures.sizes import RESIZES, check_size
from tildex.data.pictures.tagged import read_tagged
from tildex.data.reading import ANY_READING, Reading
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
_EXPECTED = f"a file ending in {', '.join([*_READERS, *TABLES])}, or a folder or .zip of images or sounds"


def read(
    data: Any,
    *,
    data_dir: Path | str | None = None,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    resize: str | None = None,
    colours: int | None = None,
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
        Size of every picture of a folder or zip archive. By default pictures of one size of at most 256 x 256 pixels
        keep it; others get the median of their aspect ratios and about 4,096 pixels.
    resize : str, optional
        How a picture of another aspect ratio is brought to that size: ``crop``, the default, ``pad`` or ``stretch``.
    colours : int, optional
        1 makes every picture grey, 3 coloured; by default 1 if all are grey.
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
    of_pictures = {"image_size": image_size, "resize": resize, "colours": colours}
    of_sounds = {"rate": rate, "seconds": seconds}
    of_files = {"tags": tags, **of_pictures, **of_sounds}
    options = TableOptions(
        as_ or {}, as_names(drop), None if columns is None else as_names(columns), label, as_names(id)
    )
    like = like or ANY_READING
    if is_frame(data):
        _require_none("a table", **of_files)
        return read_frame(data, options, like.schema)
    if isinstance(data, str) and (dataset := find(data)) is not None:
        _require_none(f"the known set {dataset.slug}", **of_files)
        _require_no_columns(f"the known set {dataset.slug}", options)
        return _noted(dataset.load(data_dir, split))
    path = Path(data)
    try:
        if not path.exists():
            raise _unknown(data)
        if not path.is_dir() and not is_archive(path):
            _require_none(str(path), **of_files)
            return _file(path, options, like)
        _require_no_columns(str(path), options)
        wanted = _wanted(like, rate, image_size=image_size, resize=resize, colours=colours)
        if tags is not None:
            _require_none("pictures", **of_sounds)
            return read_tagged(path, Path(tags), wanted)
        if _is_of_sounds(path):
            _require_none("sounds", **of_pictures)
            if wanted.image_size is not None:
                raise DataError(
                    f"{path} holds sounds, but the model was trained on pictures: give a folder of those"
                )
            return read_sounds(path, wanted, seconds)
        _require_none("pictures", **of_sounds)
        if wanted.rate is not None:
            raise DataError(
                f"{path} holds pictures, but the model was trained on sounds: give a folder of those"
            )
        return read_images(path, wanted)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected {_EXPECTED}") from error


def _require_none(what: str, **options: object) -> None:
    """Refuse options that would have no effect."""
    if given := [name for name, value in options.items() if value is not None]:
        raise DataError(
            f"{' and '.join(given)} cannot be chosen for {what}: tags, image_size, resize and colours are for folders "
            "of pictures, rate and seconds for folders of sounds"
        )


def _file(path: Path, options: TableOptions, like: Reading) -> Record:
    """Return the rows of one file."""
    ending = path.suffix.lower()
    if ending in TABLES:
        return read_table(path, options, like.schema)
    _require_no_columns(str(path), options)
    if ending not in _READERS:
        raise DataError(f"{path} cannot be read: {_why_not(path)}")
    return _READERS[ending](path)


def _wanted(like: Reading, rate: int | None, **of_pictures: Any) -> Reading:
    """Return what is known of the files: chosen by the user, or else as in training, which must not differ."""
    given = {name: value for name, value in {**of_pictures, "rate": rate}.items() if value is not None}
    if "image_size" in given:
        given["image_size"] = check_size(given["image_size"])
    if given.get("resize", "crop") not in RESIZES:
        raise DataError(f"resize must be {', '.join(RESIZES)}, got {given['resize']!r}")
    if given.get("colours", 1) not in (1, 3):
        raise DataError(f"colours must be 1 (grey) or 3, got {given['colours']!r}")
    for name, value in given.items():
        known = getattr(like, name)
        if name != "resize" and known not in (None, value):
            raise DataError(
                f"the model was trained with {name} {known}, and {value} is asked for: leave it out"
            )
    return replace(like, **given)


def _noted(record: Record) -> Record:
    """Return a known set with how files of its kind must be read to be like it."""
    size, colours = (record.shape or ())[:2], (record.shape or ())[2:]
    if record.rate is not None:
        return replace(record, reading=replace(record.reading, rate=record.rate, samples=record.X.shape[1]))
    if len(size) == 2 and colours in ((), (3,)):
        reading = replace(record.reading, image_size=size, colours=3 if colours else 1, resize="crop")
        return replace(record, reading=reading)
    return record


def _is_of_sounds(place: Path) -> bool:
    """Say whether a folder or archive holds more sounds than pictures."""
    with opened(place, IMAGES) as images, opened(place, SOUNDS) as sounds:
        if not images.names and not sounds.names:
            raise none_found(place, images, "no images and no sounds", (*IMAGES, *SOUNDS))
        return len(sounds.names) > len(images.names)


def _require_no_columns(what: str, options: TableOptions) -> None:
    """Refuse what is said of a table's columns where there are none."""
    if options:
        raise DataError(f"{what} is no table with named columns: leave out as_, drop, columns, label and id")


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
