"""Completions of images: the given part, and the model's draws of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.mosaic import as_images, common_range, compose, gap_of, show, to_rgb

__all__ = ["completions"]

_UNKNOWN = np.array([0.62, 0.72, 0.84])
"""A pale blue, which no grey picture contains."""


def completions(
    X: Any,
    known: Any,
    drawn: Any,
    shape: Sequence[int] | None,
    *,
    title: str = "A part given, the rest drawn",
) -> Figure:
    """Draw originals, below them the given part of each, and below that each draw.

    Parameters
    ----------
    X : array of shape (n, features)
        The whole rows.
    known : boolean array of shape (features,) or (n, features)
        Mask of the given values.
    drawn : array of shape (draws, n, features)
        From :func:`tildex.apps.completion.complete`.
    shape : (height, width) or (height, width, channels)
        Shape of one image.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If rows are not images, or the arrays' shapes do not match.

    Example
    -------
    >>> X = np.zeros((5, 16))
    >>> len(completions(X, np.arange(16) < 8, np.ones((2, 5, 16)), (4, 4)).axes)
    1
    """
    X, drawn = np.asarray(X, dtype=float), np.asarray(drawn, dtype=float)
    images: Any = as_images(X, shape)
    if images is None or drawn.ndim != 3 or drawn.shape[1:] != X.shape:
        raise ValueError(f"expected images of {shape} and draws of each, got {X.shape} and {drawn.shape}")
    mask: Any = as_images(np.broadcast_to(np.asarray(known, dtype=bool), X.shape), shape)
    limits = common_range(images)
    seen = mask[..., None] if mask.ndim == 3 else mask
    rgb = to_rgb(images, limits)
    rows = [rgb, np.where(seen, rgb, _UNKNOWN), *(to_rgb(one.reshape(images.shape), limits) for one in drawn)]
    sheet = compose(np.concatenate(rows), len(X))
    step = rgb.shape[1] + gap_of(rgb.shape[2])
    words = ["original", "given", *(f"draw {k + 1}" for k in range(len(drawn)))]
    middle = (rgb.shape[1] - 1) / 2
    return show(sheet, len(X), title, {k * step + middle: word for k, word in enumerate(words)})
