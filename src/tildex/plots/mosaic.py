"""Images arranged as a sheet of tiles, and the sheet as a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.paper import INK, WIDTH, blank, headed

__all__ = ["as_images", "columns_for", "common_range", "compose", "gap_of", "show", "to_rgb"]

# Inches: margin, title height, width of labels on the left, and maximum width of a tile.
_MARGIN, _HEAD, _LABELS, _LARGEST_TILE = 0.06, 0.36, 1.0, 0.8


def as_images(X: Any, shape: Sequence[int] | None) -> np.ndarray | None:
    """Return rows as images, shape (n, h, w) or (n, h, w, 3), or None if samples of ``shape`` are not images.

    Example
    -------
    >>> as_images(np.zeros((2, 12)), (3, 4, 1)).shape
    (2, 3, 4)
    >>> as_images(np.zeros((2, 12)), None) is None
    True
    """
    shape = tuple(shape or ())
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        return np.asarray(X, dtype=float).reshape(-1, *shape)
    return None


def common_range(images: np.ndarray) -> tuple[float, float]:
    """Return the values drawn black and white: 0 and 1 if all values lie between them, else minimum and maximum."""
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def to_rgb(images: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return images in [0, 1] of shape (n, h, w, 3), black at one limit and white at the other."""
    low, high = limits
    scaled = np.clip((images - low) / (high - low if high > low else 1.0), 0, 1)
    return scaled if scaled.ndim == 4 else np.repeat(scaled[..., None], 3, axis=3)


def compose(rgb: np.ndarray, columns: int, *, row_gap: int | None = None, ground: float = 1.0) -> np.ndarray:
    """Lay tiles out row by row, shape (height, width, 3).

    Parameters
    ----------
    rgb : array of shape (n, h, w, 3)
        The tiles.
    columns : int
        Tiles per row.
    row_gap : int, optional
        Pixels between rows; by default the same as between columns.
    ground : float
        The grey between tiles, 1 for white.

    Example
    -------
    >>> compose(np.zeros((3, 8, 8, 3)), 2).shape
    (17, 17, 3)
    """
    _, h, w, _ = rgb.shape
    gap = gap_of(w)
    down = gap if row_gap is None else row_gap
    rows = math.ceil(len(rgb) / columns)
    tiles = np.concatenate([rgb, np.ones((rows * columns - len(rgb), h, w, 3))])
    sheet = np.full((rows * (h + down) - down, columns * (w + gap) - gap, 3), ground)
    for k, tile in enumerate(tiles):
        top, left = k // columns * (h + down), k % columns * (w + gap)
        sheet[top : top + h, left : left + w] = tile
    return sheet


def columns_for(n: int, most: int) -> int:
    """Return the number of tiles per row, at most ``most``, that makes the last row as full as possible.

    Example
    -------
    >>> columns_for(12, 10), columns_for(7, 10)
    (6, 7)
    """
    most = min(most, n)
    return min(range(math.ceil(0.6 * most), most + 1), key=lambda columns: (-n % columns, -columns))


def gap_of(width: int) -> int:
    """Return the number of pixels between tiles of that width."""
    return max(1, round(width / 12))


def show(sheet: np.ndarray, columns: int, title: str, labels: Mapping[float, str] | None = None) -> Figure:
    """Return a figure of a sheet.

    Parameters
    ----------
    sheet : array of shape (height, width, 3)
        From :func:`compose`.
    columns : int
        Tiles a row: few tiles are not enlarged to the width of the figure.
    title : str
        Title of the figure.
    labels : mapping of float to str, optional
        Labels left of the sheet, by pixel row.
    """
    left = _LABELS if labels else _MARGIN
    width = min(WIDTH - left - _MARGIN, columns * _LARGEST_TILE)
    height = width * sheet.shape[0] / sheet.shape[1]
    figure = blank(height + _HEAD + _MARGIN)
    total = height + _HEAD + _MARGIN
    axes = figure.add_axes((left / WIDTH, _MARGIN / total, width / WIDTH, height / total))
    axes.imshow(sheet, aspect="auto")
    axes.set_xticks([])
    axes.set_yticks(list(labels or {}), list((labels or {}).values()), fontsize=9, color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    headed(figure, title)
    return figure
