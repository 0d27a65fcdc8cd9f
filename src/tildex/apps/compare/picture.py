"""The picture of a comparison."""

from __future__ import annotations

from matplotlib.figure import Figure

from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.densities import NORMAL
from tildex.apps.compare.question import INDEPENDENT, PRINCIPAL
from tildex.evaluate import Estimate
from tildex.plots import Dots, dots

__all__ = ["picture_of"]


def picture_of(comparison: Comparison) -> Figure:
    """Return a dot plot: one panel per question, one line per model or baseline, bars of one standard error."""
    rows = comparison.rows
    relative = any(row.ratio for row in rows)
    simple = [row.likelihood.value for row in rows if row.baseline and row.likelihood]
    principal = comparison[PRINCIPAL]
    panels = [
        Dots(
            "squared error, PCA = 1" if relative else "squared error",
            [row.ratio if relative else row.error for row in rows],
            reference=1.0 if relative else None,
        ),
        Dots(
            "probe, correct" if comparison.target == "classes" else "probe, R²",
            [row.probe for row in rows],
            reference=None if principal.probe is None else principal.probe.value,
            higher=True,
        ),
        Dots(
            "nats per row",
            [row.likelihood for row in rows],
            reference=max(simple, default=None),
            higher=True,
        ),
        Dots("seconds to train", [_positive(row.seconds) for row in rows], logarithmic=True),
    ]
    baselines = (PRINCIPAL, INDEPENDENT, NORMAL)
    return dots(
        [row.name for row in rows],
        [panel for panel in panels if any(panel.values)],
        faint=[name for name in baselines if any(row.name == name for row in rows)],
        bold=comparison.best,
        title=f"{comparison.name}: codes of {comparison.n_components} units on held-out rows",
    )


def _positive(seconds: Estimate | None) -> Estimate | None:
    return seconds if seconds is not None and seconds.value > 0 else None
