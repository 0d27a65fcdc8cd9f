"""The contract of a known data set."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from tildex.data.record import DataError, Record
from tildex.data.sets.fetch import directions, fetch
from tildex.data.sets.published import File, data_root
from tildex.part import Part

__all__ = ["Dataset", "Splits"]


class Splits(NamedTuple):
    """Number of rows of each split."""

    train: int
    test: int


class Dataset(Part, kind="data"):
    """A public data set, named by its ``slug`` and stored in ``<root>/<slug>`` or ``<root>/<folder>``.

    A subclass sets the attributes below and provides :meth:`read_split`; an import in ``tildex.data`` registers it
    for readers, the command line and the tests.

    Attributes
    ----------
    slug : str
        Its name for users: lower case, with dashes.
    title, licence, source : str
        Description, licence, and citation with the official page.
    rows : Splits
        Number of rows of each split.
    shape : tuple of int
        Shape of one sample.
    files : tuple of File
        Files required in its folder; empty if another package provides the data.
    folder : str
        Name of its folder; the slug if empty.
    by_hand : str
        Description of the files, if they are not published in this form and cannot be downloaded.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    source: ClassVar[str]
    rows: ClassVar[Splits]
    shape: ClassVar[tuple[int, ...]]
    files: ClassVar[tuple[File, ...]] = ()
    folder: ClassVar[str] = ""
    by_hand: ClassVar[str] = ""

    def load(self, root: Path | str | None = None, split: str = "train") -> Record:
        """Return the rows of a split; missing files are downloaded, and all are verified.

        Parameters
        ----------
        root : path, optional
            The folder of data sets; ``$TILDEX_DATA`` or the user's cache when not given.
        split : str
            "train" or "test".

        Raises
        ------
        DataError
            If there is no such split, or a file is damaged or unavailable.
        """
        if split not in Splits._fields:
            raise DataError(f"{self.slug} has no split {split!r}: expected {' or '.join(Splits._fields)}")
        self.fetch(root)
        return self.read_split(self.where(root), split)

    def fetch(self, root: Path | str | None = None) -> None:
        """Download missing files and verify the others."""
        folder = self.where(root)
        missing = [file for file in self.files if not (folder / file.name).exists()]
        if self.by_hand and missing:
            raise DataError(
                f"{self.slug} cannot be downloaded: there is {self.by_hand} to be made from the source, or read the "
                f"folder that you have by its path; {directions(missing, folder)}"
            )
        fetch(self.files, folder)

    def present(self, root: Path | str | None = None) -> bool:
        """Say whether all files exist with the right size, without reading them."""
        folder = self.where(root)
        paths = [(file, folder / file.name) for file in self.files]
        return all(path.is_file() and file.fits(path.stat().st_size) for file, path in paths)

    def how_to_get(self, root: Path | str | None = None) -> str:
        """Return instructions for getting the files without a network."""
        return directions(self.files, self.where(root))

    def where(self, root: Path | str | None = None) -> Path:
        """Return the folder of this data set."""
        return data_root(root) / (self.folder or self.slug)

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the rows of a split from verified files."""
        raise TypeError(f"{type(self).__name__} has no read_split(): a data set must provide it")
