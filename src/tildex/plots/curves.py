"""Learning curves: one panel per model, since losses of different models have no common scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tildex.plots.paper import COLOURS, INK, WIDTH, blank, plain, quiet

__all__ = ["curves"]

# Dashes distinguish the two where colours do not.
_STYLES = {"training": (COLOURS[0], "-"), "held out": (COLOURS[6], "--")}
# A contrastive rule's loss is a difference that stays near zero and cannot be compared with held-out rows.
_DIFFERENCE = "free_energy_gap"

# Beyond this ratio of first to last epoch, a linear scale would show only the first.
_WIDE = 50

Panel = tuple[str, dict[str, list[float]], list[float]]
History = Sequence[Mapping[str, float]]


def curves(histories: Mapping[str, History], *, columns: int = 2) -> Figure:
    """Draw loss and held-out loss over epochs, with a line between stages.

    Parameters
    ----------
    histories : mapping of str to list of dict
        Estimators' ``history_`` by model name.
    columns : int
        Panels per row.

    Raises
    ------
    ValueError
        If all histories are empty.

    Example
    -------
    >>> history = [{"epoch": 1.0, "loss": 3.0, "held_out": 3.2}, {"epoch": 2.0, "loss": 2.0, "held_out": 2.5}]
    >>> len(curves({"a": history, "b": history}).axes)
    2
    """
    panels = [panel for name, history in histories.items() if history for panel in _panels(name, history)]
    if not panels:
        raise ValueError("expected at least one history with one record per epoch, got none")
    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = blank(2.2 * rows, width=WIDTH if columns == 1 else 3.3 * columns, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, lines, borders) in zip(grid, panels, strict=False):
        _draw(axes, title, lines, borders)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _panels(name: str, history: History) -> list[Panel]:
    lines = {
        label: [float(record.get(key, math.nan)) for record in history]
        for label, key in (("training", "loss"), ("held out", "held_out"))
        if any(key in record for record in history)
    }
    stages = [record.get("stage") for record in history]
    borders = [k + 0.5 for k in range(1, len(stages)) if stages[k] != stages[k - 1]]
    if _DIFFERENCE not in history[-1]:
        return [(f"{name}: loss, nats per row", lines, borders)]
    gap = {"training": [float(record.get(_DIFFERENCE, math.nan)) for record in history]}
    panels = [(f"{name}: free energy, data minus chains", gap, borders)]
    if "held out" in lines:
        panels.append((f"{name}: pseudo-likelihood loss", {"held out": lines["held out"]}, borders))
    return panels


def _draw(axes: Axes, title: str, lines: dict[str, list[float]], borders: list[float]) -> None:
    for border in borders:
        axes.axvline(border, color=INK, linewidth=0.6, alpha=0.4)
    for label, values in lines.items():
        # A single epoch is a point, and a line through one point is invisible.
        marker = "o" if len(values) == 1 else None
        colour, style = _STYLES[label]
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, style, color=colour, label=label, linewidth=1.8, marker=marker)
    shown = [value for values in lines.values() for value in values if math.isfinite(value)]
    if shown and min(shown) > 0 and max(shown) > _WIDE * min(shown):
        axes.set_yscale("log")
    axes.set_title(plain(title, 44), loc="left", fontsize=10, color=INK)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    quiet(axes)
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
