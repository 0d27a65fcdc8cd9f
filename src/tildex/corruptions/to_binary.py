r"""Noise that drives a code of logistic units towards 0 and 1, so that rounding it to bits loses little.

.. math:: \tilde h = \sigma(\sigma^{-1}(h) + \text{scale} \cdot \epsilon) \qquad \text{or} \qquad
          \tilde h \sim \mathrm{Bernoulli}(h), \quad \frac{\partial \tilde h}{\partial h} := 1
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, Strength, check_strength, per_column
from tildex.generator import Generator

__all__ = ["BernoulliNoise", "LogitNoise"]

# Beyond it a logistic unit is practically binary, and the logit would be infinite.
_END = 1e-6


class LogitNoise(Corruption):
    """Adds normal noise to the input of a logistic unit, given its mean: only values near 0 or 1 survive the noise
    (Salakhutdinov & Hinton, 2009, "Semantic hashing", where the variance of the noise is 16).

    Parameters
    ----------
    scale : float or sequence of float
        The standard deviation of the noise, or one per unit.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> LogitNoise(4.0)(torch.tensor([[0.5, 0.999999]]), Generator(0)).round(decimals=2)
    tensor([[0.0500, 1.0000]])
    """

    def __init__(self, scale: Strength = 4.0) -> None:
        self.scale = check_strength("scale", scale)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return noisy means between 0 and 1; gradients pass except where a unit is already saturated."""
        if self.scale == 0:
            return x
        inputs = torch.logit(x, eps=_END)
        noise = per_column("scale", self.scale, inputs) * generator.normal_like(inputs)
        # Values without noise stay unchanged, saturated ones too.
        return torch.where(noise == 0, x, torch.sigmoid(inputs + noise))


class BernoulliNoise(Corruption):
    """Draws 0 or 1 with each value as the probability of 1; gradients pass straight through (Bengio, Léonard &
    Courville, 2013, "Estimating or propagating gradients through stochastic neurons").

    Parameters
    ----------
    rate : float or sequence of float
        The fraction of values that are drawn, or one per unit; the others stay unchanged.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> BernoulliNoise()(torch.tensor([[0.0, 1.0, 1.0]]), Generator(0))
    tensor([[0., 1., 1.]])
    """

    def __init__(self, rate: Strength = 1.0) -> None:
        self.rate = check_strength("rate", rate, most=1)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return draws in place of values between 0 and 1."""
        if self.rate == 0:
            return x
        p = x.detach()
        drawn = generator.bernoulli(p.clamp(0, 1))
        if self.rate != 1:
            drawn = torch.where(generator.bernoulli(per_column("rate", self.rate, p)) > 0, drawn, p)
        return x + (drawn - p)
