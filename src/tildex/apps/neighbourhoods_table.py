"""The table of the report about neighbours in codes."""

from __future__ import annotations

from collections.abc import Iterable

from tildex.apps.formatting import counted, measured, percent
from tildex.apps.markup import Cell, table
from tildex.apps.measurement import Measurement
from tildex.apps.neighbourhoods import NEIGHBOURS, Neighbourhood

__all__ = ["neighbours_table"]

_NONE = Cell("–")


def neighbours_table(measurements: Iterable[Measurement]) -> str:
    """Return the table of how well codes keep neighbours together, empty where nothing was measured."""
    rows = [line for m in measurements for line in _rows(m)]
    if not rows:
        return ""
    head = [
        Cell("Code"),
        Cell("Trustworthiness", f"k = {NEIGHBOURS}"),
        Cell("Continuity", f"k = {NEIGHBOURS}"),
        Cell("Nearest neighbour", "error"),
        Cell("Rows"),
    ]
    return table(head, rows)


def _rows(m: Measurement) -> Iterable[list[Cell]]:
    if m.neighbours is None:
        return
    yield [Cell(m.name, f"{m.n_components} units"), *_cells(m.neighbours.code, m.neighbours.rows)]
    if m.neighbours.pca is not None:
        yield [Cell("PCA", f"beside {m.name}"), *_cells(m.neighbours.pca, m.neighbours.rows)]


def _cells(found: Neighbourhood, rows: int) -> list[Cell]:
    error = _NONE if found.error is None else Cell(percent(found.error))
    return [
        Cell(measured(found.trustworthiness)),
        Cell(measured(found.continuity)),
        error,
        Cell(counted(rows)),
    ]
