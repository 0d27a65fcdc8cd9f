r"""Colour histograms in CIELAB, where equal distances look equally different, over a grid of regions."""

from __future__ import annotations

import numpy as np

__all__ = ["colour_histograms", "lab"]

# sRGB to XYZ, with white point D65 (IEC 61966-2-1, 1999).
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float32
)
_WHITE = _TO_XYZ.sum(1)
_KNEE = np.float32(6 / 29)
# Almost all colours in photographs lie within these limits.
_CHROMA = 60.0


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return sRGB colours from 0 to 1 as lightness from 0 to 100 and two opponent axes, green-red and blue-yellow.

    Parameters
    ----------
    rgb : array of shape (..., 3)
        The colours.

    Returns
    -------
    float32 array of shape (..., 3)

    Example
    -------
    >>> lab(np.array([[1.0, 1, 1], [0, 0, 0], [1, 0, 0]])).round().tolist()
    [[100.0, 0.0, 0.0], [0.0, 0.0, 0.0], [53.0, 80.0, 67.0]]
    """
    rgb = np.asarray(rgb, dtype=np.float32).clip(0, 1)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = linear @ _TO_XYZ.T / _WHITE
    f = np.where(t > _KNEE**3, np.cbrt(t), t / (3 * _KNEE**2) + np.float32(4 / 29))
    x, y, z = np.moveaxis(f, -1, 0)
    # Adding zero turns minus zero into zero.
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32) + 0


def colour_histograms(
    images: np.ndarray, *, grid: int = 3, lightness_bins: int = 6, chroma_bins: int = 5
) -> np.ndarray:
    """Return square roots of histograms per region: one of lightness, one of both opponent axes jointly.

    A pixel is interpolated between its two nearest bins, so that a small change of light changes the histogram
    little. Square roots turn Euclidean distances into Hellinger distances.

    Parameters
    ----------
    images : array of shape (n, height, width) or (n, height, width, 3)
        Pixels from 0 to 1; grey images have no opponent axes.
    grid : int
        Regions along each side.
    lightness_bins, chroma_bins : int
        Bins of the lightness, and of each opponent axis; at least 2.

    Returns
    -------
    float32 array of shape (n, grid * grid * bins)
        ``bins`` is ``lightness_bins``, for colour plus ``chroma_bins`` squared; the squares of each histogram sum to
        one in every region.

    Example
    -------
    >>> colour_histograms(np.ones((1, 8, 8)), grid=1, lightness_bins=3).tolist()
    [[0.0, 0.0, 1.0]]
    """
    images = np.asarray(images, dtype=np.float32)
    colours = lab(images if images.ndim == 4 else np.repeat(images[..., None], 3, -1))
    light = _shares(colours[..., 0] / 100, lightness_bins)
    parts = [_by_region(light, grid)]
    if images.ndim == 4:
        a, b = (_shares((colours[..., k] / _CHROMA + 1) / 2, chroma_bins) for k in (1, 2))
        joint = np.einsum("nhwi,nhwj->nhwij", a, b).reshape(*a.shape[:3], -1)
        parts.append(_by_region(joint, grid))
    return np.sqrt(np.concatenate(parts, 2)).reshape(len(images), -1).astype(np.float32)


def _shares(values: np.ndarray, bins: int) -> np.ndarray:
    """Return the weights of values from 0 to 1 in bins whose centres are evenly spaced from 0 to 1."""
    place = values.clip(0, 1)[..., None] * (bins - 1)
    return np.maximum(0, 1 - np.abs(place - np.arange(bins, dtype=np.float32)))


def _by_region(shares: np.ndarray, grid: int) -> np.ndarray:
    """Return means over a grid of regions, shape (n, grid * grid, bins); a region has at least one row and column."""
    _, height, width, _ = shares.shape
    means = [
        shares[:, top:bottom, left:right].mean((1, 2))
        for top, bottom in _edges(height, grid)
        for left, right in _edges(width, grid)
    ]
    return np.stack(means, 1)


def _edges(length: int, grid: int) -> list[tuple[int, int]]:
    starts = [length * k // grid for k in range(grid)]
    return [(start, max(start + 1, length * (k + 1) // grid)) for k, start in enumerate(starts)]
