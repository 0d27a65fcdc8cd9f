r"""Counts with a largest value.

.. math:: E(x) = -\log \binom{n}{x}, \qquad A(\eta) = n \log(1 + e^\eta), \qquad x \in \{0, \dots, n\}
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.softplus import softplus

__all__ = ["Binomial"]


class Binomial(Units):
    """Units that count successes in ``n`` trials: the sum of ``n`` binary units with the same inputs.

    As hidden units, such copies carry more than one bit (Teh & Hinton, 2001, "Rate-coded restricted Boltzmann
    machines for face recognition").

    Parameters
    ----------
    n : int
        The largest count, at least 1.

    Example
    -------
    >>> import torch
    >>> Binomial(10).mean(torch.zeros(1, 2))
    tensor([[5., 5.]])
    """

    def __init__(self, n: int = 2) -> None:
        super().__init__()
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        self.n = n
        self.high = float(n)

    def energy(self, x: Tensor) -> Tensor:
        """Return minus the log of the binomial coefficients."""
        ways = math.lgamma(self.n + 1) - torch.lgamma(x + 1) - torch.lgamma(self.n - x + 1)
        return -ways.sum(-1)

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return ``n`` times the sum of softplus."""
        return self.n * softplus(inputs).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return ``n`` times the logistic function."""
        return self.n * torch.sigmoid(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return n p (1 - p)."""
        p = torch.sigmoid(inputs)
        return self.n * p * (1 - p)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw counts."""
        return generator.binomial(self.n, torch.sigmoid(inputs))

    def mode(self, inputs: Tensor) -> Tensor:
        """Return the largest count not above (n + 1) p."""
        return ((self.n + 1) * torch.sigmoid(inputs)).floor().clamp_max(self.n)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the logit of the mean over ``n``, clamped to [0.005, 0.995]."""
        return torch.logit((mean / self.n).clamp(0.005, 0.995))

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the counts from 0 to ``n``."""
        counts = torch.arange(self.n + 1, dtype=inputs.dtype, device=inputs.device)
        return counts[:, None], torch.ones_like(counts)
