"""Rows of a table as heat maps with one column per feature, for data that are not images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tildex.plots.paper import FAINT, INK, WIDTH, blank, headed, plain, quiet

__all__ = ["standardised", "strips"]

_MOST_NAMES = 32
_MOST_ROWS = 40
_UNKNOWN = "0.8"


def standardised(X: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return columns standardised by the moments of the known cells of ``like``; a constant column is only centred.

    Example
    -------
    >>> X = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> standardised(X, X).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    known = np.ma.masked_invalid(like)
    spread = known.std(0).filled(0)
    return np.asarray((X - known.mean(0).filled(0)) / np.where(spread > 0, spread, 1.0))


def strips(
    panels: Mapping[str, np.ndarray],
    *,
    title: str,
    unit: str,
    names: Sequence[str] | None = None,
    limit: float = 2.5,
) -> Figure:
    """Draw heat maps below each other, with one colour scale centred at zero.

    Parameters
    ----------
    panels : mapping of str to array of shape (rows, features)
        Arrays to draw, by name; the first 40 rows are shown, unknown cells in grey.
    title : str
        Title of the figure.
    unit : str
        Unit of the colour scale.
    names : sequence of str, optional
        Names of the features.
    limit : float
        End of the colour scale.
    """
    shown = {label: panel[:_MOST_ROWS] for label, panel in panels.items()}
    heights = [0.35 + max(0.5, 0.13 * len(panel)) for panel in shown.values()]
    named = names is not None and len(names) <= _MOST_NAMES
    figure = blank(sum(heights) + (1.5 if named else 0.95), layout="constrained")
    colours = colormaps["RdBu_r"].with_extremes(bad=_UNKNOWN)
    grid = figure.subplots(len(shown), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (label, panel) in zip(grid, shown.items(), strict=True):
        image = axes.imshow(
            panel, cmap=colours, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
        )
        axes.set_title(plain(label, 60), loc="left", fontsize=9, color=INK, pad=3)
        axes.set_yticks([])
        quiet(axes)
    _name_features(grid[-1], names if named else None)
    bar = figure.colorbar(image, ax=list(grid), location="bottom", shrink=0.5, aspect=30)
    bar.set_label(plain(unit, 60), fontsize=8.5, color=FAINT)
    bar.ax.tick_params(labelsize=8, colors=FAINT)
    bar.outline.set_visible(False)
    headed(figure, title)
    return figure


def _name_features(axes: Axes, names: Sequence[str] | None) -> None:
    if names is None:
        axes.set_xlabel("column")
        return
    crowded = sum(len(plain(name, 16)) for name in names) * 0.075 > WIDTH
    axes.set_xticks(range(len(names)), [plain(name, 16) for name in names])
    if crowded:
        for label in axes.get_xticklabels():
            label.set(rotation=55, ha="right", rotation_mode="anchor")
