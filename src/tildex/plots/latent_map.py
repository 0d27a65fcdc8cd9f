"""A scatter plot of two-dimensional codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tildex.plots.paper import COLOURS, INK, blank, headed, plain, quiet

__all__ = ["latent_map", "legend", "name_of", "scatter", "write_names"]

_MARKERS = "osD^v"
_MOST_IN_LEGEND = 40
# More or longer names would overlap.
_MOST_WRITTEN, _LONGEST_WRITTEN = 20, 3


def latent_map(
    Z: Any,
    y: Any = None,
    target_names: Sequence[str] | None = None,
    *,
    axes_names: tuple[str, str] = ("code unit 1", "code unit 2"),
    title: str = "Where the model puts each row",
) -> Figure:
    """Draw rows as points coloured by class, with short names at class medians and a legend below.

    Parameters
    ----------
    Z : array of shape (n, 2)
        The points; the caller must reduce longer codes.
    y : array of shape (n,), optional
        A class per row.
    target_names : sequence of str, optional
        ``target_names[k]`` is the name of class ``k``.
    axes_names : (str, str)
        Names of the two axes.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If ``Z`` does not have two columns, or ``y`` has another number of rows.

    Example
    -------
    >>> Z = np.random.default_rng(0).normal(size=(30, 2))
    >>> len(latent_map(Z, np.arange(30) % 3, ("ant", "bee", "cat")).legends)
    1
    """
    Z = np.asarray(Z, dtype=float)
    if Z.ndim != 2 or Z.shape[1] != 2:
        raise ValueError(f"expected points of shape (n, 2), got {Z.shape}: reduce longer codes first")
    classes = np.zeros(len(Z), dtype=int) if y is None else np.asarray(y)
    if classes.shape != (len(Z),):
        raise ValueError(f"expected a class for each of {len(Z)} points, got {classes.shape}")
    found = np.unique(classes)
    names = [name_of(label, target_names) for label in found]
    n_columns = _columns(names)
    n_entries = 0 if y is None else min(len(found), _MOST_IN_LEGEND + 1)
    figure = blank(4.1 + 0.2 * math.ceil(n_entries / n_columns), layout="constrained")
    headed(figure, title)
    axes = figure.add_subplot(xlabel=plain(axes_names[0], 60), ylabel=plain(axes_names[1], 60))
    points = [scatter(axes, Z[classes == label], k, len(Z)) for k, label in enumerate(found)]
    if y is not None:
        write_names(axes, Z, classes, found, names)
        legend(figure, points, names)
    quiet(axes)
    return figure


def name_of(label: Any, target_names: Sequence[str] | None) -> str:
    """Return the name of a class, shortened for a legend."""
    known = target_names is not None and 0 <= label < len(target_names)
    return plain(target_names[label] if known else label, 18)  # type: ignore[index]


def scatter(axes: Axes, points: np.ndarray, k: int, n: int) -> Any:
    """Draw the points of the ``k``-th class; ``n`` is the total number of points."""
    return axes.scatter(
        points[:, 0],
        points[:, 1],
        s=float(np.clip(12000 / n, 6, 28)),
        color=COLOURS[k % len(COLOURS)],
        marker=_MARKERS[k // len(COLOURS) % len(_MARKERS)],
        linewidths=0,
        alpha=0.75,
    )


def legend(figure: Figure, points: list[Any], names: list[str]) -> None:
    """Write the legend of colours below the panels, as far as there is room."""
    more = len(names) - _MOST_IN_LEGEND
    if more > 0:
        points = [*points[:_MOST_IN_LEGEND], Line2D([], [], linestyle="none")]
        names = [*names[:_MOST_IN_LEGEND], f"and {more} more"]
    figure.legend(
        points,
        names,
        loc="outside lower center",
        ncols=_columns(names),
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        handletextpad=0.2,
        columnspacing=1.0,
        markerscale=1.4,
    )


def write_names(axes: Axes, Z: np.ndarray, classes: np.ndarray, found: np.ndarray, names: list[str]) -> None:
    """Write short names at each class's median."""
    if len(found) > _MOST_WRITTEN or max(map(len, names)) > _LONGEST_WRITTEN:
        return
    halo = [effects.withStroke(linewidth=3, foreground="white")]
    for label, name in zip(found, names, strict=True):
        x, y = np.median(Z[classes == label], axis=0)
        axes.text(
            x, y, name, ha="center", va="center", fontsize=9.5, weight="bold", color=INK, path_effects=halo
        )


def _columns(names: list[str]) -> int:
    return 5 if max(map(len, names)) <= 9 else 3
