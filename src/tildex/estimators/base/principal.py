r"""The principal axes of rows, in the smaller of rows and columns: never columns x columns where rows are few.

.. math:: \tfrac1n X^\top X = V \Lambda V^\top,
          \qquad V = X^\top U (n \Lambda)^{-1/2} \text{ where } \tfrac1n X X^\top = U \Lambda U^\top
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tildex.estimators.base.columns import chunks
from tildex.generator import Generator
from tildex.train import Rows

__all__ = ["code_moment", "principal_axes", "second_moment"]

# An eigendecomposition of this size takes about a second; beyond it in both directions, a randomised one is used.
_EXACT = 2000

# Extra directions and passes of the randomised method (Halko, Martinsson & Tropp, 2011, "Finding structure with
# randomness"): with these, its axes keep the variance of the exact ones to about a millionth.
_EXTRA, _PASSES = 16, 6


def second_moment(data: Rows) -> Tensor:
    """Return the mean outer product of each row with itself in float64: the covariance, if rows are centred."""
    total: Any = 0.0
    for x in chunks(data):
        total = total + x.double().t() @ x.double()
    return total / len(data)


def code_moment(data: Rows, encoder: Tensor) -> Tensor:
    """Return the mean outer product of the codes ``encoder @ x`` of rows in float64, shape (units, units)."""
    total: Any = 0.0
    for x in chunks(data):
        code = x.double() @ encoder.t()
        total = total + code.t() @ code
    return total / len(data)


def principal_axes(data: Rows, rank: int) -> tuple[Tensor, Tensor]:
    """Return the mean squares of rows along their leading axes, largest first, and these axes, in float64.

    Rows are taken as they are: centre them first. Axes beyond the number of rows or columns are left out.

    Parameters
    ----------
    data : Rows
        Rows of shape (n, features).
    rank : int
        Number of axes.

    Returns
    -------
    values : Tensor of shape (rank or fewer,)
        Mean squares.
    axes : Tensor of shape (rank or fewer, features)
        Orthonormal rows.
    """
    n, width = len(data), data.take(slice(0, 1)).shape[1]
    if width <= n and width <= _EXACT:
        values, vectors = torch.linalg.eigh(second_moment(data))
        return values.flip(0)[:rank].clamp_min(0), vectors.flip(1)[:, :rank].t().contiguous()
    if n <= _EXACT:
        return _of_few_rows(torch.cat(list(chunks(data))).double(), rank)
    return _randomised(data, min(rank, n, width), width)


def _of_few_rows(x: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(x @ x.t() / len(x))
    rank = min(rank, x.shape[1])
    values, vectors = values.flip(0)[:rank].clamp_min(0), vectors.flip(1)[:, :rank]
    # Directions without variance have no row to point along: the QR completes them.
    axes, triangle = torch.linalg.qr(x.t() @ vectors)
    signs = torch.where(triangle.diagonal() < 0, -1.0, 1.0)
    return values, (axes * signs).t().contiguous()


def _randomised(data: Rows, rank: int, width: int) -> tuple[Tensor, Tensor]:
    block = min(rank + _EXTRA, width)
    like = data.take(slice(0, 1))
    axes = Generator(0, like.device).normal(width, block).double()
    for _ in range(_PASSES):
        axes = torch.linalg.qr(axes).Q
        total: Any = 0.0
        for x in chunks(data):
            x = x.double()
            total = total + x.t() @ (x @ axes)
        axes = total
    axes = torch.linalg.qr(axes).Q
    values, turn = torch.linalg.eigh(code_moment(data, axes.t()))
    return values.flip(0)[:rank].clamp_min(0), (axes @ turn.flip(1)[:, :rank]).t().contiguous()
