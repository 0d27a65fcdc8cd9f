r"""Real units of fixed or learned precision.

.. math:: E(x) = \tfrac12 \gamma x^2 - \tfrac12 \log\frac{\gamma}{2\pi}, \qquad A(\eta) = \frac{\eta^2}{2\gamma}
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.surroundings import Surroundings
from tildex.units.within import within

__all__ = ["Gaussian", "LearnedGaussian"]

_MARGIN = 6.5
"""Standard deviations beyond the outermost centres; less than 1e-10 of any component's mass lies further out."""


class Gaussian(Units):
    """Real units with a fixed precision; with precision 1, minus the log-probability is half the squared error.

    Parameters
    ----------
    precision : float
        The inverse variance of every unit, positive.
    standardised : bool
        Whether an estimator standardises each data column to mean 0 and variance 1. Use False where the columns share
        a meaningful scale.

    Example
    -------
    >>> import torch
    >>> Gaussian(precision=4.0).mean(torch.tensor([2.0]))
    tensor([0.5000])
    """

    bounded = False
    finite = False
    real = True
    low = -math.inf
    high = math.inf

    def __init__(self, precision: float = 1.0, standardised: bool = True) -> None:
        super().__init__()
        if precision <= 0:
            raise ValueError(f"precision must be positive, got {precision}")
        self.precision = precision
        self.standardised = standardised

    def gamma(self, like: Tensor) -> Tensor:
        """Return the precision of each unit, or one shared value."""
        return like.new_tensor(self.precision)

    def energy(self, x: Tensor) -> Tensor:
        """Return half the weighted square minus the normaliser."""
        gamma = self.gamma(x)
        return 0.5 * (gamma * x.square() - torch.log(gamma) + math.log(2 * math.pi)).sum(-1)

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return half the squared inputs divided by the precision."""
        return 0.5 * (inputs.square() / self.gamma(inputs)).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the inputs divided by the precision."""
        return inputs / self.gamma(inputs)

    mode = mean

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the inverse precision."""
        return (1 / self.gamma(inputs)).expand_as(inputs)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw from the normal distribution; gradients pass through."""
        gamma = self.gamma(inputs)
        return inputs / gamma + generator.normal_like(inputs) * gamma.rsqrt()

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-density of each unit, shape (..., units)."""
        gamma = self.gamma(x)
        return 0.5 * (torch.log(gamma) - math.log(2 * math.pi) - gamma * (x - inputs / gamma).square())

    @property
    def summable(self) -> bool:
        """True: one column given all others is a mixture of normal densities, integrated on a grid."""
        return True

    def log_conditional(self, x: Tensor, around: Surroundings, variable: Tensor) -> Tensor:
        """Return log p of one column of each row given all others, shape (batch,); hidden units must be bounded."""
        gamma, bias = self._alone(x, around, variable)
        weight = around.weight[variable]
        old, sigma = x.gather(1, variable[:, None])[:, 0], gamma.rsqrt()

        def log_weight(u: Tensor) -> Tensor:
            moved = torch.addcmul(around.inputs, (u - old)[:, None], weight)
            return bias * u - 0.5 * gamma * u.square() + around.hidden.cgf(moved)

        lowest, highest = around.hidden.limits(weight)
        ends = weight * lowest, weight * highest
        first = (bias + torch.minimum(*ends).sum(1)) / gamma - _MARGIN * sigma
        last = (bias + torch.maximum(*ends).sum(1)) / gamma + _MARGIN * sigma
        points = math.ceil(float(((last - first) / sigma).detach().max())) + 1
        total = torch.full_like(old, -torch.inf)
        for k in range(points):
            total = torch.logaddexp(total, log_weight(first + k * sigma))
        return log_weight(old) - total - sigma.log()

    def _alone(self, x: Tensor, around: Surroundings, variable: Tensor) -> tuple[Tensor, Tensor]:
        """Return the precision and bias of one column of each row given the other columns, shape (batch,) each."""
        return self.gamma(x).expand(x.shape[1])[variable], around.bias[variable]

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the mean times the precision."""
        return mean * self.gamma(mean)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return a grid over twelve standard deviations on each side of the mean."""
        gamma = self.gamma(inputs).mean()
        offsets = torch.linspace(-12, 12, 2401, dtype=inputs.dtype) * gamma.rsqrt()
        points = inputs / gamma + offsets[:, None]
        return points, (offsets[1] - offsets[0]).expand(len(offsets))


class LearnedGaussian(Gaussian):
    """Real units that each learn their precision, within a range so that none collapses onto its data.

    The learned parameter is the logarithm, as Cho, Ilin & Raiko (2011, "Improved learning of Gaussian-Bernoulli
    restricted Boltzmann machines") advise: a precision stays positive after any step. At a limit of the range only a
    gradient that leads back inside counts, so a unit that has reached the limit can leave it again.

    Parameters
    ----------
    precision : float
        The starting value.
    largest : float
        The largest precision a unit may reach, in units of the data after scaling.
    smallest : float
        The smallest.
    standardised : bool
        As in :class:`Gaussian`.

    Example
    -------
    >>> import torch
    >>> units = LearnedGaussian(largest=100.0).sized(2)
    >>> _ = units.log_precision.data.fill_(50.0)
    >>> units.variance(torch.zeros(2))
    tensor([0.0100, 0.0100], grad_fn=<ExpandBackward0>)
    """

    learns_noise = True

    log_precision: nn.Parameter

    def __init__(
        self,
        precision: float = 1.0,
        largest: float = 1e4,
        smallest: float = 1e-4,
        standardised: bool = True,
    ) -> None:
        super().__init__(precision, standardised)
        if largest <= precision:
            raise ValueError(f"largest must exceed precision {precision}, got {largest}")
        if not 0 < smallest < precision:
            raise ValueError(f"smallest must lie between 0 and precision {precision}, got {smallest}")
        self.largest = largest
        self.smallest = smallest

    def sized(self, size: int) -> Self:
        """Return a copy with one log-precision per unit."""
        fresh = super().sized(size)
        fresh.log_precision = nn.Parameter(torch.full((size,), math.log(self.precision)))
        return fresh

    @torch.no_grad()
    def set_noise(self, variance: Tensor) -> None:
        """Set the precisions to those of known variances, shape (size,), within the range."""
        self.log_precision.copy_(-variance.log().clamp(-math.log(self.largest), -math.log(self.smallest)))

    def gamma(self, like: Tensor) -> Tensor:
        """Return the learned precisions, or the starting value before a size is known."""
        if not hasattr(self, "log_precision"):
            return super().gamma(like)
        low, high = math.log(self.smallest), math.log(self.largest)
        return within(self.log_precision, low, high).exp()
