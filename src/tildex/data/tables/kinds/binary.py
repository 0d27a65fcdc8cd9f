"""Columns of two values of any type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tildex.data.errors import DataError
from tildex.data.tables.cells import Cells, shortened
from tildex.data.tables.kinds.base import Kind
from tildex.data.tables.kinds.levels import column_of, places

__all__ = ["Binary"]

_LEAST_CELLS = 10


@dataclass(frozen=True)
class Binary(Kind):
    """Two values, the first of which is 0 and the second 1: no and yes, false and true, 0 and 1, two words.

    Recognised are truth values, the numbers 0 and 1, two words, and two other whole numbers in at least 10 cells.
    """

    name: ClassVar[str] = "binary"
    place: ClassVar[int | None] = 20
    units: ClassVar[str | None] = "binary"
    levels: tuple[Any, ...] = (0, 1)

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells have two values."""
        if cells.form == "flag":
            return len(cells.present) > 0
        if cells.form not in ("number", "word") or len(cells.levels) != 2:
            return False
        certain = cells.form == "word" or cells.levels == (0, 1)
        return certain or (cells.whole and len(cells.present) >= _LEAST_CELLS)

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, if the cells have at most two values."""
        if cells.form == "flag":
            return cls((False, True))
        if cells.levels in ((0,), (1,)):
            return cls((0, 1))
        if cells.form == "other" or len(cells.levels) != 2:
            raise DataError(
                f"column {cells.name!r}: expected two values, got {len(cells.levels)} ({shortened(cells.levels)}); "
                "take the column for a category"
            )
        return cls(tuple(cells.levels))

    def names(self, column: str) -> tuple[str, ...]:
        """Return the column's name, with the value that is 1 unless that goes without saying."""
        return (column,) if self._plain else (f"{column}={self.levels[1]}",)

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return 0, 1 or NaN."""
        found, told = places(cells, self.levels)
        return np.where(found < 0, np.nan, found)[:, None], told

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the likelier value of each row."""
        x = numbers[:, 0]
        return column_of(np.where(np.isnan(x), -1, x >= 0.5), self.levels)

    def about(self) -> str:
        """Name both values."""
        return f"{self.levels[1]}, else {self.levels[0]}"

    @property
    def _plain(self) -> bool:
        return self.levels in ((0, 1), (False, True))
