"""Dates and times, as days since the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import Kind, unlike

__all__ = ["Date"]

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Date(Kind):
    """Dates, as days since ``first``, the first of training; ``days`` if no cell has a time of day."""

    name: ClassVar[str] = "date"
    place: ClassVar[int | None] = 30
    units: ClassVar[str | None] = "real"
    first: str = "1970-01-01"
    days: bool = True

    @classmethod
    def recognises(cls, cells: Cells) -> bool:
        """Return whether the cells are dates."""
        return cells.form == "date" and len(cells.present) > 0

    @classmethod
    def of(cls, cells: Cells) -> Self:
        """Return the kind, if all cells are dates."""
        dates = _dates(cells)[cells.known]
        if not len(dates):
            return cls()
        whole = dates.astype("datetime64[D]")
        return cls(str(whole.min()), bool((whole == dates).all()))

    def encode(self, cells: Cells) -> tuple[np.ndarray, list[str]]:
        """Return the number of days since the first date of training."""
        return ((_dates(cells) - np.datetime64(self.first, "us")) / _DAY)[:, None], []

    def decode(self, numbers: np.ndarray) -> np.ndarray:
        """Return the nearest day, or the moment, to whole seconds."""
        known = ~np.isnan(numbers[:, 0])
        days = np.where(known, np.clip(numbers[:, 0], -1e6, 1e6), 0).astype(np.float64)
        if self.days:
            dates = np.datetime64(self.first, "D") + np.rint(days).astype("timedelta64[D]")
        else:
            seconds = np.rint(days * 86_400).astype("timedelta64[s]")
            dates = (np.datetime64(self.first, "s") + seconds).astype("datetime64[us]")
        dates[~known] = np.datetime64("NaT")
        return dates

    def about(self) -> str:
        """Say from when the days count."""
        return f"days since {self.first}"


def _dates(cells: Cells) -> np.ndarray:
    if cells.form == "date":
        return cells.values
    dates = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[us]")
    for row in np.flatnonzero(cells.known):
        try:
            dates[row] = np.datetime64(cells.values[row], "us")
        except (ValueError, TypeError) as error:
            wrong = np.arange(len(cells)) == row
            raise unlike(
                cells, "dates such as 2024-12-31", wrong, "write it so, or leave the cell empty"
            ) from error
    return dates
