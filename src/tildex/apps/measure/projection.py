"""Principal components as arrays: the baseline for every code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.linalg import eigh

__all__ = ["Projection"]


@dataclass(frozen=True)
class Projection:
    """The axes of greatest variance.

    Attributes
    ----------
    mean : array of shape (features,)
        Mean of the rows it was fitted on.
    axes : array of shape (rank, features)
        Orthonormal, the greatest variance first.
    shares : array of shape (rank,)
        Share of the variance along each axis.

    Example
    -------
    >>> X = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    >>> Projection.of(X, 1)(X).ravel().tolist()
    [-2.0, 0.0, 2.0]
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, X: Any, rank: int) -> Self:
        """Fit to the rows of ``X``, in their precision; the rank is at most the smaller dimension of ``X``.

        Unknown values, NaN, count as the mean of their column.
        """
        X = np.asarray(X)
        X = X.astype(np.result_type(X, np.float32), copy=False)
        mean = np.nan_to_num(np.nanmean(X, axis=0))
        centred = np.nan_to_num(X - mean)
        rows, features = X.shape
        rank = min(rank, rows, features)
        if features <= rows:
            wanted = (features - rank, features - 1)
            values, vectors = eigh(centred.T @ centred, subset_by_index=wanted)
            values, axes = values[::-1].clip(0), vectors.T[::-1]
        else:
            _, singular, axes = np.linalg.svd(centred, full_matrices=False)
            values, axes = singular[:rank] ** 2, axes[:rank]
        total = float(np.square(centred).sum()) or 1.0
        # The sign of an axis is arbitrary: a positive largest entry keeps maps from being mirrored.
        largest = np.take_along_axis(axes, np.abs(axes).argmax(1, keepdims=True), 1)
        return cls(mean, axes * np.sign(largest), values / total)

    def __call__(self, X: Any) -> np.ndarray:
        """Return the coordinates of rows, shape (rows, rank)."""
        return np.nan_to_num(np.asarray(X) - self.mean) @ self.axes.T
