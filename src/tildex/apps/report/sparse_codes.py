"""The report's section on sparse codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tildex.apps.measure.measurement import Measurement
from tildex.apps.pages.markup import Cell, table
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.apps.report.section import Section
from tildex.evaluate import Sparsity

__all__ = ["SPARSE_CODES"]


def _table(measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
    known = [(m, m.sparsity) for m in measurements if m.sparsity is not None]
    if not known:
        return ""
    head = [
        Cell("Model"),
        Cell("Active units", "L0"),
        Cell("Variance unexplained"),
        Cell("Dead units", "of all units"),
        Cell("Active on < 1 row in 10,000", "of all units"),
        Cell("Rows"),
    ]
    return table(head, (_row(m, found) for m, found in known))


def _row(m: Measurement, found: Sparsity) -> list[Cell]:
    return [
        Cell(m.name),
        Cell(measured(found.l0), f"of {counted(m.n_components)}"),
        Cell(percent(found.unexplained)),
        Cell(f"{found.dead:.1%}"),
        Cell(f"{found.rare:.1%}"),
        Cell(counted(m.rows)),
    ]


SPARSE_CODES = Section("sparsity", "Use of sparse codes", _table)
