"""Positive numbers of a wide and skewed range, taken on a logarithmic scale: log-normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import Kind, unlike
from tildex.data.tables.kinds.numbers import finite_numbers, restored

__all__ = ["Positive", "skewness"]

_LEAST_CELLS = 10
_SKEWED = 1.0
_WIDE = 4.0


@dataclass(frozen=True)
class Positive(Kind):
    """Numbers above zero whose logarithm is taken, such as prices, incomes and areas.

    A column is recognised if it has at least 10 cells, all above zero, the largest at least 4 times the smallest, their
    skewness exceeds 1, and that of their logarithms is nearer to zero.
    """

    name: ClassVar[str] = "positive"
    place: ClassVar[int | None] = 70
    units: ClassVar[str | None] = "real"
    whole: bool = False

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells are positive numbers that logarithms make less skewed."""
        x = cells.present
        if cells.form != "number" or len(x) < _LEAST_CELLS or x.min() <= 0 or x.max() < _WIDE * x.min():
            return False
        skew = skewness(x)
        return skew > _SKEWED and abs(skewness(np.log(x))) < skew

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, if all cells are above zero."""
        numbers = _above_zero(cells)
        return cls(bool((numbers == np.floor(numbers))[cells.known].all()))

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the logarithms."""
        return np.log(_above_zero(cells))[:, None], []

    def same_numbers(self, other: Kind) -> bool:
        """Return whether the other is of this kind."""
        return self.name == other.name

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the exponentials, whole if the numbers of training were, and at least 1 then."""
        with np.errstate(over="ignore"):
            values = np.minimum(np.exp(numbers[:, 0].astype(np.float64)), np.finfo(np.float32).max)
        values = values.astype(numbers.dtype)
        return restored(np.maximum(values, 1) if self.whole else values, whole=self.whole)

    def about(self) -> str:
        """Say that logarithms are taken."""
        return "its logarithm"


def skewness(x: np.ndarray) -> float:
    """Return the third standardised moment; 0 for equal numbers.

    >>> round(skewness(np.array([1.0, 1.0, 1.0, 5.0])), 3)
    1.155
    """
    with np.errstate(over="ignore", invalid="ignore"):
        from_mean = x - x.mean()
        std = from_mean.std()
        skew = float(np.mean((from_mean / std) ** 3)) if std > 0 else 0.0
    return skew if np.isfinite(skew) else 0.0


def _above_zero(cells: Cells) -> np.ndarray:
    numbers = finite_numbers(cells)
    if (wrong := numbers <= 0).any():
        raise unlike(
            cells, "numbers above zero", wrong, "leave the cell empty, or fit with the column as real"
        )
    return numbers
