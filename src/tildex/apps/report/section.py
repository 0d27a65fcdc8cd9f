"""What a section of the report is: a table that some models have, and a template beside it that explains it."""

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
"""What stands in a cell where nothing was measured."""


@dataclass(frozen=True)
class Section:
    """A section that not every page has.

    Attributes
    ----------
    anchor : str
        By which the contents lead to it; its template is ``report_ANCHOR.html``, which has a place for the table.
    title : str
        Its name in the contents.
    table : callable
        From the measurements and the models by name to the table, empty where no model has a row in it.
    """

    anchor: str
    title: str
    table: Callable[[Sequence[Measurement], Mapping[str, Any]], str]

    def html(self, measurements: Sequence[Measurement], models: Mapping[str, Any]) -> str:
        """Return the section, empty where there is nothing to show."""
        table = self.table(measurements, models)
        template = string.Template(asset(__package__, f"report_{self.anchor}.html"))
        return template.substitute(table=table) if table else ""


def estimate(value: Estimate | None, small: str = "") -> Cell:
    """Return the cell of a value that may be missing."""
    return NONE if value is None else Cell(measured(value), small)
