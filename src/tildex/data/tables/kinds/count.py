"""Counts: how many of something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import Kind, unlike
from tildex.data.tables.kinds.numbers import finite_numbers
from tildex.data.tables.kinds.positive import skewness

__all__ = ["Count"]

_LARGEST = 1000
_SMALL_MEAN = 20
_SKEWED = 1.0


@dataclass(frozen=True)
class Count(Kind):
    """Whole numbers from zero, such as children or visits.

    A column is recognised if its numbers are whole, of more than two values, none below 0, the smallest 0 or 1 and the
    largest at most 1,000, with a mean of at most 20 or a skewness above 1. Other whole numbers, such as years, ages and
    prices, are real. ``largest`` and ``dispersion``, of the training cells, size the family: the variance of
    over-dispersed counts is mean + mean² / dispersion.
    """

    name: ClassVar[str] = "count"
    place: ClassVar[int | None] = 60
    units: ClassVar[str | None] = "count"
    largest: int = 0
    dispersion: float = 1.0

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
        x = _counts(cells)[cells.known]
        mean, variance = (float(x.mean()), float(x.var())) if len(x) else (0.0, 0.0)
        # By moments; counts that vary no more than Poisson counts get a dispersion that is all but Poisson's.
        dispersion = mean**2 / (variance - mean) if variance > mean else 100.0
        return cls(int(x.max(initial=0)), round(min(max(dispersion, 0.05), 100.0), 6))

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the counts."""
        return _counts(cells)[:, None], []

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the nearest whole numbers from zero."""
        values = np.maximum(np.rint(numbers[:, 0]), 0)
        return values if np.isnan(values).any() else values.astype(np.int64)

    def about(self) -> str:
        """Say the largest."""
        return f"up to {self.largest}"


def _counts(cells: Cells) -> np.ndarray:
    numbers = finite_numbers(cells)
    if (wrong := (numbers < 0) | (np.floor(numbers) < numbers)).any():
        raise unlike(
            cells, "whole numbers from 0", wrong, "leave the cell empty, or fit with the column as real"
        )
    return numbers
