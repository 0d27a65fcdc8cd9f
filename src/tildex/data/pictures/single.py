"""Single pictures: as rows like those of a folder, and as thumbnails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tildex.data.formats.members import Members, content_of, each, is_archive, none_found, opened
from tildex.data.pictures.decode import form_of
from tildex.data.pictures.folder import pixels_of
from tildex.data.pictures.opening import IMAGES, require_pillow
from tildex.data.reading import ANY_READING, Reading
from tildex.data.record import DataError

__all__ = ["read_picture", "read_pictures", "small_picture", "small_pictures"]


def read_picture(path: Path, shape: Sequence[int], like: Reading = ANY_READING) -> np.ndarray:
    """Return one picture as a row of pixels from 0 to 1, brought to a given shape.

    Parameters
    ----------
    path : Path
        The file.
    shape : (height, width) or (height, width, 3)
        Shape of the pictures to compare it with, grey or colour.
    like : Reading
        How those were brought to it, and their levels.

    Raises
    ------
    DataError
        If the picture is damaged or too large.
    """
    require_pillow()
    return pixels_of(content_of(path, "a picture"), str(path), _reading_of(shape, like)).reshape(-1)


def small_picture(path: Path, side: int) -> np.ndarray:
    """Return a thumbnail with sides of at most ``side`` pixels, uint8 of shape (height, width, 3).

    Raises
    ------
    DataError
        If the picture is damaged or too large.
    """
    require_pillow()
    return _small(content_of(path, "a picture"), str(path), side)


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


def read_pictures(
    places: Sequence[Path],
    shape: Sequence[int],
    like: Reading = ANY_READING,
) -> tuple[dict[Path, np.ndarray], list[str]]:
    """Return pictures as rows, as :func:`read_picture` does, by path; and one sentence per file that is left out.

    Parameters
    ----------
    places : sequence of Path
        Pictures, and folders or zip archives of them, whose pictures come in order of name.
    shape, like
        As in :func:`read_picture`.

    Raises
    ------
    DataError
        If a folder has no pictures, or a path does not exist.
    """
    require_pillow()
    found: dict[Path, np.ndarray] = {}
    skipped: list[str] = []
    for place in places:
        if not place.exists():
            raise DataError(f"there is no picture {place}: expected a file, a folder or a zip archive")
        if not (place.is_dir() or is_archive(place)):
            rows, refused = each([str(place)], lambda name: read_picture(Path(name), shape, like))
            found |= {Path(name): row for name, row in rows.items()}
            skipped += refused
            continue
        with opened(place, IMAGES) as members:
            if not members.names:
                raise none_found(place, members, "no pictures", IMAGES)
            rows, refused = each(members.names, _reader(members, _reading_of(shape, like)))
            found |= {place / name: row for name, row in rows.items()}
            skipped += [f"{place}: {said}" for said in (*refused, *members.others)]
    return found, skipped


def _reading_of(shape: Sequence[int], like: Reading) -> Reading:
    return replace(like, image_size=(shape[0], shape[1]), colours=1 if len(shape) == 2 else 3)


def _reader(members: Members, reading: Reading) -> Callable[[str], np.ndarray]:
    return lambda name: pixels_of(members.read(name), name, reading).reshape(-1)


def _small(content: bytes, name: str, side: int) -> np.ndarray:
    height, width = form_of(content, name).size
    scale = min(1.0, side / max(width, height))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    pixels = pixels_of(content, name, Reading(size, colours=3, resize="stretch"))
    return np.rint(pixels * 255).astype(np.uint8)
