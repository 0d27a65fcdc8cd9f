"""A comparison as text: one table with footnotes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.row import Row
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.evaluate import Estimate

__all__ = ["NOTHING", "Table", "heading", "table_of"]

# The error of a model that has gone astray, of which no digit matters.
_HUGE = 1e7

NOTHING = "-"
"""The cell of a value that there is not."""


@dataclass(frozen=True)
class Table:
    """Cells by column for each row, and the footnotes that they refer to.

    Attributes
    ----------
    rows : list of dict of str to str
        One per row of the comparison, in order.
    footnotes : list of str
        In order, each with its number.
    """

    rows: list[dict[str, str]]
    footnotes: list[str]


def heading(comparison: Comparison) -> str:
    """Return what was compared, in one line."""
    folds = "one split" if comparison.n_folds == 1 else f"{comparison.n_folds} folds"
    return (
        f"{comparison.name}: {counted(comparison.n_rows)} rows of {counted(comparison.n_features)} columns, "
        f"codes of {comparison.n_components}, {folds}"
    )


def table_of(comparison: Comparison) -> Table:
    """Return the table: errors, probes, likelihoods and times with standard errors; footnotes say what is what.

    A column without any value is left out.
    """
    numbers: dict[str, int] = {}

    def mark(text: str) -> str:
        return f"[{numbers.setdefault(text, len(numbers) + 1)}]" if text else ""

    probe = percent if comparison.target == "classes" else measured
    columns: dict[str, Callable[[Row], str]] = {
        "model": lambda row: row.name + "".join(mark(note) for note in row.notes),
        "squared error": lambda row: _text(row.error),
        "of PCA's": lambda row: _text(row.ratio, _relative),
        "probe": lambda row: _text(row.probe, probe),
        "nats a row": lambda row: _text(row.likelihood) + mark(row.likelihood_said),
        "seconds": lambda row: _text(row.seconds) + _cut(row, comparison.n_folds),
    }
    rows = [{name: cell(row) for name, cell in columns.items()} for row in comparison.rows]
    kept = [name for name in columns if any(not row[name].startswith(NOTHING) for row in rows)]
    # On a narrow terminal a value may stand above its error, but neither is broken.
    rows = [{name: text.replace("± ", "±") for name, text in row.items()} for row in rows]
    used = "".join(row[name] for row in rows for name in kept)
    notes = [f"[{number}] {text}" for text, number in numbers.items() if f"[{number}]" in used]
    densities = f"likelihoods are of {comparison.of}"
    general = [
        f"squared errors are in {comparison.unit}, summed over columns",
        densities,
        "± is one standard error over held-out rows",
    ]
    if any(row.stopped_early for row in comparison.rows):
        general.insert(0, "cut: training ended at its share of the time, in so many of the folds")
    if "nats a row" not in kept:
        general.remove(densities)
    return Table([{name: row[name] for name in kept} for row in rows], [*notes, *general])


def _text(estimate: Estimate | None, show: Callable[[Estimate], str] = measured) -> str:
    if estimate is None:
        return NOTHING
    if abs(estimate.value) >= _HUGE:
        return f"{estimate.value:.1e} ± {estimate.standard_error:.1e}"
    return show(estimate)


def _relative(ratio: Estimate) -> str:
    return f"{ratio.value:.3f} ± {ratio.standard_error:.3f}" if ratio.standard_error else f"{ratio.value:.3g}"


def _cut(row: Row, n_folds: int) -> str:
    if not row.stopped_early:
        return ""
    return ", cut" if n_folds == 1 else f", cut {row.stopped_early}/{n_folds}"
