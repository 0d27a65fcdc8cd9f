"""Pictures to tag or to query with, and thumbnails of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tildex.apps.tagging.collection import Collection
from tildex.data import DataError, Reading, Record, read, read_picture, small_pictures
from tildex.data import read_pictures as read_files
from tildex.data.reading import ANY_READING
from tildex.data.sets.catalogue import find

__all__ = [
    "THUMBNAIL",
    "Pictures",
    "in_colour",
    "in_words",
    "one_picture",
    "place_of",
    "read_pictures",
    "thumbnails",
]

THUMBNAIL = 160
"""Longer side of a thumbnail, in pixels."""


class Pictures(NamedTuple):
    """Pictures of one shape.

    Attributes
    ----------
    files : tuple of Path
        The file of each; empty if they were given as an array.
    X : array of shape (pictures, pixels)
        Pixels from 0 to 1.
    skipped : tuple of str
        One sentence for each file that could not be read.
    """

    files: tuple[Path, ...]
    X: np.ndarray
    skipped: tuple[str, ...]


def read_pictures(pictures: Any, shape: Sequence[int], like: Reading = ANY_READING) -> Pictures:
    """Return the readable pictures, brought to a shape.

    Parameters
    ----------
    pictures : path, sequence of paths, or array of shape (pictures, pixels)
        Files, folders and zip archives, or an array, which is not changed.
    shape : (height, width) or (height, width, 3)
        The shape of each picture.
    like : Reading
        How pictures were brought to it in training.

    Raises
    ------
    DataError
        If none can be read.

    Example
    -------
    >>> read_pictures(np.zeros((2, 12), np.float32), (2, 2, 3)).X.shape
    (2, 12)
    """
    if isinstance(pictures, np.ndarray):
        return Pictures((), pictures, ())
    places = [pictures] if isinstance(pictures, str | Path) else pictures
    found, skipped = read_files([Path(place) for place in places], shape, like)
    if not found:
        raise DataError("; ".join(skipped) or "no picture was given: name picture files or a folder of them")
    return Pictures(tuple(found), np.stack(list(found.values())), tuple(skipped))


def one_picture(picture: Any, shape: Sequence[int], like: Reading = ANY_READING) -> np.ndarray:
    """Return the pixels of one picture, shape (1, pixels).

    Parameters
    ----------
    picture : path, or array of shape (pixels,)
        A file, or an array, which is not changed.
    shape : (height, width) or (height, width, 3)
        A file is brought to it.
    like : Reading
        As in :func:`read_pictures`.

    Raises
    ------
    DataError
        If the file cannot be read.
    ValueError
        If the array holds more than one picture.
    """
    if isinstance(picture, str | Path):
        return read_picture(Path(picture), shape, like)[None]
    X = np.atleast_2d(picture)
    if X.ndim != 2 or len(X) != 1:
        raise ValueError(f"expected the pixels of one picture, got an array of shape {X.shape}")
    return X


def place_of(record: Record, source: str | None) -> str:
    """Return where the pictures of a record are: ``source``, absolute if it is a path, or the record's name."""
    if source is None:
        return record.name
    path = Path(source)
    return str(path.resolve()) if path.exists() and record.name != source else source


def thumbnails(
    collection: Collection,
    files: Sequence[str],
    *,
    data_dir: str | Path | None = None,
    side: int = THUMBNAIL,
) -> dict[str, np.ndarray]:
    """Return thumbnails of a collection's pictures by file, for the files that still exist.

    Parameters
    ----------
    collection : Collection
        The pictures.
    files : sequence of str
        The files to show.
    data_dir : path, optional
        The folder of known data sets.
    side : int
        Longer side in pixels, for pictures in a folder.
    """
    if find(collection.source) is None:
        return small_pictures(Path(collection.source), files, side)
    try:
        record = read(collection.source, split=collection.split, data_dir=data_dir)
    except DataError:
        return {}
    row = {file: k for k, file in enumerate(record.files)}
    return {
        file: in_colour(np.asarray(record.X[row[file]]).reshape(collection.shape))
        for file in files
        if file in row
    }


def in_colour(image: np.ndarray) -> np.ndarray:
    """Return an image with three channels; a grey image is repeated.

    Example
    -------
    >>> in_colour(np.zeros((4, 6))).shape
    (4, 6, 3)
    """
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, 2)


def in_words(tags: str | Sequence[str] | None, picture: Any) -> str:
    """Return a query in words.

    Example
    -------
    >>> in_words(["sea", "sky"], "holiday.jpg"), in_words(None, None)
    ('holiday.jpg and the tags sea, sky', '')
    """
    name = Path(picture).name if isinstance(picture, str | Path) else "a picture"
    said = tags if isinstance(tags, str) else ", ".join(tags or ())
    return " and ".join([*([] if picture is None else [name]), *([f"the tags {said}"] if said else [])])
