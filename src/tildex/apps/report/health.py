"""The report's section on the health of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tildex.apps.measure.measurement import Measurement
from tildex.apps.pages.markup import Cell, table
from tildex.apps.report.section import Section
from tildex.evaluate import Guard, guards

__all__ = ["HEALTH"]


def _table(measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
    found = [(name, guard) for name, model in models.items() for guard in guards(model.history_)]
    if not found:
        return ""
    head = [Cell("Model"), Cell("Guard against", style="text"), Cell("Verdict"), Cell("Why", style="text")]
    return table(head, (_row(name, guard) for name, guard in found))


def _row(name: str, guard: Guard) -> list[Cell]:
    verdict = Cell("✓", "well", "better") if guard.ok else Cell("✗", "act", "worse")
    return [Cell(name), Cell(guard.name, style="text"), verdict, Cell(guard.sentence, style="text")]


HEALTH = Section("guards", "Health of training", _table)
