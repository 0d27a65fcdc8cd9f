r"""Real units that vary together: one covariance, whatever the inputs.

.. math:: E(x) = \tfrac12 \sum_i \big(\gamma_i y_i^2 - \log\tfrac{\gamma_i}{2\pi}\big) - \log|A|, \qquad y = A x, \qquad
          A(\eta) = \tfrac12 \sum_i \frac{(A^{-\top} \eta)_i^2}{\gamma_i}

``A`` is lower triangular, so the i-th summand is the i-th column's given the columns before it.
"""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.gaussian import Gaussian, LearnedGaussian
from tildex.units.surroundings import Surroundings

__all__ = ["CorrelatedGaussian"]


class CorrelatedGaussian(LearnedGaussian):
    """Real units with one full covariance given the inputs: columns are correlated even where the code is known.

    As the visible layer of a Boltzmann machine these are connected to each other (Osindero & Hinton, 2008, "Modeling
    image patches with a directed hierarchy of Markov random fields"): hidden units need not explain correlations, and
    a machine of weights zero is a normal density of full covariance. The covariance is set from data by
    :meth:`correlate`, before which units are independent; training scales the variances of its independent parts.

    Parameters
    ----------
    precision, largest, smallest, standardised
        As in :class:`LearnedGaussian`, for the independent parts: 1 is the precision that :meth:`correlate` was given.

    Example
    -------
    >>> import torch
    >>> units = CorrelatedGaussian().sized(2)
    >>> units.correlate(torch.linalg.inv(torch.tensor([[1.0, 0.5], [0.5, 1.0]])))
    >>> units.covariance().detach()
    tensor([[1.0000, 0.5000],
            [0.5000, 1.0000]])
    """

    correlated = True

    factor: Tensor
    inverse: Tensor

    def __init__(
        self,
        precision: float = 1.0,
        largest: float = 10.0,
        smallest: float = 0.1,
        standardised: bool = True,
    ) -> None:
        super().__init__(precision, largest, smallest, standardised)

    def sized(self, size: int) -> Self:
        """Return a copy of independent units with one log-precision each."""
        fresh = super().sized(size)
        fresh.register_buffer("factor", torch.eye(size))
        fresh.register_buffer("inverse", torch.eye(size))
        return fresh

    @torch.no_grad()
    def correlate(self, precision: Tensor) -> None:
        """Set the inverse of the covariance at parts of precision 1, a matrix of shape (units, units)."""
        # The Cholesky factor of the columns in reverse order, in order again: precision = factor^T factor.
        lower = torch.linalg.cholesky(precision.double().flip(0, 1)).flip(0, 1).t()
        self.factor.copy_(lower)
        self.inverse.copy_(torch.linalg.solve_triangular(lower, torch.eye(len(lower)).to(lower), upper=False))

    def covariance(self) -> Tensor:
        """Return the covariance given the inputs, shape (units, units)."""
        return (self.inverse / self.gamma(self.inverse)) @ self.inverse.t()

    def precision_matrix(self) -> Tensor:
        """Return the inverse of the covariance, shape (units, units)."""
        return (self.factor.t() * self.gamma(self.factor)) @ self.factor

    def energy(self, x: Tensor) -> Tensor:
        """Return the energy of the independent parts minus the log-volume of their factor."""
        if not self._related:
            return super().energy(x)
        return super().energy(x @ self.factor.t()) - self._log_volume().sum()

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return half the square of the inputs of the independent parts, divided by their precisions."""
        return super().cgf(self._parts(inputs))

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the covariance times the inputs."""
        return self._whole(super().mean(self._parts(inputs)))

    mode = mean

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the diagonal of the covariance: each unit's variance, the others unknown."""
        if not self._related:
            return super().variance(inputs)
        return (self.inverse.square() @ (1 / self.gamma(inputs))).expand_as(inputs)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw from the normal distribution; gradients pass through."""
        return self._whole(super().sample(self._parts(inputs), generator))

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-density of each unit given those before it, shape (..., units)."""
        if not self._related:
            return super().log_probs(x, inputs)
        return super().log_probs(x @ self.factor.t(), self._parts(inputs)) + self._log_volume()

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inverse covariance times the mean."""
        return mean @ self.precision_matrix().to(mean) if self._related else super().inputs_for(mean)

    def given(self, inputs: Tensor, values: Tensor, known: Tensor) -> tuple[Any, Tensor]:
        """Return the family and inputs of the unknown units given the known ones, row by row."""
        return (_Given(self.precision_matrix(), values, known), inputs) if self._related else (self, inputs)

    def apart(self, weight: Tensor, bias: Tensor) -> tuple[Units, Tensor, Tensor]:
        """Return independent units, and the map to their inputs, that have the same means."""
        if not self._related:
            return super().apart(weight, bias)
        covariance = self.covariance()
        return Gaussian(standardised=self.standardised), covariance @ weight, covariance @ bias

    def _alone(self, x: Tensor, around: Surroundings, variable: Tensor) -> tuple[Tensor, Tensor]:
        if not self._related:
            return super()._alone(x, around, variable)
        matrix = self.precision_matrix()
        own = matrix.diagonal()[variable]
        pulled = (x * matrix[variable]).sum(1) - own * x.gather(1, variable[:, None])[:, 0]
        return own, around.bias[variable] - pulled

    @property
    def _related(self) -> bool:
        """Whether the number of units is known, and with it their covariance."""
        return hasattr(self, "factor")

    def _log_volume(self) -> Tensor:
        return self.factor.diagonal().log()

    def _parts(self, inputs: Tensor) -> Tensor:
        """Return the inputs of the independent parts."""
        return inputs @ self.inverse if self._related else inputs

    def _whole(self, parts: Tensor) -> Tensor:
        """Return the units given their independent parts."""
        return parts @ self.inverse.t() if self._related else parts


class _Given:
    """Real units of which some are known: the others' distribution, each row with its own; known ones stay.

    Rows that know the same columns share one factorisation.
    """

    def __init__(self, precision: Tensor, values: Tensor, known: Tensor) -> None:
        patterns, self.pattern = known.unique(dim=0, return_inverse=True)
        free = (~patterns).to(precision)
        # Known columns are cut off from the others, so that one shape fits all patterns.
        kept = precision * free[:, :, None] * free[:, None, :] + torch.diag_embed(1 - free)
        self.lower = torch.linalg.cholesky(kept)
        self.values, self.known = values, known
        self.pull = torch.where(known, values, 0.0) @ precision

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the means of unknown units and the values of known ones."""
        right = torch.where(self.known, 0.0, inputs - self.pull)
        mean = torch.cholesky_solve(right[..., None], self.lower[self.pattern])[..., 0]
        return torch.where(self.known, self.values, mean)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw the unknown units."""
        noise = generator.normal_like(inputs)[..., None]
        away = torch.linalg.solve_triangular(self.lower[self.pattern].mT, noise, upper=True)[..., 0]
        return torch.where(self.known, self.values, self.mean(inputs) + away)
