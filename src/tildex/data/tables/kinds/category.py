"""Categories: words, or numbers that stand for words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells, shortened
from tildex.data.tables.kinds.base import Kind
from tildex.data.tables.kinds.levels import column_of, places

__all__ = ["Category"]

_MOST_WORDS = 200
_FEW_WORDS = 20
_SHORT = 60
_MOST_NUMBERS = 12
_CELLS_PER_LEVEL = 2
_CELLS_PER_NUMBER = 5
_STEADY = 0.7


@dataclass(frozen=True)
class Category(Kind):
    """One of several levels: one column of zeros and ones per level.

    Recognised are words of at most 200 levels, two cells per level on average, unless more than 20 levels are longer
    than 60 letters on average; and whole numbers from 0 of at most 12 values, five cells per value on average, that
    vary less than counts do: their variance is below 0.7 of their mean. A level that training did not have is unknown.
    """

    name: ClassVar[str] = "category"
    place: ClassVar[int | None] = 50
    units: ClassVar[str | None] = "category"
    levels: tuple[Any, ...] = ()

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells are a few words, or a few numbers that are no counts."""
        if cells.form not in ("word", "number") or not len(cells.present):
            return False
        x, levels = cells.present, len(cells.levels)
        if cells.form == "word":
            short = levels <= _FEW_WORDS or sum(map(len, x)) <= _SHORT * len(x)
            return short and levels <= min(_MOST_WORDS, len(x) / _CELLS_PER_LEVEL)
        few = 3 <= levels <= min(_MOST_NUMBERS, len(x) / _CELLS_PER_NUMBER)
        return bool(few and cells.whole and x.min() >= 0 and x.var() < _STEADY * x.mean())

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, if there are at least two levels."""
        if len(cells.levels) < 2:
            raise DataError(
                f"column {cells.name!r}: expected at least two levels, got {shortened(cells.levels) or 'none'}"
            )
        levels = cells.levels
        if cells.form == "date":
            levels = tuple(str(level) for level in levels)
        return cls(tuple(levels))

    @property
    def width(self) -> int:
        """One column per level."""
        return len(self.levels)

    def names(self, column: str) -> tuple[str, ...]:
        """Return one name per level."""
        return tuple(f"{column}={level}" for level in self.levels)

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return one-hot rows, NaN in all columns where the level is unknown."""
        found, told = places(cells, self.levels)
        numbers = np.zeros((len(cells), len(self.levels)))
        numbers[np.arange(len(cells)), found] = 1
        numbers[found < 0] = np.nan
        return numbers, told

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the likeliest level of each row."""
        chosen = np.where(np.isnan(numbers).any(1), -1, np.nan_to_num(numbers).argmax(1))
        return column_of(chosen, self.levels)

    def about(self) -> str:
        """Count and name the levels."""
        return f"{len(self.levels)} levels: {shortened(self.levels)}"
