r"""Agreement of a linear code with principal components: angles between subspaces, and cosines per axis.

.. math:: \cos \theta_k = \sigma_k(Q_A^\top Q_B), \qquad c_k = \frac{|a_k \cdot b_k|}{\|a_k\| \, \|b_k\|}
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh, subspace_angles
from torch import Tensor

__all__ = ["axis_cosines", "principal_angles", "principal_axes"]

_CHUNK = 4096


def principal_angles(A: Any, B: Any) -> np.ndarray:
    """Return the principal angles between the row spaces of ``A`` and ``B``, in radians, largest first.

    There are as many as the smaller of the two has rows; small angles use sines, which keep their precision (Björck &
    Golub, 1973, "Numerical methods for computing angles between linear subspaces").

    Parameters
    ----------
    A, B : array of shape (rank, features)
        Rows need not be orthonormal.

    Raises
    ------
    ValueError
        If the numbers of features differ.

    Example
    -------
    >>> principal_angles([[1, 0, 0], [0, 1, 0]], [[0, 2, 0], [0, 0, 1]]).round(4).tolist()
    [1.5708, 0.0]
    """
    first, second = _pair(A, B)
    return subspace_angles(first.T, second.T)


def axis_cosines(A: Any, B: Any) -> np.ndarray:
    """Return the absolute cosines of the angles between corresponding rows.

    A PCA axis is unique only if its variance differs from its neighbours'.

    Raises
    ------
    ValueError
        If the shapes differ.

    Example
    -------
    >>> axis_cosines([[1, 0], [1, 1]], [[-3, 0], [0, 1]]).round(4).tolist()
    [1.0, 0.7071]
    """
    first, second = _pair(A, B)
    if len(first) != len(second):
        raise ValueError(f"expected as many axes as others, got {len(first)} and {len(second)}")
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.abs((first * second).sum(1)) / lengths


def principal_axes(X: Any, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of the rows of ``X`` and their axes of greatest variance, computed in float64.

    Returns
    -------
    mean : array of shape (features,)
        The mean.
    axes : array of shape (rank, features)
        Orthonormal, greatest variance first, each with its largest entry positive; fewer if there are fewer features.
    """
    X = np.asarray(X)
    mean, features = X.mean(0, dtype=np.float64), X.shape[1]
    moment = np.zeros((features, features))
    for start in range(0, len(X), _CHUNK):
        centred = X[start : start + _CHUNK].astype(np.float64) - mean
        moment += centred.T @ centred
    wanted = (max(0, features - rank), features - 1)
    axes = eigh(moment, subset_by_index=wanted)[1].T[::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1)
    return mean, axes * np.sign(largest)


def _pair(A: Any, B: Any) -> tuple[np.ndarray, np.ndarray]:
    first, second = (
        np.asarray(axes.detach().cpu() if isinstance(axes, Tensor) else axes, dtype=np.float64)
        for axes in (A, B)
    )
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(
            f"expected axes of shapes (rank, features) in one space, got {first.shape} and {second.shape}"
        )
    return first, second
