"""Columns that give no numbers: text, identifiers, constants, labels, and what is not wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells, shortened
from tildex.data.tables.kinds.base import Kind

__all__ = ["Constant", "Dropped", "Identifier", "Label", "Text"]

_ID = re.compile(r"(.*[_ .-])?(id|ids|uid|uuid|guid|key|index|rownames|row|nr|no)|unnamed: 0|", re.IGNORECASE)
_CAMEL_ID = re.compile(r".*[a-z](Id|ID)")
_SHORT = 60


class _NoNumbers(Kind):
    """A kind that gives no columns of numbers."""

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind; every column can be left out."""
        return cls()

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return no numbers."""
        return np.empty((len(cells), 0)), []

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Raise an error: nothing is kept of the cells."""
        raise DataError(f"a column of kind {self.name} cannot be made again from numbers")


@dataclass(frozen=True)
class Constant(_NoNumbers):
    """One value in all cells, or no cell that is not empty: left out, and put back when a table is made again."""

    name: ClassVar[str] = "constant"
    place: ClassVar[int | None] = 10
    value: Any = None

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether all cells of at least two rows are equal, or all are empty."""
        if cells.form == "other" or (cells.form == "flag" and len(cells.present)):
            return False
        return not len(cells.present) or (
            len(cells) > 1 and bool(cells.known.all()) and len(cells.levels) == 1
        )

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, with the first value."""
        value = cells.levels[0] if cells.levels else None
        return cls(str(value) if cells.form == "date" and value is not None else value)

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the value in all rows."""
        column = np.full(len(numbers), self.value, dtype=object)
        simple = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        return np.array(column.tolist()) if simple else column

    def about(self) -> str:
        """Say the value."""
        return "all cells are empty" if self.value is None else f"always {shortened([self.value])}"


@dataclass(frozen=True)
class Identifier(_NoNumbers):
    """A name for each row: left out of the numbers, and carried to what comes out.

    Recognised are columns whose cells all differ and that are short words, or whole numbers under a name such as
    ``id``, ``row_id``, ``index`` or no name at all.
    """

    name: ClassVar[str] = "identifier"
    place: ClassVar[int | None] = 40

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether every cell is another."""
        if cells.form not in ("word", "number") or not len(cells) > 2 or not cells.known.all():
            return False
        if cells.form == "word":
            return len(cells.levels) == len(cells) and sum(map(len, cells.values)) <= _SHORT * len(cells)
        named = _ID.fullmatch(cells.name.strip()) or _CAMEL_ID.fullmatch(cells.name.strip())
        return bool(named) and cells.whole and len(cells.levels) == len(cells)


@dataclass(frozen=True)
class Label(_NoNumbers):
    """The labels: whole numbers, or words, of which ``levels`` are the names."""

    name: ClassVar[str] = "label"
    levels: tuple[str, ...] | None = None

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, with the names of labels that are words."""
        return cls(tuple(cells.levels) if cells.form == "word" else None)

    def about(self) -> str:
        """Name the labels, if they have names."""
        return "" if self.levels is None else f"{len(self.levels)} labels: {shortened(self.levels)}"


@dataclass(frozen=True)
class Text(_NoNumbers):
    """Text and everything else that cannot be used: left out."""

    name: ClassVar[str] = "text"
    place: ClassVar[int | None] = 100

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return True: what no other kind recognises is left out."""
        return True

    def about(self) -> str:
        """Say what happens to it."""
        return "left out"


@dataclass(frozen=True)
class Dropped(_NoNumbers):
    """Left out as asked."""

    name: ClassVar[str] = "dropped"

    def about(self) -> str:
        """Say what happens to it."""
        return "left out as asked"
