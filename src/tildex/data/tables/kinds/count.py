"""Counts: how many of something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import Kind, unlike
from tildex.data.tables.kinds.numbers import finite_numbers, restored
from tildex.data.tables.kinds.positive import skewness

__all__ = ["Count"]

_LARGEST = 1000
_SMALL_MEAN = 20
_SKEWED = 1.0
_MOST = 8000


@dataclass(frozen=True)
class Count(Kind):
    """Whole numbers from zero, such as children or visits, divided by about their standard deviation.

    A column is recognised if its numbers are whole, of more than two values, none below 0, the smallest 0 or 1 and the
    largest at most 1,000, with a mean of at most 20 or a skewness above 1. Other whole numbers, such as years, ages and
    prices, are real.

    Attributes
    ----------
    most : int
        The largest count of training.
    dispersion : float
        The variance of counts of mean m is m + dispersion m².
    scale : float
        What the counts are divided by.
    """

    name: ClassVar[str] = "count"
    place: ClassVar[int | None] = 60
    units: ClassVar[str | None] = "count"
    most: int = 1
    dispersion: float = 1.0
    scale: float = 1.0

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells count something."""
        x = cells.present
        if cells.form != "number" or len(x) < 3 or not cells.whole or len(cells.levels) < 3:
            return False
        within = x.min() in (0, 1) and x.max() <= _LARGEST
        return bool(within and (x.mean() <= _SMALL_MEAN or skewness(x) > _SKEWED))

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, if all cells are whole numbers from zero."""
        numbers = finite_numbers(cells)
        if (wrong := (numbers < 0) | (np.floor(numbers) < numbers)).any():
            raise unlike(cells, "whole numbers from 0", wrong, "take the column for real")
        if (wrong := numbers > _MOST).any():
            raise unlike(cells, f"counts up to {_MOST:,}", wrong, "take the column for real or positive")
        x = numbers[cells.known]
        mean, variance = (float(x.mean()), float(x.var())) if len(x) else (1.0, 1.0)
        beyond = (variance - mean) / mean**2 if mean > 0 else 0.0
        scale = max(1.0, float(round(np.sqrt(variance))))
        return cls(int(x.max(initial=1)), round(max(beyond, 0.01), 6), scale)

    @property
    def settings(self) -> dict[str, Any]:
        """The family has room for twice the largest count."""
        return {"dispersion": self.dispersion, "largest": 2 * self.most + 10, "scale": self.scale}

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the counts, scaled; later cells that are no counts are left for the model to find impossible."""
        return finite_numbers(cells)[:, None] / self.scale, []

    def same_numbers(self, other: Kind) -> bool:
        """Return whether the other scales counts alike."""
        return self.name == other.name and self.settings["scale"] == other.settings["scale"]

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the nearest whole numbers from zero."""
        return restored(np.maximum(numbers[:, 0] * self.scale, 0), whole=True)

    def about(self) -> str:
        """Say the largest."""
        return f"up to {self.most:,}"
