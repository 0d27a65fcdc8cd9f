"""Places of cells among the levels of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tildex.data.tables.cells import Cells, shortened, spelled

__all__ = ["column_of", "places"]


def places(cells: Cells, levels: Sequence[Any]) -> tuple[np.ndarray, list[str]]:
    """Return each cell's place among ``levels``, -1 where it is empty or not among them, and which are not.

    >>> places(Cells.of("size", ["S", "XL", None, "M"]), ("M", "S"))[0]
    array([ 1, -1, -1,  0])
    """
    of = {spelled(level): place for place, level in enumerate(levels)}
    words = cells.words()
    found = np.array([of.get(word, -1) for word in words], dtype=np.int64)
    strange = words[(found < 0) & cells.known]
    if not len(strange):
        return found, []
    cells_are = "cell is" if len(strange) == 1 else "cells are"
    return found, [
        f"column {cells.name!r}: {len(strange)} {cells_are} of a level that training did not have "
        f"({shortened(sorted(set(strange)))}): taken as unknown"
    ]


def column_of(chosen: np.ndarray, levels: Sequence[Any]) -> np.ndarray:
    """Return a column of the levels at the places ``chosen``, None for places below 0."""
    if len(levels) and (chosen >= 0).all() and len({type(level) for level in levels}) == 1:
        plain = np.array(levels)
        if plain.dtype.kind in "bif":
            return plain[chosen]
    column = np.empty(len(chosen), dtype=object)
    for k, place in enumerate(chosen.tolist()):
        column[k] = levels[place] if place >= 0 else None
    return column
