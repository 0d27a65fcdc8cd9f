"""Which rows are nearest to others by their codes: what a search by example and a map's list of neighbours show."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tildex.evaluate.distances import as_rows, portions, squared_euclidean

__all__ = ["nearest_rows", "others_nearest"]


def nearest_rows(queries: Any, codes: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the ``k`` nearest codes of each query, the nearest first, and their Euclidean distances.

    Parameters
    ----------
    queries : array of shape (n, components)
        Codes of what is looked for.
    codes : array of shape (rows, components)
        Codes of what there is.
    k : int
        How many; all rows where there are fewer.

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
    # About the middle of all rows, for products lose digits far from the origin.
    middle = codes.mean(0, dtype=float)
    looked_for, rows = as_rows(queries - middle), as_rows(codes - middle)
    found, distances = [], []
    for part in portions(len(queries), len(rows)):
        asked = looked_for[part]
        index = squared_euclidean(asked, rows).topk(min(k, len(rows)), largest=False).indices
        # What orders rows is too coarse for near ones: their distances are taken anew.
        distance = torch.linalg.vector_norm(rows[index] - asked[:, None], dim=2)
        order = distance.argsort(dim=1, stable=True)
        found.append(index.gather(1, order))
        distances.append(distance.gather(1, order))
    return torch.cat(found).numpy(), torch.cat(distances).numpy()


def others_nearest(codes: Any, k: int) -> np.ndarray:
    """Return the numbers of the ``k`` nearest other rows of each row, shape (rows, k), or as many as there are.

    Example
    -------
    >>> others_nearest(np.array([[0.0], [1.0], [5.0]]), 1).tolist()
    [[1], [0], [1]]
    """
    codes = np.asarray(codes)
    found, _ = nearest_rows(codes, codes, min(k + 1, len(codes)))
    itself = found == np.arange(len(codes))[:, None]
    # Of many equal rows it may not be among the first; then the last goes.
    itself[~itself.any(1), -1] = True
    return found[~itself].reshape(len(codes), -1)
