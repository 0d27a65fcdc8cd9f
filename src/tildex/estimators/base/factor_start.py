r"""A start at factor analysis: the most likely linear model of real columns with noise of their own, and its posterior.

.. math:: x \sim N(\bar x + W h, \Psi), \qquad h \mid x \sim N\big(M^{-1} W^\top \Psi^{-1} (x - \bar x),\; M^{-1}\big),
          \qquad M = I + W^\top \Psi^{-1} W

Given the noise, the best factors are the leading eigenvectors of the columns in units of their noise, turned so that
the posterior's covariance is diagonal: an encoder of independent units is exact.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tildex.estimators.base.columns import Transformed, chunks
from tildex.estimators.base.principal import second_moment
from tildex.train import Rows

__all__ = ["FactorStart", "factor_start"]

# Wider rows would need more memory and time for their covariance than a start is worth.
_WIDEST = 2000

# Rounds at most, and operations that bound them on wide rows; they end when no noise changes by more than this share.
_ROUNDS, _FEWEST, _OPERATIONS, _SETTLED = 1000, 10, 2e9, 1e-4

# Rows for each factor: with fewer, factors follow single rows.
_ROWS = 20

# The least share of a column's variance that is noise: what copies and sums of other columns keep.
_LEAST_NOISE = 1e-4


class FactorStart(NamedTuple):
    """A linear decoder and encoder of independent normal codes, in float64.

    Attributes
    ----------
    up : Tensor of shape (units, features)
        From rows to means of the code; fewer units than asked for where rows or columns are few.
    up_bias : Tensor of shape (units,)
        Their biases.
    log_variance : Tensor of shape (units,)
        The code's log-variances, the same for all rows.
    down : Tensor of shape (features, units)
        The factors.
    mean, noise : Tensor of shape (features,)
        Means of the columns, and the variance of each given the code.
    """

    up: Tensor
    up_bias: Tensor
    log_variance: Tensor
    down: Tensor
    mean: Tensor
    noise: Tensor

    def copy_into(self, up: nn.Linear, down: nn.Linear, size: int) -> None:
        """Copy into the layers to means and log-variances of ``size`` codes, and to the natural parameters of columns,
        which are means in units of their noise.
        """
        used = len(self.up)
        with torch.no_grad():
            for layer in (up, down):
                layer.weight.zero_()
                layer.bias.zero_()
            up.weight[:used] = self.up.to(up.weight)
            up.bias[:used] = self.up_bias.to(up.bias)
            up.bias[size : size + used] = self.log_variance.to(up.bias)
            down.weight[:, :used] = (self.down / self.noise[:, None]).to(down.weight)
            down.bias.copy_(self.mean / self.noise)


def factor_start(data: Rows, size: int) -> FactorStart | None:
    """Return the factor analysis of the scaled rows, or None where they are too few or too wide."""
    n, width = len(data), data.take(slice(0, 1)).shape[1]
    size = min(size, width, n // _ROWS)
    if size < 1 or width > _WIDEST:
        return None
    mean = sum(x.double().sum(0) for x in chunks(data)) / n
    covariance = second_moment(Transformed(data, lambda x: x.double() - mean))
    down, noise = _factors(covariance, size)
    # Factors take up variance of the rows that they were found on, as coefficients of a regression do.
    noise = noise * n / (n - size)
    precision = 1 + (down.square() / noise[:, None]).sum(0)
    up = (down / noise[:, None]).t() / precision[:, None]
    return FactorStart(up, -up @ mean, -precision.log(), down, mean, noise)


def _factors(covariance: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return factors and noise; every round finds the best factors for the noise, and the noise that they leave."""
    variance = covariance.diagonal()
    least = (_LEAST_NOISE * variance).clamp_min(_LEAST_NOISE)
    noise = torch.maximum(variance, least)
    rounds = min(_ROUNDS, max(_FEWEST, int(_OPERATIONS / len(variance) ** 3)))
    for _ in range(rounds):
        deviation = noise.sqrt()
        values, vectors = torch.linalg.eigh(covariance / deviation / deviation[:, None])
        strength = (values[-size:] - 1).clamp_min(0).sqrt()
        down = deviation[:, None] * vectors[:, -size:] * strength
        left = torch.maximum(variance - down.square().sum(1), least)
        settled = bool(((left - noise).abs() <= _SETTLED * noise).all())
        noise = left
        if settled:
            break
    return down, noise
