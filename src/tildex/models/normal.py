r"""The joint normal density of incomplete rows, by expectation and maximisation.

.. math:: x_u \mid x_k \sim N\big(m_u + S_{uk} S_{kk}^{-1} (x_k - m_k),\; S_{uu} - S_{uk} S_{kk}^{-1} S_{ku}\big)

for the known values k and the unknown values u of a row. It is what every linear autoencoder approximates with few
components, and the best linear prediction of unknown values.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from tildex.generator import Generator

__all__ = ["JointNormal"]

_ROWS_AT_ONCE = 512
_JITTER = 1e-6


class JointNormal:
    """A normal density with full covariance, learned from rows with unknown values, NaN (Dempster, Laird & Rubin, 1977,
    "Maximum likelihood from incomplete data via the EM algorithm").

    Parameters
    ----------
    mean : Tensor of shape (features,)
        The mean.
    covariance : Tensor of shape (features, features)
        The covariance, positive definite.

    Example
    -------
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, torch.nan]], dtype=torch.float64)
    >>> normal = JointNormal.of(x, shrinkage=1e-4)
    >>> [round(value, 2) for value in normal.expected(x)[3].tolist()]
    [3.0, 6.0]
    """

    def __init__(self, mean: Tensor, covariance: Tensor) -> None:
        self.mean = mean
        self.covariance = covariance

    @classmethod
    def of(cls, x: Tensor, *, shrinkage: float = 0.05, n_steps: int = 25) -> Self:
        """Return the density of rows, shape (rows, features), each column of about unit variance.

        Parameters
        ----------
        x : Tensor of shape (rows, features)
            NaN means unknown.
        shrinkage : float
            The weight of independent unit variances, as if that share of the square root of the rows had been seen
            with them: few rows do not tell large covariances from none.
        n_steps : int
            Steps of expectation and maximisation.
        """
        n, d = x.shape
        extra = shrinkage * n**0.5
        unit = torch.eye(d, dtype=x.dtype, device=x.device)
        normal = cls(torch.nan_to_num(x.nanmean(0)), unit)
        for _ in range(n_steps):
            filled, spread = normal._complete(x)
            mean = filled.mean(0)
            apart = filled - mean
            normal = cls(mean, (apart.t() @ apart + spread + extra * unit) / (n + extra))
        return normal

    def expected(self, x: Tensor) -> Tensor:
        """Return rows with unknown values replaced by their means given the known ones."""
        return torch.cat([self._given(part)[0] for part in x.split(_ROWS_AT_ONCE)])

    def spread(self, x: Tensor) -> Tensor:
        """Return the standard deviation of every unknown value given the known ones of its row; 0 for known values."""
        parts = [self._given(part)[1].diagonal(dim1=1, dim2=2) for part in x.split(_ROWS_AT_ONCE)]
        return torch.cat(parts).clamp_min(0).sqrt()

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows with unknown values drawn, jointly, given the known ones."""
        return torch.cat([self._drawn(part, generator) for part in x.split(_ROWS_AT_ONCE)])

    def _drawn(self, x: Tensor, generator: Generator) -> Tensor:
        filled, covariance = self._given(x)
        values, vectors = torch.linalg.eigh(covariance)
        noise = generator.normal(*x.shape, dtype=x.dtype) * values.clamp_min(0).sqrt()
        return torch.where(x.isnan(), filled + (vectors @ noise[:, :, None])[:, :, 0], x)

    def _complete(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the expected rows, and the sum of the covariances of their unknown values."""
        parts = [self._given(part) for part in x.split(_ROWS_AT_ONCE)]
        return torch.cat([filled for filled, _ in parts]), sum(
            (covariance.sum(0) for _, covariance in parts), torch.zeros_like(self.covariance)
        )

    def _given(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the expected rows, and the covariance of each row's unknown values, zero where one is known."""
        unknown = x.isnan()
        there = (~unknown).to(x.dtype)
        # Unknown values take part as independent of all others: one factorisation for any pattern.
        among = self.covariance * there[:, :, None] * there[:, None, :]
        factor = torch.linalg.cholesky(among + torch.diag_embed(1 - there + _JITTER))
        cross = self.covariance * there[:, :, None]
        weights = torch.cholesky_solve(cross, factor)
        apart = torch.where(unknown, 0.0, x - self.mean)
        filled = self.mean + (apart[:, None, :] @ weights)[:, 0]
        gone = 1 - there
        covariance = (self.covariance - cross.transpose(1, 2) @ weights) * gone[:, :, None] * gone[:, None, :]
        return torch.where(unknown, filled, x), covariance
