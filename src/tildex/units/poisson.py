r"""Counts.

.. math:: E(x) = \log x!, \qquad A(\eta) = e^\eta, \qquad x \in \{0, 1, 2, \dots\}
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units

__all__ = ["Poisson"]

# Above this rate float32 cannot distinguish adjacent counts.
_LARGEST_RATE = 2.0**24


class Poisson(Units):
    """Count units; the inputs are log-rates. Meant as a likelihood for tables of counts.

    Example
    -------
    >>> import torch
    >>> Poisson().mean(torch.zeros(1, 2))
    tensor([[1., 1.]])
    """

    bounded = False
    counts = True
    finite = False
    high = math.inf

    def energy(self, x: Tensor) -> Tensor:
        """Return the log factorials."""
        return torch.lgamma(x + 1).sum(-1)

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the sum of the rates."""
        return inputs.exp().sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the rates."""
        return inputs.exp()

    variance = mean

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw counts."""
        return generator.poisson(inputs.exp().clamp_max(_LARGEST_RATE))

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the largest count not above the rate."""
        return inputs.exp().floor()

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the log of the mean, clamped to at least 0.005."""
        return mean.clamp_min(0.005).log()

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the counts from 0 to far beyond the rate."""
        rate = float(inputs.exp())
        counts = torch.arange(int(rate + 12 * rate**0.5) + 30, dtype=inputs.dtype)
        return counts[:, None], torch.ones_like(counts)
