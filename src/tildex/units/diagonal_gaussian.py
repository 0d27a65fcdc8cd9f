r"""The code of a variational autoencoder: a mean and a log-variance per unit, both functions of the input.

.. math:: \log p(x \mid \mu, \lambda)
          = -\tfrac12 \sum_i \left[(x_i - \mu_i)^2 e^{-\lambda_i} + \lambda_i + \log 2\pi\right]
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.units.base import Units
from tildex.units.latent import Latent

__all__ = ["DiagonalGaussian"]


class DiagonalGaussian(Latent, Units):
    """Real units with two inputs each, the means followed by the log-variances, shape (..., 2 * units).

    They are a smooth reparameterisation of the natural parameters (mean / variance and -1 / (2 variance)) without a
    sign constraint. A Boltzmann machine refuses this family, because a coupling gives one input per unit.
    """

    arity = 2
    smooth = True
    bounded = False
    finite = False
    low = -math.inf
    high = math.inf

    @staticmethod
    def split(inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance; the latter is clamped so that its exponential is finite."""
        mean, log_variance = inputs.chunk(2, -1)
        return mean, log_variance.clamp(-20.0, 20.0)

    def energy(self, x: Tensor) -> Tensor:
        """Return the normaliser of the standard normal density's two-parameter form."""
        return x.new_full(x.shape[:-1], 0.5 * math.log(2 * math.pi) * x.shape[-1])

    def cgf(self, inputs: Tensor) -> Tensor:
        """Return the log-partition at the natural parameters given by ``inputs``."""
        mean, log_variance = self.split(inputs)
        return 0.5 * (mean.square() * torch.exp(-log_variance) + log_variance).sum(-1)

    def mean(self, inputs: Tensor) -> Tensor:
        """Return the means."""
        return self.split(inputs)[0]

    mode = mean

    def sample(self, inputs: Tensor, generator: Generator) -> Tensor:
        """Draw by shifting and scaling standard normal noise, so that gradients pass (Kingma & Welling 2014)."""
        mean, log_variance = self.split(inputs)
        return mean + generator.normal_like(mean) * torch.exp(0.5 * log_variance)

    def noise(self, *shape: int, generator: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return standard normal noise."""
        return generator.normal(*shape, dtype=dtype)

    def drawn(self, inputs: Tensor, noise: Tensor) -> Tensor:
        """Return the noise, shifted and scaled."""
        mean, log_variance = self.split(inputs)
        return mean + noise * torch.exp(0.5 * log_variance)

    def relaxed(self, inputs: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """Return exact draws, through which gradients pass at every temperature."""
        return self.drawn(inputs, noise)

    def log_prob(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-density in nats."""
        return self.log_probs(x, inputs).sum(-1)

    def log_probs(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-density of each unit, shape (..., units)."""
        mean, log_variance = self.split(inputs)
        square = (x - mean).square() * torch.exp(-log_variance)
        return -0.5 * (square + log_variance + math.log(2 * math.pi))

    def log_prob_table(self, x: Tensor, inputs: Tensor) -> Tensor:
        """Return the log-density of each row under each of several inputs, by one matrix product."""
        mean, log_variance = self.split(inputs)
        precision = torch.exp(-log_variance)
        weights = torch.cat([precision, -2 * mean * precision], 1)
        constant = (mean.square() * precision + log_variance + math.log(2 * math.pi)).sum(-1)
        return -0.5 * (torch.cat([x.square(), x], -1) @ weights.t() + constant)

    def divergence(self, inputs: Tensor, others: Tensor) -> Tensor:
        """Return the divergence of each unit."""
        (mean, log_variance), (other, other_variance) = self.split(inputs), self.split(others)
        stretch = log_variance - other_variance
        apart = (mean - other).square() * torch.exp(-other_variance)
        return 0.5 * (stretch.exp() + apart - 1 - stretch)

    def inputs_for(self, mean: Tensor) -> Tensor:
        """Return the means with unit variance."""
        return torch.cat([mean, torch.zeros_like(mean)], -1)

    def nodes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return a grid over twelve standard deviations on each side of the mean; ``inputs`` are one pair."""
        mean, log_variance = self.split(inputs)
        offsets = torch.linspace(-12, 12, 2401, dtype=inputs.dtype) * torch.exp(0.5 * log_variance)
        return (mean + offsets)[:, None], (offsets[1] - offsets[0]).expand(len(offsets))
