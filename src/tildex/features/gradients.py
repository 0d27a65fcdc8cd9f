r"""Histograms of oriented gradients: the orientations of edges in each cell of a picture.

.. math:: \theta = \operatorname{atan2}(\partial_y I, \partial_x I) \bmod \pi, \quad
          g = \sqrt{(\partial_x I)^2 + (\partial_y I)^2}
"""

from __future__ import annotations

import numpy as np

__all__ = ["oriented_gradients"]

_CLIP = 0.2
_EPSILON = 1e-3


def oriented_gradients(images: np.ndarray, *, grid: int = 6, orientations: int = 9) -> np.ndarray:
    """Return the contrast-normalised strength of edges of each orientation in every cell (Dalal and Triggs, 2005,
    "Histograms of oriented gradients for human detection").

    A pixel's gradient, in a colour picture that of its strongest channel, is interpolated between the two nearest
    orientations and the four nearest cells. A cell's histogram is normalised to length one together with its
    neighbours, clipped at 0.2 and normalised again, so that one strong edge does not hide the rest.

    Parameters
    ----------
    images : array of shape (n, height, width) or (n, height, width, 3)
        Pixels from 0 to 1.
    grid : int
        Cells along each side.
    orientations : int
        Number of orientations from 0 to 180 degrees; light to dark and dark to light count as the same.

    Returns
    -------
    float32 array of shape (n, grid * grid * orientations)
        From 0 to 1. Orientation 0 is that of a vertical edge.

    Example
    -------
    >>> edge = np.zeros((1, 12, 12))
    >>> edge[:, :, 6:] = 1
    >>> oriented_gradients(edge, grid=1, orientations=4).round(2).tolist()
    [[1.0, 0.0, 0.0, 0.0]]
    """
    images = np.asarray(images, dtype=np.float32)
    channels = images[..., None] if images.ndim == 3 else images
    dy, dx = _slope(channels, 1), _slope(channels, 2)
    strongest = (dx**2 + dy**2).argmax(-1)[..., None]
    dx, dy = (np.take_along_axis(d, strongest, -1)[..., 0] for d in (dx, dy))
    place = (np.arctan2(dy, dx) % np.pi) / np.pi * orientations
    around = np.abs(
        (place[..., None] - np.arange(orientations, dtype=np.float32) + orientations / 2) % orientations
    )
    shares = np.hypot(dx, dy)[..., None] * np.maximum(0, 1 - np.abs(around - orientations / 2))
    down, across = (_cells(length, grid) for length in images.shape[1:3])
    cells = np.einsum("rh,cw,nhwo->nrco", down, across, shares, optimize=True)
    return _contrast_free(cells).reshape(len(images), -1).astype(np.float32)


def _slope(x: np.ndarray, axis: int) -> np.ndarray:
    """Return central differences, with border pixels repeated outwards."""
    pad = [(0, 0)] * x.ndim
    pad[axis] = (1, 1)
    wide = np.pad(x, pad, mode="edge")
    n = x.shape[axis]
    return (np.take(wide, range(2, n + 2), axis) - np.take(wide, range(n), axis)) / 2


def _cells(length: int, grid: int) -> np.ndarray:
    """Return the weight of each pixel in each cell along one side, shape (grid, length)."""
    place = (np.arange(length, dtype=np.float32) + 0.5) * (grid / length) - 0.5
    return np.maximum(0, 1 - np.abs(place.clip(0, grid - 1) - np.arange(grid, dtype=np.float32)[:, None]))


def _contrast_free(cells: np.ndarray) -> np.ndarray:
    """Normalise every cell by the norm of the three by three cells around it, clip, and normalise again."""
    return _block_scaled(_block_scaled(cells).clip(max=_CLIP))


def _block_scaled(cells: np.ndarray) -> np.ndarray:
    rows, columns = cells.shape[1:3]
    energy = np.pad((cells**2).sum(-1), ((0, 0), (1, 1), (1, 1)))
    block = sum(energy[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3))
    return cells / np.sqrt(block + _EPSILON**2)[..., None]
