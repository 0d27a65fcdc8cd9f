"""An optional section of the report: a table for some models, and a template that explains it."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tildex.apps.measure.measurement import Measurement
from tildex.apps.pages.asset import asset
from tildex.apps.pages.markup import Cell
from tildex.apps.pages.numbers import measured
from tildex.evaluate import Estimate

__all__ = ["NONE", "Section", "estimate"]

NONE = Cell("–")
"""The cell of a value that was not measured."""


@dataclass(frozen=True)
class Section:
    """An optional section of the page.

    Attributes
    ----------
    anchor : str
        Its link target in the contents; its template is ``report_ANCHOR.html``, with a placeholder for the table.
    title : str
        Its name in the contents.
    table : callable
        Maps the measurements and the models by name to the table, empty if no model has a row.
    """

    anchor: str
    title: str
    table: Callable[[Sequence[Measurement], Mapping[str, Any]], str]

    def html(self, measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
        """Return the section, empty if its table is empty."""
        table = self.table(measurements, models)
        template = string.Template(asset(__package__, f"report_{self.anchor}.html"))
        return template.substitute(table=table) if table else ""


def estimate(value: Estimate | None, small: str = "") -> Cell:
    """Return a value's cell, or ``NONE`` for a missing value."""
    return NONE if value is None else Cell(measured(value), small)
