"""A vector field on a plane: how a model moves points towards where it expects data."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.paper import COLOURS, INK, blank, headed, plain, quiet

__all__ = ["vector_field"]


def vector_field(
    X: Any,
    places: Any,
    moves: Any,
    *,
    axes_names: tuple[str, str] = ("column 1", "column 2"),
    title: str = "Where the model moves a point",
) -> Figure:
    """Draw data as points, and moves as arrows at given places; the longest arrow spans the spacing of places.

    Arrow lengths are square roots, so that moves a hundred times smaller than the largest still show a direction.

    Parameters
    ----------
    X : array of shape (n, 2)
        The data.
    places, moves : array of shape (m, 2)
        Starting points and vectors of the arrows: a score field, or reconstructions minus their inputs.
    axes_names : (str, str)
        Names of the two columns.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If an array does not have two columns, or the numbers of places and moves differ.

    Example
    -------
    >>> places = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), -1).reshape(-1, 2)
    >>> figure = vector_field(np.zeros((3, 2)), places, -places)
    >>> len(figure.axes)
    1
    """
    X, places, moves = (np.asarray(values, dtype=float) for values in (X, places, moves))
    for values in (X, places, moves):
        if values.ndim != 2 or values.shape[1] != 2:
            raise ValueError(f"expected arrays of shape (n, 2), got {values.shape}: a plane has two columns")
    if len(places) != len(moves):
        raise ValueError(f"expected a move for each of {len(places)} places, got {len(moves)}")
    figure = blank(4.6, layout="constrained")
    headed(figure, title)
    axes = figure.add_subplot(xlabel=plain(axes_names[0], 60), ylabel=plain(axes_names[1], 60))
    size = float(np.clip(6000 / len(X), 3, 20))
    axes.scatter(X[:, 0], X[:, 1], s=size, color=COLOURS[1], linewidths=0, alpha=0.7)
    lengths = np.linalg.norm(moves, axis=1, keepdims=True)
    arrows = moves / np.sqrt(np.where(lengths > 0, lengths, 1.0))
    longest = float(np.sqrt(lengths.max(initial=0.0)))
    if longest > 0:
        axes.quiver(
            *places.T,
            *arrows.T,
            color=INK,
            angles="xy",
            scale_units="xy",
            scale=longest / _spacing(places),
            width=0.003,
            headwidth=4,
            headlength=4.5,
        )
    axes.set_aspect("equal")
    quiet(axes)
    return figure


def _spacing(places: np.ndarray) -> float:
    """Return the spacing of places: the side of a square with each place's part of the covered area."""
    spans = np.ptp(places, axis=0)
    return float(np.sqrt(spans.prod() / len(places)) or spans.max() / max(len(places) - 1, 1) or 1.0)
