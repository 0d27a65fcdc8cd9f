r"""The joint normal density of incomplete rows, by expectation and maximisation.

.. math:: x_u \mid x_k \sim N\big(m_u + S_{uk} S_{kk}^{-1} (x_k - m_k),\; S_{uu} - S_{uk} S_{kk}^{-1} S_{ku}\big)

for the known values k and the unknown values u of a row. With the precision :math:`P = S^{-1}` these are
:math:`m_u - P_{uu}^{-1} P_{uk} (x_k - m_k)` and :math:`P_{uu}^{-1}`: after one inversion for all rows, the work of a
row grows with its unknown values, not with all columns. It is what every linear autoencoder approximates with few
components, and the best linear prediction of unknown values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from tildex.generator import Generator

__all__ = ["JointNormal"]

_VALUES_AT_ONCE = 1 << 22
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
        filled = x.clone()
        for gaps in self._gaps(x):
            gaps.put(filled, gaps.means)
        return filled

    def spread(self, x: Tensor) -> Tensor:
        """Return the standard deviation of every unknown value given the known ones of its row; 0 for known values."""
        spread = torch.zeros_like(x)
        for gaps in self._gaps(x):
            gaps.put(spread, gaps.covariances.diagonal(dim1=1, dim2=2)[gaps.pattern].clamp_min(0).sqrt())
        return spread

    def draw(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows with unknown values drawn, jointly, given the known ones."""
        drawn, noise = x.clone(), generator.normal(*x.shape, dtype=x.dtype)
        for gaps in self._gaps(x):
            values, vectors = torch.linalg.eigh(gaps.covariances)
            roots = (vectors * values.clamp_min(0).sqrt()[:, None, :])[gaps.pattern]
            own = noise[gaps.rows[:, None], gaps.columns[gaps.pattern]]
            gaps.put(drawn, gaps.means + (roots @ own[:, :, None])[:, :, 0])
        return drawn

    def _complete(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the expected rows, and the sum of the covariances of their unknown values."""
        filled, total = x.clone(), torch.zeros_like(self.covariance)
        for gaps in self._gaps(x):
            gaps.put(filled, gaps.means)
            count = torch.bincount(gaps.pattern, minlength=len(gaps.columns)).to(x.dtype)
            place = gaps.columns[:, :, None] * x.shape[1] + gaps.columns[:, None, :]
            total.view(-1).index_add_(0, place.flatten(), (gaps.covariances * count[:, None, None]).flatten())
        return filled, total

    def _gaps(self, x: Tensor) -> Iterator[_Gaps]:
        """Yield the rows that have unknown values, those with equally many of them together."""
        unknown = x.isnan()
        jitter = _JITTER * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
        precision = torch.cholesky_inverse(torch.linalg.cholesky(self.covariance + jitter))
        # The precision of all values, times how far the known ones are from the mean.
        pull = torch.where(unknown, 0.0, x - self.mean) @ precision
        sizes = unknown.sum(1)
        for size in sizes.unique().tolist():
            rows = torch.nonzero(sizes == size)[:, 0]
            for part in rows.split(max(1, _VALUES_AT_ONCE // size**2)) if size else ():
                patterns, pattern = unknown[part].unique(dim=0, return_inverse=True)
                columns = patterns.nonzero()[:, 1].reshape(-1, size)
                among = precision[columns[:, :, None], columns[:, None, :]]
                inverse = torch.cholesky_inverse(torch.linalg.cholesky(among))
                own = columns[pattern]
                apart = (inverse[pattern] @ pull[part[:, None], own][:, :, None])[:, :, 0]
                small = _JITTER * torch.eye(size, dtype=x.dtype, device=x.device)
                yield _Gaps(part, pattern, columns, self.mean[own] - apart, inverse - small)


@dataclass(frozen=True, eq=False)
class _Gaps:
    """Rows with ``size`` unknown values each: their numbers, which pattern each has, the unknown columns of every
    pattern, the means of the rows' unknown values, and the covariances of every pattern's.
    """

    rows: Tensor
    pattern: Tensor
    columns: Tensor
    means: Tensor
    covariances: Tensor

    def put(self, target: Tensor, values: Tensor) -> None:
        """Write a value into every gap."""
        target[self.rows[:, None], self.columns[self.pattern]] = values
