"""Samples drawn by a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.mosaic import as_images
from tildex.plots.strips import standardised, strips
from tildex.plots.tiles import tiles

__all__ = ["samples"]


def samples(
    X: Any,
    shape: Sequence[int] | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    title: str = "Samples drawn from the model",
) -> Figure:
    """Draw samples as images, or as heat maps if rows are not images.

    Parameters
    ----------
    X : array of shape (n, features)
        The samples.
    shape : sequence of int, optional
        Shape of one sample: (h, w) or (h, w, channels).
    feature_names : sequence of str, optional
        Names of a table's columns.
    title : str
        Title of the figure.

    Example
    -------
    >>> len(samples(np.random.default_rng(0).random((20, 64)), (8, 8)).axes)
    1
    """
    images = as_images(X, shape)
    if images is not None:
        return tiles(images, title=title)
    X = np.asarray(X, dtype=float)
    unit = "standard deviations of each column from its mean"
    return strips({f"{len(X)} samples": standardised(X, X)}, title=title, unit=unit, names=feature_names)
