r"""Rectified units: a Gaussian truncated below zero.

.. math:: E(x) = \tfrac12 x^2 + \tfrac12 \log 2\pi, \qquad A(\eta) = \tfrac12 \eta^2 + \log \Phi(\eta), \qquad x \ge 0

Far below zero both terms of A are huge and cancel. There, with t = -eta, Laplace's continued fraction for the Mills
ratio gives the mean without a subtraction: m = 1 / (t + 2 / (t + 3 / (t + ...))), and A = -log(t + m) - log(2 pi) /
2.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units

__all__ = ["ReLU"]

_TAIL = -4.0
"""Below these inputs the continued fraction is used; above, the subtraction loses fewer than two digits."""

# Sixteen levels are exact in float64 at t = 4; deeper in the tail fewer would suffice.
_LEVELS = 16
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class ReLU(Units):
    """Non-negative units whose mean approaches large inputs and vanishes at very negative ones.

    Noisy rectified units (Nair & Hinton, 2010, "Rectified linear units improve restricted Boltzmann machines")
    approximate this exact family, whose machines have an energy and a likelihood.

    Example
    -------
    >>> import torch
    >>> ReLU().mean(torch.tensor([[-1000.0, 0.0, 1000.0]]))
    tensor([[1.0000e-03, 7.9788e-01, 1.0000e+03]])
    """

    bounded = False
    finite = False
    high = math.inf

    def energy(self, x: Tensor) -> Tensor:
        """Return half the square plus the constant of the normal density."""
        return (0.5 * x.square() + _HALF_LOG_2PI).sum(-1)

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return half the squared inputs plus the log of the normal mass above zero."""
        t, near = _split(inputs)
        tail = -torch.log(t + _tail_mean(t)) - _HALF_LOG_2PI
        body = 0.5 * near.square() + _log_ndtr(near)
        return torch.where(inputs < _TAIL, tail, body).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the mean of the truncated normal distribution."""
        t, near = _split(inputs)
        return torch.where(inputs < _TAIL, _tail_mean(t), near + _hazard(near))

    def variance(self, inputs: Tensor) -> Tensor:
        """Return the variance of the truncated normal distribution."""
        t, near = _split(inputs)
        rest = _fraction(t, 2)
        mean, hazard = 1 / (t + rest), _hazard(near)
        return torch.where(inputs < _TAIL, mean * (rest - mean), 1 - hazard * (near + hazard))

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw by inverting the distribution function, with one uniform number per unit."""
        # The midpoint of its interval: never 0 or 1, where the inverse is infinite.
        u = generator.uniform(*inputs.shape, dtype=torch.float64) + 2.0**-25
        wide = inputs.detach().double()
        x = wide - torch.special.ndtri(u * torch.special.ndtr(wide.clamp_min(_TAIL)))
        far = wide < _TAIL
        if far.any():
            x[far] = _tail_draw(-wide[far], u[far])
        return x.clamp_min_(0).to(inputs.dtype)

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the inputs where they are positive, else zero."""
        return inputs.clamp_min(0)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inputs of the mean, clamped to at least 0.005, by Newton's method."""
        wanted = mean.detach().clamp_min(0.005).double()
        inputs = wanted - 1 / wanted
        # The mean is convex in the inputs, so after the first step all iterates approach from above.
        for _ in range(30):
            inputs = inputs - (self.mean(inputs) - wanted) / self.variance(inputs)
        return inputs.to(mean.dtype)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return a Gauss-Legendre rule over all but e^-70 of the mass."""
        eta = float(inputs.detach().mean())
        low, high = max(0.0, eta - 12), eta + 12 if eta > 0 else min(12.0, 70 / max(-eta, 1e-9))
        places, weights = np.polynomial.legendre.leggauss(200)
        half = (high - low) / 2
        return inputs.new_tensor(low + half * (places[:, None] + 1)), inputs.new_tensor(half * weights)


def _split(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return minus the inputs for the tail and the inputs for the rest, clamped to where each formula is accurate."""
    return (-inputs).clamp_min(-_TAIL), inputs.clamp_min(_TAIL)


def _fraction(t: Tensor, first: int) -> Tensor:
    """Return first / (t + (first + 1) / (t + ...))."""
    value = torch.zeros_like(t)
    for level in range(first + _LEVELS, first - 1, -1):
        value = level / (t + value)
    return value


def _tail_mean(t: Tensor) -> Tensor:
    return _fraction(t, 1)


def _hazard(inputs: Tensor) -> Tensor:
    """Return the normal density divided by its integral up to ``inputs``."""
    return torch.exp(-0.5 * inputs.square() - _HALF_LOG_2PI - _log_ndtr(inputs))


def _tail_draw(t: Tensor, u: Tensor) -> Tensor:
    """Return x with P(X > x) = u for the density proportional to exp(-x^2/2 - t x), t large, by Newton's method."""
    log_u = torch.log(u)
    start = torch.log(t + _tail_mean(t))
    # Exact except for the slowly varying Mills ratio, which the Newton steps correct.
    x = -2 * log_u / (torch.sqrt(t.square() - 2 * log_u) + t)
    for _ in range(3):
        rate = t + x + _tail_mean(t + x)
        x = x + (start - torch.log(rate) - x * (0.5 * x + t) - log_u) / rate
    return x


def _log_ndtr(near: Tensor) -> Tensor:
    # Above _TAIL this is accurate, and unlike torch's own function it works under vmap.
    return torch.log(0.5 * torch.erfc(-near / math.sqrt(2)))
