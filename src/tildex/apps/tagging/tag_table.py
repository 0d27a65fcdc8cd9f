"""The tags of new pictures as a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from tildex.data import DataError
from tildex.files import write_whole

__all__ = ["TagTable"]


@dataclass(frozen=True)
class TagTable:
    """The best tags of pictures.

    Attributes
    ----------
    files : tuple of Path
        The pictures; empty if they were given as an array.
    tags : tuple of tuples of (str, float)
        For each picture, its tags with their scores, best first.
    skipped : tuple of str
        One sentence for each picture that could not be read.

    Example
    -------
    >>> table = TagTable((Path("a.jpg"),), ((("sea", 0.7), ("sky", 0.2)),))
    >>> [name for name, score in table.tags[0]]
    ['sea', 'sky']
    """

    files: tuple[Path, ...]
    tags: tuple[tuple[tuple[str, float], ...], ...]
    skipped: tuple[str, ...] = ()

    def write(self, path: str | Path) -> Path:
        """Write files and their tags as a .csv table for ``read(folder, tags=...)``, and return its path.

        Raises
        ------
        DataError
            If the name does not end in .csv, or the pictures have no files.
        RunError
            If the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".csv":
            raise DataError(f"cannot write {path}: expected a name ending in .csv")
        if len(self.files) != len(self.tags):
            raise DataError("these pictures have no file names for the table: give files, not pixels")
        write_whole(path, self._write)
        return path

    def _write(self, target: Path) -> None:
        with target.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["file", "tags"])
            writer.writerows(
                [str(file), ", ".join(name for name, _ in tags)]
                for file, tags in zip(self.files, self.tags, strict=True)
            )
