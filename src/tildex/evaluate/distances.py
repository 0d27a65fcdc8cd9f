"""Distances from some rows to all others, a portion at a time, so that tens of thousands of rows fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["Distance", "as_rows", "cosine", "hamming", "portions", "squared_euclidean"]

Distance = Callable[[Tensor, Tensor], Tensor]
"""From queries (n, features) and rows (m, features) to what orders the rows by nearness, shape (n, m)."""

# Numbers of one portion: 8 MB in float32, which is read several times.
_PORTION = 1 << 21
# Up to it float64 costs next to nothing; beyond it products dominate, and near points differ in many columns.
_NARROW = 64


def as_rows(X: Any) -> Tensor:
    """Return ``X`` as a tensor of floats where it is, float64 if it has few columns."""
    x = X if isinstance(X, Tensor) else torch.from_numpy(np.ascontiguousarray(X))
    return x.to(torch.float64 if x.shape[1] <= _NARROW else torch.float32)


def portions(n_queries: int, n_rows: int) -> Iterator[slice]:
    """Yield slices of the queries such that a portion's distances fit in little memory."""
    step = max(1, _PORTION // n_rows)
    for start in range(0, n_queries, step):
        yield slice(start, min(start + step, n_queries))


def squared_euclidean(queries: Tensor, rows: Tensor) -> Tensor:
    """Return squared distances less the queries' own lengths, which order no row before another."""
    return torch.addmm(rows.square().sum(1), queries, rows.t(), alpha=-2.0)


def hamming(queries: Tensor, rows: Tensor) -> Tensor:
    """Return in how many bits codes of 0 and 1 differ."""
    return queries.sum(1, keepdim=True) + rows.sum(1) - 2 * queries @ rows.t()


def cosine(queries: Tensor, rows: Tensor) -> Tensor:
    """Return minus the cosine of the angle; rows of zeros stand at right angles to all."""
    return -torch.nn.functional.normalize(queries) @ torch.nn.functional.normalize(rows).t()
