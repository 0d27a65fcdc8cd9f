"""Features of thumbnails: histograms of colours and edges per region, as a scikit-learn transformer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tildex.estimators.features.fixed import FixedFeatures
from tildex.features import colour_histograms, oriented_gradients

__all__ = ["PictureFeatures", "picture_shape"]


class PictureFeatures(FixedFeatures):
    """CIELAB colour histograms and histograms of oriented gradients, over grids of regions.

    Classic work on tagging pictures used both kinds. ``transform`` returns square roots of the colour histograms, for
    which Euclidean distance is meaningful. Grey pictures have histograms of lightness only. Nothing is learned.

    Parameters
    ----------
    shape : (height, width) or (height, width, 3), optional
        Shape of the pictures in the rows, pixels from 0 to 1; by default, a row is one line of grey pixels.
    colour_grid : int
        Regions per side, each with a colour histogram; 3 by default.
    lightness_bins, chroma_bins : int
        Bins of the lightness (6), and of each of the two chroma axes (5), which share a joint histogram.
    gradient_grid : int
        Cells per side, each with a histogram of gradients; 6 by default.
    orientations : int
        Bins of edge orientation between 0 and 180 degrees, 9 by default.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import PictureFeatures
    >>> pictures = np.random.default_rng(0).random((5, 32 * 32 * 3))
    >>> PictureFeatures((32, 32, 3)).fit_transform(pictures).shape
    (5, 603)
    """

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        *,
        colour_grid: int = 3,
        lightness_bins: int = 6,
        chroma_bins: int = 5,
        gradient_grid: int = 6,
        orientations: int = 9,
    ) -> None:
        self.shape = shape
        self.colour_grid = colour_grid
        self.lightness_bins = lightness_bins
        self.chroma_bins = chroma_bins
        self.gradient_grid = gradient_grid
        self.orientations = orientations

    def _least(self) -> Mapping[str, int]:
        return {
            "colour_grid": 1,
            "lightness_bins": 2,
            "chroma_bins": 2,
            "gradient_grid": 1,
            "orientations": 2,
        }

    def _names(self, n_features: int) -> list[str]:
        colour = self.colour_grid**2
        bins = [f"light{k}" for k in range(self.lightness_bins)]
        if len(picture_shape(self.shape, n_features)) == 3:
            bins += [f"chroma{a}.{b}" for a in range(self.chroma_bins) for b in range(self.chroma_bins)]
        edges = [f"edge{k}" for k in range(self.orientations)]
        cells = self.gradient_grid**2
        return [f"region{r}_{name}" for r in range(colour) for name in bins] + [
            f"cell{c}_{name}" for c in range(cells) for name in edges
        ]

    def _features(self, X: np.ndarray) -> np.ndarray:
        images = X.reshape(-1, *picture_shape(self.shape, X.shape[1]))
        colours = colour_histograms(
            images, grid=self.colour_grid, lightness_bins=self.lightness_bins, chroma_bins=self.chroma_bins
        )
        edges = oriented_gradients(images, grid=self.gradient_grid, orientations=self.orientations)
        return np.concatenate([colours, edges], 1)

    def _check_columns(self, n_features: int) -> None:
        picture_shape(self.shape, n_features)


def picture_shape(shape: Sequence[int] | None, n_features: int) -> tuple[int, ...]:
    """Return (height, width) or (height, width, 3) of pictures in rows of ``n_features`` values."""
    found = (1, n_features) if shape is None else tuple(shape)
    if len(found) == 3 and found[2] == 1:
        found = found[:2]
    if len(found) not in (2, 3) or found[2:] not in ((), (3,)) or math.prod(found) != n_features:
        raise ValueError(
            f"shape must be (height, width) or (height, width, 3) with {n_features} values in all, as rows have, "
            f"got {shape!r}"
        )
    return found
