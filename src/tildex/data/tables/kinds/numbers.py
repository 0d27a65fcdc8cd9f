"""The cells of a column as finite numbers, for every kind that takes numbers."""

from __future__ import annotations

import numpy as np

from tildex.data.tables.cells import Cells
from tildex.data.tables.kinds.base import unlike

__all__ = ["finite_numbers", "restored"]


def finite_numbers(cells: Cells) -> np.ndarray:
    """Return the cells as float64, NaN where empty; words that are numbers count as such.

    Raises
    ------
    DataError
        If a cell is not a number, or not a finite float32 number.
    """
    if cells.form == "word":
        numbers = np.array([_number(cell) for cell in cells.values])
        wrong = np.isnan(numbers) & cells.known
    elif cells.form in ("number", "flag"):
        numbers, wrong = cells.values, np.zeros(len(cells), dtype=bool)
    else:
        numbers, wrong = np.full(len(cells), np.nan), cells.known
    if wrong.any():
        cure = "leave the cell empty if it is unknown, or take the column for something else"
        raise unlike(cells, "numbers", wrong, cure)
    with np.errstate(over="ignore"):
        wrong = np.isinf(numbers.astype(np.float32))
    if wrong.any():
        raise unlike(cells, "finite float32 numbers", wrong, "leave the cell empty if it is unknown")
    return numbers


def restored(numbers: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return numbers as a column: int64 if they are to be whole and none is unknown."""
    if not whole:
        return numbers
    rounded = np.rint(numbers)
    return rounded if np.isnan(rounded).any() else rounded.astype(np.int64)


def _number(cell: str | None) -> float:
    try:
        return np.nan if cell is None else float(cell)
    except ValueError:
        return np.nan
