"""A dot plot: values with standard errors, one line per name and one panel per quantity."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tildex.plots.paper import COLOURS, FAINT, INK, blank, headed, plain, quiet

__all__ = ["Dots", "dots"]

_LINE, _HEAD, _PANEL, _NAMES = 0.26, 1.05, 1.95, 1.5
# A value so many times as far from the best as half of the others would push all others together.
_FAR = 12.0


@dataclass(frozen=True)
class Dots:
    """One quantity.

    Attributes
    ----------
    title : str
        Its name and unit.
    values : sequence
        For each line an object with ``value`` and ``standard_error``, or None.
    reference : float, optional
        A value to compare with, drawn as a vertical line.
    higher : bool
        Whether higher is better.
    logarithmic : bool
        Whether the scale is logarithmic; the values are then positive.
    """

    title: str
    values: Sequence[Any]
    reference: float | None = None
    higher: bool = False
    logarithmic: bool = False


def dots(
    names: Sequence[str],
    panels: Sequence[Dots],
    *,
    faint: Collection[str] = (),
    bold: str = "",
    title: str = "Values and standard errors",
) -> Figure:
    """Draw one panel per quantity, side by side; a value far from all others is written at the edge.

    Parameters
    ----------
    names : sequence of str
        The lines, from top to bottom.
    panels : sequence of Dots
        The quantities, at least one.
    faint : collection of str
        Names drawn in grey, such as baselines.
    bold : str
        The name to emphasise.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If there is nothing to draw, or a panel does not have one value per name.

    Example
    -------
    >>> from types import SimpleNamespace as Estimate
    >>> values = [Estimate(value=1.0, standard_error=0.1), None]
    >>> [axes.get_title(loc="left") for axes in dots(["a", "b"], [Dots("seconds", values)]).axes]
    ['seconds']
    """
    if not panels or not names:
        raise ValueError("expected at least one name and one panel to draw, got none")
    if wrong := [panel.title for panel in panels if len(panel.values) != len(names)]:
        raise ValueError(f"expected {len(names)} values in each panel, one per name, but not so in {wrong}")
    figure = blank(_HEAD + _LINE * len(names), width=_NAMES + _PANEL * len(panels), layout="constrained")
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(grid, panels, strict=True):
        _draw(
            axes,
            panel,
            [COLOURS[3] if name in faint else COLOURS[0] for name in names],
            names.index(bold) if bold in names else None,
        )
    grid[0].set_yticks(range(len(names)), [plain(name) for name in names])
    grid[0].set_ylim(len(names) - 0.4, -0.6)
    for label, name in zip(grid[0].get_yticklabels(), names, strict=True):
        label.set(color=FAINT if name in faint else INK, fontweight="bold" if name == bold else "normal")
    headed(figure, title)
    return figure


def _draw(axes: Axes, panel: Dots, colours: Sequence[str], best: int | None) -> None:
    if panel.logarithmic:
        axes.set_xscale("log")
    if panel.reference is not None:
        axes.axvline(panel.reference, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    low, high = (None, None) if panel.logarithmic else _limits(panel)
    for line, (value, colour) in enumerate(zip(panel.values, colours, strict=True)):
        if value is None:
            continue
        if high is not None and not low <= value.value <= high:
            _beyond(axes, line, value.value, colour, right=value.value > high)
            continue
        error = value.standard_error if math.isfinite(value.standard_error) else 0.0
        axes.errorbar(
            value.value,
            line,
            xerr=error,
            fmt="o",
            color=colour,
            markersize=6 if line == best else 4.5,
            elinewidth=1.4,
            capsize=2.5,
            zorder=3,
            markeredgecolor=INK if line == best else colour,
        )
    if high is not None:
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_title(plain(panel.title, 32), loc="left", fontsize=9.5, color=INK)
    axes.set_xlabel(
        "log scale, shorter is better"
        if panel.logarithmic
        else "higher is better"
        if panel.higher
        else "lower is better"
    )
    axes.grid(axis="both", color="#ececec", linewidth=0.8)
    axes.set_axisbelow(True)
    quiet(axes)
    axes.tick_params(axis="y", length=0, labelsize=9)


def _limits(panel: Dots) -> tuple[float, float]:
    """Return the ends of the axis: around all values but those far out on the worse side."""
    values = sorted((value.value for value in panel.values if value is not None), reverse=panel.higher)
    best = values[0]
    middle = abs(values[len(values) // 2] - best) or abs(values[-1] - best)
    near = [value for value in values if abs(value - best) <= _FAR * middle]
    kept = [value for value in panel.values if value is not None and value.value in near]
    errors = [value.standard_error if math.isfinite(value.standard_error) else 0.0 for value in kept]
    ends = [value.value - error for value, error in zip(kept, errors, strict=True)]
    ends += [value.value + error for value, error in zip(kept, errors, strict=True)]
    if panel.reference is not None:
        ends.append(panel.reference)
    low, high = min(ends), max(ends)
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _beyond(axes: Axes, line: int, value: float, colour: str, *, right: bool) -> None:
    """Write a value that lies beyond the axis at its edge."""
    text = f"{value:,.3g} →" if right else f"← {value:,.3g}"
    axes.annotate(
        text.replace("-", "\N{MINUS SIGN}"),
        (1 if right else 0, line),
        xycoords=("axes fraction", "data"),
        ha="right" if right else "left",
        va="center",
        fontsize=8,
        color=colour if colour != COLOURS[3] else FAINT,
    )
