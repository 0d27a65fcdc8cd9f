"""Pictures with tags: a folder or archive of images, and a table of their tags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tildex.data.formats.members import note_of, opened
from tildex.data.pictures.folder import pixels_at
from tildex.data.pictures.opening import IMAGES, require_pillow
from tildex.data.pictures.tags import match, read_tag_table, tag_rows, vocabulary
from tildex.data.reading import ANY_READING, Reading
from tildex.data.record import DataError, Record

__all__ = ["read_tagged", "tagged_record"]

_MOST = 64 * 64
"""Pixels of pictures that keep their common size: features of larger ones take long and are no better."""


def read_tagged(folder: Path, table: Path, wanted: Reading = ANY_READING) -> Record:
    """Return the pictures with a row in a table of tags, in order of name, and their tags.

    Parameters
    ----------
    folder : Path
        Folder of images, with or without sub-folders, or a zip archive.
    table : Path
        A .csv file: see :func:`tildex.data.read_tag_table`. If not found, it is looked up in the folder.
    wanted : Reading
        What is known of the pictures' size, colours and levels; the rest is chosen from them, as
        :func:`~tildex.data.read` does, but a common size of more than 64 x 64 pixels is not kept.

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
    return tagged_record(folder, read_tag_table(table), table.name, wanted, own=table)


def tagged_record(
    pictures: Path,
    table: Mapping[str, list[str]],
    where: str,
    wanted: Reading,
    *,
    tag_names: tuple[str, ...] | None = None,
    own: Path | None = None,
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
    wanted : Reading
        As in :func:`read_tagged`.
    tag_names : tuple of str, optional
        All tags; by default those of the pictures in alphabetical order.
    own : Path, optional
        The file of the tags, which is not one that is left out.
    """
    require_pillow()
    with opened(pictures, IMAGES) as members:
        tags, skipped = match(table, members.names, where)
        if not tags:
            raise DataError(
                f"none of the {len(members.names):,} images of {pictures} has a row in {where}: expected their names "
                "in its first column"
            )
        found = pixels_at(members, tuple(tags), wanted, most=_MOST)
        others = [said for said in members.others if own is None or not said.startswith(f"{own.name} ")]
    names = tag_names or vocabulary(tags[file] for file in found.files)
    if not names:
        raise DataError(f"{where} has no tags for the images of {pictures}: expected tags beside their names")
    skipped = [*skipped, *found.skipped, *others]
    return Record(
        found.X,
        shape=found.shape,
        name=pictures.name,
        note="\n".join(filter(None, (*found.said, note_of(skipped)))),
        tags=tag_rows((tags[file] for file in found.files), names),
        tag_names=names,
        files=found.files,
        skipped=tuple(skipped),
        reading=found.reading,
    )
