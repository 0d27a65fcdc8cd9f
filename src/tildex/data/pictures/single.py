"""Single pictures: as rows like those of a folder, and as thumbnails."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tildex.data.formats.members import opened
from tildex.data.formats.numeric import unit_rows
from tildex.data.pictures.decode import form_of, pixels_of, require_pillow
from tildex.data.pictures.folder import IMAGES
from tildex.data.record import DataError

__all__ = ["picture_paths", "read_picture", "small_picture", "small_pictures"]

_LARGEST = 1 << 28
"""Maximum bytes of one file: a picture of a quarter of a gigabyte is a mistake."""


def read_picture(path: Path, shape: Sequence[int]) -> np.ndarray:
    """Return one picture as a row of pixels from 0 to 1, resized to a given shape.

    Parameters
    ----------
    path : Path
        The file.
    shape : (height, width) or (height, width, 3)
        Shape of the pictures to compare it with, grey or colour.

    Raises
    ------
    DataError
        If the picture is damaged or too large.
    """
    require_pillow()
    mode = "L" if len(shape) == 2 else "RGB"
    return unit_rows(pixels_of(_content(path), str(path), mode, (shape[1], shape[0]))[None])[0]


def small_picture(path: Path, side: int) -> np.ndarray:
    """Return a thumbnail with sides of at most ``side`` pixels, uint8 of shape (height, width, 3).

    Raises
    ------
    DataError
        If the picture is damaged or too large.
    """
    require_pillow()
    return _small(_content(path), str(path), side)


def small_pictures(place: Path, names: Sequence[str], side: int) -> dict[str, np.ndarray]:
    """Return thumbnails, by name, of those pictures in a folder or archive that can still be read.

    Only files found inside the folder are opened, so that no name or link leads outside.

    Parameters
    ----------
    place : Path
        The folder, or zip archive.
    names : sequence of str
        Paths in it, with slashes as separators.
    side : int
        Pixels of the longer side.
    """
    require_pillow()
    if not place.exists():
        return {}
    inside = place.resolve()
    found = {}
    with opened(place, IMAGES) as members:
        held = set(members.names)
        for name in dict.fromkeys(names):
            if name not in held or (place.is_dir() and not (place / name).resolve().is_relative_to(inside)):
                continue
            try:
                found[name] = _small(members.read(name), name, side)
            except DataError:
                # Files may have been removed since the collection was made; the others are still shown.
                continue
    return found


def picture_paths(places: Sequence[Path]) -> list[Path]:
    """Return the given files and the pictures in the given folders, in order of name.

    Raises
    ------
    DataError
        If a folder has no pictures, or a path does not exist.
    """
    paths = []
    for place in places:
        if not place.is_dir():
            if not place.exists():
                raise DataError(f"there is no picture {place}: expected a file or a folder")
            paths.append(place)
            continue
        with opened(place, IMAGES) as members:
            if not members.names:
                raise DataError(f"{place} holds no images: expected files ending in {', '.join(IMAGES)}")
            paths += [place / name for name in members.names]
    return paths


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        # A pipe or device has no size and may never end.
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path} is no file: expected a picture")
        if status.st_size > _LARGEST:
            raise DataError(
                f"{path} has {status.st_size:,} bytes, more than the {_LARGEST:,} allowed; make it smaller"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected a picture") from error


def _small(content: bytes, name: str, side: int) -> np.ndarray:
    width, height = form_of(content, name)[1]
    scale = min(1.0, side / max(width, height))
    return pixels_of(content, name, "RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
