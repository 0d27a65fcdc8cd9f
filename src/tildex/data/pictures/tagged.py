"""Pictures with tags: a folder or archive of images, and a table of their tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tildex.data.formats.members import note_of, opened
from tildex.data.formats.numeric import unit_rows
from tildex.data.pictures.decode import require_pillow
from tildex.data.pictures.folder import IMAGES, pixels_at
from tildex.data.pictures.tags import match, read_tag_table, tag_rows, vocabulary
from tildex.data.record import DataError, Record

__all__ = ["read_tagged", "tagged_record"]

_SIZE = (64, 64)
"""Default size in pixels for pictures of different sizes."""


def read_tagged(folder: Path, table: Path, image_size: tuple[int, int] | None = None) -> Record:
    """Return the pictures with a row in a table of tags, in order of name, and their tags.

    Parameters
    ----------
    folder : Path
        Folder of images, with or without sub-folders, or a zip archive.
    table : Path
        A .csv file: see :func:`tildex.data.read_tag_table`. If not found, it is looked up in the folder.
    image_size : (height, width), optional
        Every picture is resized to it, whatever its aspect ratio; 64 by 64 when not given.

    Returns
    -------
    Record
        With ``tags``, ``tag_names`` and ``files``; unmatched or unreadable entries are ``skipped``.

    Raises
    ------
    DataError
        If the table cannot be read, or no picture with tags is left.
    """
    if not table.is_file():
        table = folder / table
    if not table.is_file():
        raise DataError(f"there is no table of tags {table}: expected a .csv file with one row per picture")
    return tagged_record(folder, read_tag_table(table), table.name, image_size or _SIZE)


def tagged_record(
    pictures: Path,
    table: Mapping[str, list[str]],
    where: str,
    image_size: tuple[int, int],
    tag_names: tuple[str, ...] | None = None,
) -> Record:
    """Return the record of a folder or archive of pictures, given tags by file.

    Parameters
    ----------
    pictures : Path
        The folder or archive.
    table : mapping of str to list of str
        Tags by file name.
    where : str
        Source of the tags, for messages.
    image_size : (height, width)
        Size of every picture.
    tag_names : tuple of str, optional
        All tags; by default those of the pictures in alphabetical order.
    """
    require_pillow()
    with opened(pictures, IMAGES) as members:
        tags, skipped = match(table, members.names, where)
        if not tags:
            raise DataError(
                f"none of the {len(members.names):,} images of {pictures} has a row in {where}: expected their names "
                "in its first column"
            )
        found, shape, broken = pixels_at(members, tuple(tags), image_size)
    names = tag_names or vocabulary(tags[file] for file in found)
    if not names:
        raise DataError(f"{where} has no tags for the images of {pictures}: expected tags beside their names")
    skipped = [*skipped, *broken]
    return Record(
        unit_rows(np.stack(list(found.values()))),
        shape=shape,
        name=pictures.name,
        note=note_of(skipped),
        tags=tag_rows((tags[file] for file in found), names),
        tag_names=names,
        files=tuple(found),
        skipped=tuple(skipped),
    )
