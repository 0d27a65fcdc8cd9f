r"""Spins.

.. math:: E(x) = 0, \qquad A(\eta) = \log(2 \cosh \eta), \qquad x \in \{-1, 1\}
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.softplus import softplus

__all__ = ["Spin"]


class Spin(Units):
    """Units that are -1 or 1, as in physics; values in between are taken as means.

    Example
    -------
    >>> import torch
    >>> Spin().mean(torch.tensor([[0.0, 100.0]]))
    tensor([[0., 1.]])
    """

    low = -1.0

    def energy(self, x: Tensor) -> Tensor:
        """Return zero."""
        return x.new_zeros(x.shape[:-1])

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the sum of log(2 cosh)."""
        # log(1 + e^y) - y/2 with y = 2 eta loses digits at large eta; this form is even and keeps them.
        size = inputs.abs()
        return (size + softplus(-2 * size)).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the hyperbolic tangent."""
        return torch.tanh(inputs)

    def variance(self, inputs: Tensor) -> Tensor:
        """Return one minus the squared mean."""
        return 1 - torch.tanh(inputs).square()

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw -1 or 1."""
        return 2 * generator.bernoulli(torch.sigmoid(2 * inputs)) - 1

    def mode(self, inputs: Tensor) -> Tensor:
        """Return 1 where the inputs are positive, -1 elsewhere."""
        return 2 * (inputs > 0).to(inputs.dtype) - 1

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the inverse hyperbolic tangent of the means, clamped to [-0.99, 0.99]."""
        return torch.atanh(mean.clamp(-0.99, 0.99))

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return -1 and 1."""
        return inputs.new_tensor([[-1.0], [1.0]]), inputs.new_ones(2)
