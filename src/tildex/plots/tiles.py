"""A sheet of images, all drawn with one range of values so that they are comparable."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.mosaic import columns_for, common_range, compose, show, to_rgb

__all__ = ["tiles"]


def tiles(
    images: np.ndarray,
    *,
    title: str = "Images",
    columns: int | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw images side by side.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3)
        Grey or colour images.
    title : str
        Title of the figure.
    columns : int, optional
        Images per row; by default the sheet is wider than high.
    limits : (float, float), optional
        The values drawn black and white; by default 0 and 1, or the minimum and maximum over all images.

    Raises
    ------
    ValueError
        If there are no images, or the array has another shape.

    Example
    -------
    >>> figure = tiles(np.zeros((6, 8, 8)), title="Six black squares")
    >>> len(figure.axes)
    1
    """
    images = np.asarray(images, dtype=float)
    if images.size == 0 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(f"expected images of shape (n, h, w) or (n, h, w, 3), got {images.shape}")
    columns = columns or columns_for(len(images), max(6, round((2 * len(images)) ** 0.5)))
    return show(compose(to_rgb(images, limits or common_range(images)), columns), columns, title)
