r"""Noise that presses a code of logistic units to its ends, so that nothing is lost when it is rounded to bits.

.. math:: \tilde h = \sigma(\sigma^{-1}(h) + \text{scale} \cdot \epsilon) \qquad \text{or} \qquad
          \tilde h \sim \mathrm{Bernoulli}(h), \quad \frac{\partial \tilde h}{\partial h} := 1
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_rate
from tildex.generator import Generator

__all__ = ["LogitNoise", "StraightThrough"]

# Beyond it a logistic unit is as good as binary, and the logit would be infinite.
_END = 1e-6


class LogitNoise(Corruption):
    """Adds normal noise to what a logistic unit receives, given its mean: a code that is to get through must be near
    0 or 1 (Salakhutdinov & Hinton, 2009, "Semantic hashing", where the variance of the noise is 16).

    Parameters
    ----------
    scale : float
        The standard deviation of the noise.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> LogitNoise(4.0)(torch.tensor([[0.5, 0.999999]]), Generator(0)).round(decimals=2)
    tensor([[0.0500, 1.0000]])
    """

    def __init__(self, scale: float = 4.0) -> None:
        if scale < 0:
            raise ValueError(f"scale must not be negative, got {scale}")
        self.scale = scale

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return means between 0 and 1, moved; gradients pass where the unit is not at an end already."""
        if self.scale == 0:
            return x
        inputs = torch.logit(x, eps=_END)
        return torch.sigmoid(inputs + self.scale * generator.normal_like(inputs))


class StraightThrough(Corruption):
    """Draws 0 or 1 with the probability that a value between them is; gradients pass as if nothing had been drawn
    (Bengio, Léonard & Courville, 2013, "Estimating or propagating gradients through stochastic neurons").

    Parameters
    ----------
    rate : float
        The share of values that are drawn; the others stay as they are.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> StraightThrough()(torch.tensor([[0.0, 1.0, 1.0]]), Generator(0))
    tensor([[0., 1., 1.]])
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = check_rate(rate)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return draws in place of values between 0 and 1."""
        if self.rate == 0:
            return x
        p = x.detach()
        drawn = generator.bernoulli(p.clamp(0, 1))
        if self.rate < 1:
            drawn = torch.where(generator.bernoulli(torch.full_like(p, self.rate)) > 0, drawn, p)
        return x + (drawn - p)
