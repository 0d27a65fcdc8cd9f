r"""Masking noise.

.. math:: \tilde x_i = x_i m_i, \qquad m_i \sim \mathrm{Bernoulli}(1 - \text{rate})
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_rate
from tildex.generator import Generator

__all__ = ["Dropout", "Masking"]


class Masking(Corruption):
    """Sets each value to zero with probability ``rate`` (Vincent et al., 2008, "Extracting and composing robust
    features with denoising autoencoders").

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Masking(1.0)(torch.ones(1, 3), Generator(0))
    tensor([[0., 0., 0.]])
    """

    def __init__(self, rate: float = 0.3) -> None:
        self.rate = check_rate(rate)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some values set to zero."""
        if self.rate == 0:
            return x
        return x * generator.bernoulli(torch.full_like(x, 1 - self.rate))


class Dropout(Corruption):
    """Masking that divides what is left by the share kept, so that means stay as they were (Srivastava et al.,
    2014, "Dropout: a simple way to prevent neural networks from overfitting").
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = check_rate(rate, below=0.99)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some values set to zero and the others enlarged."""
        if self.rate == 0:
            return x
        keep = 1 - self.rate
        return x * generator.bernoulli(torch.full_like(x, keep)) / keep
