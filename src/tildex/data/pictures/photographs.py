"""The photographs of a folder or zip archive, one by one and as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tildex.data.formats.members import Members, each, none_found, opened
from tildex.data.pictures.decode import Levels, form_of
from tildex.data.pictures.folder import levels_of
from tildex.data.pictures.opening import IMAGES, require_pillow
from tildex.data.pictures.photograph import Photograph
from tildex.data.pictures.said import levels_said

__all__ = ["Photographs", "photographs_in", "photographs_of"]


@dataclass(frozen=True)
class Photographs:
    """Photographs of one place, to read one at a time.

    Attributes
    ----------
    members : Members
        The folder or archive.
    names : tuple of str
        The photographs, in order of name.
    skipped : tuple of str
        One sentence for each file that is left out.
    levels : (lowest, highest), optional
        Values of pictures with 32 bits that become 0 and 1; None if there are no such pictures.
    said : tuple of str
        What is done to them, if a user may not expect it.
    """

    members: Members
    names: tuple[str, ...]
    skipped: tuple[str, ...]
    levels: Levels | None
    said: tuple[str, ...]

    def read(self, name: str) -> Photograph:
        """Return one of them.

        Raises
        ------
        DataError
            If it is damaged.
        """
        return Photograph.of(self.members.read(name), name, levels=self.levels)


@contextmanager
def photographs_of(
    place: Path, *, levels: Levels | None = None, leave_out: Sequence[str] = ()
) -> Iterator[Photographs]:
    """Yield the photographs of a folder and its sub-folders, or of a zip archive, without hidden files.

    Parameters
    ----------
    place : Path
        The folder or archive.
    levels : (lowest, highest), optional
        As in :meth:`Photograph.read`; by default, the range of all photographs with 32 bits together.
    leave_out : sequence of str
        Names of files not to read, without their folders.

    Raises
    ------
    DataError
        If there are no files that may be pictures.
    """
    require_pillow()
    with opened(place, IMAGES) as members:
        if not members.names:
            raise none_found(place, members, "no pictures", IMAGES)
        names = [name for name in members.names if name.rpartition("/")[2] not in leave_out]
        forms, broken = each(names, lambda name: form_of(members.read(name), name))
        skipped = (*broken, *members.others)
        chosen = levels or levels_of(forms.values())
        yield Photographs(members, tuple(forms), skipped, chosen, levels_said(forms.values(), chosen))


def photographs_in(folder: Path) -> list[Path]:
    """Return the picture files of a folder and its sub-folders, sorted by name, without hidden files.

    Raises
    ------
    DataError
        If there are none.
    """
    with opened(folder, IMAGES) as members:
        if not members.names:
            raise none_found(folder, members, "no pictures", IMAGES)
        return [folder / name for name in members.names]
