"""The development of a latent map: the same rows at several epochs, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.latent_map import legend, name_of, scatter, write_names
from tildex.plots.paper import INK, blank, headed, plain, quiet

__all__ = ["latent_maps"]

_COLUMNS = 2


def latent_maps(
    maps: Mapping[int, Any],
    y: Any = None,
    target_names: Sequence[str] | None = None,
    *,
    title: str = "Where the model puts each row, epoch by epoch",
) -> Figure:
    """Draw one panel per epoch, coloured by class, with one legend below; each panel has its own scale.

    Parameters
    ----------
    maps : mapping of int to array of shape (n, 2)
        The points by epoch.
    y : array of shape (n,), optional
        A class per row.
    target_names : sequence of str, optional
        ``target_names[k]`` is the name of class ``k``.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If there is no map, a map does not have two columns, or the numbers of rows differ.

    Example
    -------
    >>> draws = np.random.default_rng(0)
    >>> figure = latent_maps({0: draws.normal(size=(30, 2)), 9: draws.normal(size=(30, 2))}, np.arange(30) % 3)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['epoch 0', 'epoch 9']
    """
    points = {epoch: np.asarray(Z, dtype=float) for epoch, Z in maps.items()}
    shapes = {Z.shape for Z in points.values()}
    if len(shapes) != 1 or (shape := next(iter(shapes)))[1:] != (2,):
        raise ValueError(f"expected maps of one shape (n, 2), got {sorted(shapes) or 'none'}")
    classes = np.zeros(shape[0], dtype=int) if y is None else np.asarray(y)
    if classes.shape != shape[:1]:
        raise ValueError(f"expected a class for each of {shape[0]} points, got {classes.shape}")
    found = np.unique(classes)
    names = [name_of(label, target_names) for label in found]
    columns = min(_COLUMNS, len(points))
    figure = blank(
        2.5 * math.ceil(len(points) / columns) + (0.6 if y is not None else 0.2), layout="constrained"
    )
    headed(figure, title)
    grid = list(figure.subplots(math.ceil(len(points) / columns), columns, squeeze=False).flat)
    drawn: list[Any] = []
    for axes, (epoch, Z) in zip(grid, points.items(), strict=False):
        drawn = [scatter(axes, Z[classes == label], k, 4 * len(Z)) for k, label in enumerate(found)]
        if y is not None:
            write_names(axes, Z, classes, found, names)
        axes.set_title(plain(f"epoch {epoch}"), loc="left", fontsize=9.5, color=INK)
        axes.set(xticks=[], yticks=[])
        quiet(axes)
    for axes in grid[len(points) :]:
        axes.remove()
    if y is not None:
        legend(figure, drawn, names)
    return figure
