"""The report's section on neighbours in the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tildex.apps.measure.measurement import Measurement
from tildex.apps.measure.neighbourhoods import NEIGHBOURS, Neighbourhood
from tildex.apps.pages.markup import Cell, table
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.apps.report.section import NONE, Section

__all__ = ["NEIGHBOURHOODS"]


def _table(measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
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
        yield [Cell("PCA", f"for {m.name}"), *_cells(m.neighbours.pca, m.neighbours.rows)]


def _cells(found: Neighbourhood, rows: int) -> list[Cell]:
    error = NONE if found.error is None else Cell(percent(found.error))
    return [
        Cell(measured(found.trustworthiness)),
        Cell(measured(found.continuity)),
        error,
        Cell(counted(rows)),
    ]


NEIGHBOURHOODS = Section("neighbours", "Neighbours in the code", _table)
