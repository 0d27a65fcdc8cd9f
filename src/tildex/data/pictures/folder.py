"""Folders and archives of pictures: one picture per row, with sub-folders as classes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tildex.data.formats.classes import classes_of
from tildex.data.formats.members import Members, each, none_found, note_of, opened
from tildex.data.pictures.decode import Form, Levels, common_levels, decoded, form_of, on_white
from tildex.data.pictures.opening import IMAGES, require_pillow
from tildex.data.pictures.said import what_was_done
from tildex.data.pictures.sizes import chosen_size, resized
from tildex.data.reading import ANY_READING, Reading
from tildex.data.record import DataError, Record

__all__ = ["Pixels", "levels_of", "pixels_at", "pixels_of", "read_images"]

_CROP = "crop"


class Pixels(NamedTuple):
    """Pictures as rows.

    Attributes
    ----------
    X : float32 array of shape (pictures, pixels)
        From 0 to 1.
    shape : (height, width) or (height, width, 3)
        Of each.
    files : tuple of str
        The name of each.
    reading : Reading
        How they were read.
    said : tuple of str
        Sentences that say what was done to them, and how to choose otherwise.
    skipped : tuple of str
        One sentence per picture that cannot be read.
    """

    X: np.ndarray
    shape: tuple[int, ...]
    files: tuple[str, ...]
    reading: Reading
    said: tuple[str, ...]
    skipped: tuple[str, ...]


def read_images(path: Path, wanted: Reading = ANY_READING) -> Record:
    """Return the pictures of a folder or zip archive in order of name, with pixels from 0 to 1.

    Parameters
    ----------
    path : Path
        Folder of pictures, with sub-folders of any depth as classes.
    wanted : Reading
        What is known of their size, colours and levels; the rest is chosen from them.

    Returns
    -------
    Record
        Samples are (height, width) if pictures are grey, else (height, width, 3). Files that cannot be read are
        ``skipped``.

    Raises
    ------
    DataError
        If there are no pictures that can be read.
    """
    require_pillow()
    with opened(path, IMAGES) as members:
        if not members.names:
            raise none_found(path, members, "no images", IMAGES)
        found = pixels_at(members, members.names, wanted)
        skipped = (*found.skipped, *members.others)
    classes = classes_of(found.files, wanted.classes or ())
    return Record(
        found.X,
        classes.y,
        found.shape,
        None,
        classes.names,
        path.name,
        "\n".join(filter(None, (*found.said, *classes.said, note_of(skipped)))),
        files=found.files,
        skipped=skipped,
        reading=replace(found.reading, classes=classes.names),
    )


def pixels_at(
    members: Members, names: tuple[str, ...], wanted: Reading, *, most: int | None = None
) -> Pixels:
    """Return the pictures with these names, brought to one size and one kind of colours.

    Parameters
    ----------
    members : Members
        The folder or archive.
    names : tuple of str
        Files in it.
    wanted : Reading
        What is known of their size, colours and levels; the rest is chosen from them.
    most : int, optional
        Pixels of pictures that keep their common size.

    Raises
    ------
    DataError
        If no picture can be read.
    """
    forms, broken = each(names, lambda name: form_of(members.read(name), name))
    if not forms:
        raise DataError(note_of(broken))
    sizes = [form.size for form in forms.values()]
    size = wanted.image_size or chosen_size(sizes, **({} if most is None else {"most": most}))
    reading = Reading(
        image_size=size,
        colours=wanted.colours or (1 if all(form.grey for form in forms.values()) else 3),
        resize=wanted.resize or _CROP,
        levels=wanted.levels or levels_of(forms.values()),
    )
    shape = size if reading.colours == 1 else (*size, 3)
    X = np.empty((len(forms), math.prod(shape)), dtype=np.float32)
    files: list[str] = []
    damaged = []
    for name in forms:
        try:
            X[len(files)] = pixels_of(members.read(name), name, reading).reshape(-1)
            files.append(name)
        except DataError as error:
            damaged.append(str(error))
    if not files:
        raise DataError(note_of([*broken, *damaged]))
    said = what_was_done([forms[name] for name in files], reading, wanted)
    return Pixels(X[: len(files)], shape, tuple(files), reading, said, (*broken, *damaged))


def levels_of(forms: Iterable[Form]) -> Levels | None:
    """Return the levels of pictures with 32 bits, None if there are none."""
    wide = [form.levels for form in forms if form.levels is not None]
    return common_levels(wide) if wide else None


def pixels_of(content: bytes, name: str, reading: Reading) -> np.ndarray:
    """Return the pixels of one picture, from 0 to 1, shape (height, width) or (height, width, 3).

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name in messages.
    reading : Reading
        Its size, colours and levels. None of these but the levels may be missing.

    Raises
    ------
    DataError
        If the picture is damaged, too large, or holds NaN.
    """
    size, colours = reading.image_size, reading.colours
    assert size is not None
    # Twice the size leaves the last halving to the better filter.
    picture = decoded(content, name, reading.levels, at_least=(2 * size[0], 2 * size[1]))
    image = on_white(picture)
    if image.mode == "RGB" and colours == 1:
        image = image.convert("L")
    pixels = np.asarray(resized(image, size, reading.resize or _CROP))
    # A resampling filter may overshoot.
    unit = pixels.clip(0, 1) if pixels.dtype == np.float32 else np.divide(pixels, np.float32(255))
    return np.repeat(unit[..., None], 3, 2) if unit.ndim == 2 and colours == 3 else unit
