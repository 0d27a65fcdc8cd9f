r"""Binary units.

.. math:: E(x) = 0, \qquad A(\eta) = \log(1 + e^\eta), \qquad x \in \{0, 1\}
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.latent import Latent, gumbel
from tildex.units.softplus import softplus

__all__ = ["Bernoulli"]


class Bernoulli(Latent, Units):
    """Units that are 0 or 1; for values in between, minus the log-probability is the binary cross-entropy.

    Example
    -------
    >>> import torch
    >>> Bernoulli().mean(torch.tensor([[0.0, 100.0]]))
    tensor([[0.5000, 1.0000]])
    """

    binary = True

    def energy(self, x: Tensor) -> Tensor:
        """Return zero."""
        return x.new_zeros(x.shape[:-1])

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the sum of softplus."""
        return softplus(inputs).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the logistic function."""
        return torch.sigmoid(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return p (1 - p)."""
        mean = torch.sigmoid(inputs)
        return mean * (1 - mean)

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw 0 or 1."""
        return generator.bernoulli(torch.sigmoid(inputs))

    def mode(self, inputs: Tensor) -> Tensor:
        """Return 1 where the inputs are positive."""
        return (inputs > 0).to(inputs.dtype)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the logit of the means, clamped to [0.005, 0.995]."""
        return torch.logit(mean.clamp(0.005, 0.995))

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return 0 and 1."""
        return inputs.new_tensor([[0.0], [1.0]]), inputs.new_ones(2)

    def noise(self, *shape: int, generator: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return logistic noise, the difference of two Gumbel draws."""
        first, second = (gumbel(*shape, generator=generator, dtype=dtype) for _ in range(2))
        return first - second

    def drawn(self, inputs: Tensor, noise: Tensor) -> Tensor:
        """Return 1 where inputs plus noise are positive."""
        return (inputs + noise > 0).to(inputs.dtype)

    def relaxed(self, inputs: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """Return values between 0 and 1 (Maddison, Mnih & Teh, 2017, "The concrete distribution")."""
        return torch.sigmoid((inputs + noise) / temperature)

    def divergence(self, inputs: Tensor, others: Tensor) -> Tensor:
        """Return the divergence of each unit."""
        return torch.sigmoid(inputs) * (inputs - others) - softplus(inputs) + softplus(others)
