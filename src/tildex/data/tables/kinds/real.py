"""Numbers, taken as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import Kind
from tildex.data.tables.kinds.numbers import finite_numbers, restored

__all__ = ["Real"]


@dataclass(frozen=True)
class Real(Kind):
    """Numbers of any sign, taken as they are; ``whole`` if all of training were whole, and so is what is decoded."""

    name: ClassVar[str] = "real"
    place: ClassVar[int | None] = 80
    units: ClassVar[str | None] = "real"
    whole: bool = False

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells are numbers."""
        return cells.form == "number" and len(cells.present) > 0

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind; every column of numbers can be real."""
        numbers = finite_numbers(cells)
        return cls(bool((numbers == np.floor(numbers))[cells.known].all()))

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the numbers."""
        return finite_numbers(cells)[:, None], []

    def same_numbers(self, other: Kind) -> bool:
        """Return whether the other is of this kind."""
        return self.name == other.name

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the numbers, whole if those of training were."""
        return restored(numbers[:, 0], whole=self.whole)
