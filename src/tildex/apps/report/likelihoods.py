"""The report's section on log-likelihoods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tildex.apps.measure.compared import Compared
from tildex.apps.measure.measurement import Measurement
from tildex.apps.pages.markup import Cell, table
from tildex.apps.pages.numbers import counted, measured
from tildex.apps.report.section import Section, estimate

__all__ = ["LIKELIHOODS"]


def _table(measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
    known = [(m.name, m.likelihood) for m in measurements if m.likelihood is not None]
    if not known:
        return ""
    head = [
        Cell("Model"),
        Cell("log P(x)", "nats per row"),
        Cell("Independent units", "nats per row"),
        Cell("log Z"),
        Cell("Rows"),
        Cell("Method", style="text"),
    ]
    return table(head, (_row(name, likelihood) for name, likelihood in known))


def _row(name: str, likelihood: Compared) -> list[Cell]:
    return [
        Cell(name),
        Cell(measured(likelihood.found.value), likelihood.kind),
        estimate(likelihood.independent),
        estimate(likelihood.found.log_partition),
        Cell(counted(likelihood.found.rows)),
        Cell(likelihood.method, style="text"),
    ]


LIKELIHOODS = Section("likelihood", "Log-likelihood", _table)
