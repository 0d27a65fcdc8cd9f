"""Filters: the weights into each code unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tildex.plots.mosaic import as_images, columns_for, compose, show
from tildex.plots.strips import strips

__all__ = ["filters"]

# White filters on white paper would have no visible edge.
_GROUND = 0.82


def filters(
    W: Any,
    shape: Sequence[int] | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    title: str = "Filters",
) -> Figure:
    """Draw one tile per filter, zero white, positive red and negative blue, each in its own scale.

    Filters of colour images are drawn in colour around grey. If rows are not images, each filter is a row of a heat
    map.

    Parameters
    ----------
    W : array of shape (n, features)
        The filters.
    shape : sequence of int, optional
        Shape of one sample: (h, w) or (h, w, channels).
    feature_names : sequence of str, optional
        Names of a table's columns.
    title : str
        Title of the figure.

    Example
    -------
    >>> len(filters(np.random.default_rng(0).normal(size=(16, 64)), (8, 8)).axes)
    1
    """
    W = np.asarray(W, dtype=float)
    largest = np.abs(W).max(axis=1, keepdims=True)
    W = W / np.where(largest > 0, largest, 1.0)
    images = as_images(W, shape)
    if images is None:
        unit = "weight, relative to the filter's largest"
        return strips({f"{len(W)} filters": W}, title=title, unit=unit, names=feature_names, limit=1.0)
    centred = (1 + images) / 2
    rgb = centred if images.ndim == 4 else mpl.colormaps["RdBu_r"](centred)[..., :3]
    columns = columns_for(len(rgb), max(6, round((2 * len(rgb)) ** 0.5)))
    return show(compose(rgb, columns, ground=_GROUND), columns, title)
