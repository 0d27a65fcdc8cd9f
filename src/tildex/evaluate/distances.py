"""Distances from queries to all rows, in portions, so that tens of thousands of rows fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Distance",
    "as_rows",
    "cosine",
    "hamming",
    "nearest_rows",
    "others_nearest",
    "portions",
    "squared_euclidean",
]

Distance = Callable[[Tensor, Tensor], Tensor]
"""From queries (n, features) and rows (m, features) to distances, or any increasing function of them, shape (n, m)."""

# Numbers in one portion: 8 MB in float32, small because it is read several times.
_PORTION = 1 << 21
# Up to this many columns float64 costs almost nothing; beyond it products dominate, and near points differ in many
# columns.
_NARROW = 64


def as_rows(X: Any) -> Tensor:
    """Return ``X`` as a float tensor on its device, float64 if it has few columns."""
    x = X if isinstance(X, Tensor) else torch.from_numpy(np.ascontiguousarray(X))
    return x.to(torch.float64 if x.shape[1] <= _NARROW else torch.float32)


def portions(n_queries: int, n_rows: int) -> Iterator[slice]:
    """Yield slices of the queries whose distances need little memory."""
    step = max(1, _PORTION // n_rows)
    for start in range(0, n_queries, step):
        yield slice(start, min(start + step, n_queries))


def squared_euclidean(queries: Tensor, rows: Tensor) -> Tensor:
    """Return squared distances minus the queries' squared norms, which do not affect the order of rows."""
    return torch.addmm(rows.square().sum(1), queries, rows.t(), alpha=-2.0)


def hamming(queries: Tensor, rows: Tensor) -> Tensor:
    """Return the number of differing bits of codes of 0 and 1."""
    return queries.sum(1, keepdim=True) + rows.sum(1) - 2 * queries @ rows.t()


def cosine(queries: Tensor, rows: Tensor) -> Tensor:
    """Return minus the cosine of the angle, 0 for rows of zeros."""
    return -torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(rows).t()


def nearest_rows(queries: Any, codes: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the ``k`` nearest codes of each query, nearest first, and their Euclidean distances.

    Parameters
    ----------
    queries : array of shape (n, components)
        Codes to search for.
    codes : array of shape (rows, components)
        Codes to search in.
    k : int
        Number of neighbours; all rows if there are fewer.

    Returns
    -------
    integer array and float array of shape (n, k)

    Raises
    ------
    ValueError
        If the codes differ in length, or ``k`` is not positive.

    Example
    -------
    >>> nearest_rows(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]]), 2)
    (array([[1, 0]]), array([[1., 5.]]))
    """
    queries, codes = np.atleast_2d(queries), np.asarray(codes)
    if queries.shape[1] != codes.shape[1] or k < 1:
        raise ValueError(
            f"expected codes of {codes.shape[1]} units and at least one neighbour, got {queries.shape[1]} and {k}"
        )
    # Relative to the mean of all rows, because products lose digits far from the origin.
    middle = codes.mean(0, dtype=float)
    looked_for, rows = as_rows(queries - middle), as_rows(codes - middle)
    found, distances = [], []
    for part in portions(len(queries), len(rows)):
        asked = looked_for[part]
        index = squared_euclidean(asked, rows).topk(min(k, len(rows)), largest=False).indices
        # The values used for sorting are too coarse for near rows, so their distances are recomputed.
        distance = torch.linalg.vector_norm(rows[index] - asked[:, None], dim=2)
        order = distance.argsort(dim=1, stable=True)
        found.append(index.gather(1, order))
        distances.append(distance.gather(1, order))
    return torch.cat(found).numpy(), torch.cat(distances).numpy()


def others_nearest(codes: Any, k: int) -> np.ndarray:
    """Return the indices of the ``k`` nearest other rows of each row, shape (rows, k), or all if there are fewer.

    Example
    -------
    >>> others_nearest(np.array([[0.0], [1.0], [5.0]]), 1).tolist()
    [[1], [0], [1]]
    """
    codes = np.asarray(codes)
    found, _ = nearest_rows(codes, codes, min(k + 1, len(codes)))
    itself = found == np.arange(len(codes))[:, None]
    # Among many equal rows, the row itself may not be in the list; then the last one is dropped.
    itself[~itself.any(1), -1] = True
    return found[~itself].reshape(len(codes), -1)
