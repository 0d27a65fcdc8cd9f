r"""Whitening: the linear map closest to the identity that makes columns uncorrelated with unit variance.

.. math:: x' = \big(C + \epsilon I\big)^{-1/2} (x - \bar x), \qquad C = \operatorname{cov}(x)
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

__all__ = ["Whitening"]


class Whitening(nn.Module):
    """Zero-phase whitening and its inverse (Bell & Sejnowski, 1997, "The independent components of natural scenes are
    edge filters"): unlike principal components, whitened pixels are still pixels.

    Parameters
    ----------
    offset : Tensor of shape (features,)
        What is subtracted from each column.
    matrix, unmatrix : Tensor of shape (features, features)
        The matrix that then multiplies rows, and its inverse; both symmetric.

    Example
    -------
    >>> x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).cumsum(1)
    >>> whitening = Whitening.of(x)
    >>> torch.allclose(whitening(x).T.cov(), torch.eye(3), atol=1e-4)
    True
    >>> torch.allclose(whitening.inverse(whitening(x)), x, atol=1e-4)
    True
    """

    offset: Tensor
    matrix: Tensor
    unmatrix: Tensor

    def __init__(self, offset: Tensor, matrix: Tensor, unmatrix: Tensor) -> None:
        super().__init__()
        self.register_buffer("offset", offset)
        self.register_buffer("matrix", matrix)
        self.register_buffer("unmatrix", unmatrix)

    @classmethod
    def of(cls, x: Tensor, *, epsilon: float = 0.0) -> Self:
        """Return the whitening of the rows ``x``, computed in float64.

        Parameters
        ----------
        x : Tensor of shape (rows, features)
            At least two rows.
        epsilon : float
            Added to every variance, so that directions of low variance, mostly noise in images, are not amplified.

        Raises
        ------
        ValueError
            If a direction has no variance and ``epsilon`` is zero.
        """
        if x.ndim != 2 or len(x) < 2:
            raise ValueError(f"expected at least two rows, shape (rows, features), got {tuple(x.shape)}")
        if epsilon < 0:
            raise ValueError(f"epsilon must not be negative, got {epsilon}")
        wide = x.double()
        variances, axes = torch.linalg.eigh(wide.t().cov().reshape(x.shape[1], x.shape[1]))
        scales = (variances + epsilon).clamp_min(0).sqrt()
        if scales[0] <= 1e-7 * scales[-1]:
            raise ValueError(
                "a direction of the rows has no variance and cannot be whitened: "
                "drop constant and repeated columns, or set epsilon, say to 0.1 of a column's variance"
            )
        matrix, unmatrix = (axes * scales**power @ axes.t() for power in (-1, 1))
        return cls(wide.mean(0).to(x.dtype), matrix.to(x.dtype), unmatrix.to(x.dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Return whitened rows."""
        return (x - self.offset) @ self.matrix

    def inverse(self, x: Tensor) -> Tensor:
        """Return the rows whose whitening is ``x``."""
        return x @ self.unmatrix + self.offset

    def log_volume(self) -> Tensor:
        """Return the term to add to a log-density of whitened rows to get that of the data, in nats."""
        return torch.linalg.slogdet(self.matrix.double()).logabsdet.to(self.matrix.dtype)
