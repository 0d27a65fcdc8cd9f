r"""Masking noise.

.. math:: \tilde x_i = x_i m_i, \qquad m_i \sim \mathrm{Bernoulli}(1 - \text{rate})
"""

from __future__ import annotations

from abc import ABC

from torch import Tensor

from tildex.corruptions.base import Corruption, Strength, check_strength, drawn_whole, per_column
from tildex.generator import Generator

__all__ = ["Dropout", "Masking"]


class _Dropping(Corruption, ABC):
    """Sets values to zero."""

    rate: Strength

    def _kept(self, x: Tensor, generator: Generator) -> Tensor:
        return drawn_whole(1 - per_column("rate", self.rate, x), self.variable, generator)


class Masking(_Dropping):
    """Sets each value to zero with probability ``rate`` (Vincent et al., 2008, "Extracting and composing robust
    features with denoising autoencoders").

    Parameters
    ----------
    rate : float or sequence of float
        The probability, or one per column.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Masking((0.0, 1.0, 0.0))(torch.ones(1, 3), Generator(0))
    tensor([[1., 0., 1.]])
    """

    def __init__(self, rate: Strength = 0.3) -> None:
        self.rate = check_strength("rate", rate, 1.0)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some values set to zero."""
        if self.rate == 0:
            return x
        return x * self._kept(x, generator)

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and a mask of the values set to zero, including those that were zero before."""
        kept = self._kept(x, generator)
        return x * kept, kept == 0


class Dropout(_Dropping):
    """Masking that divides the remaining values by the fraction kept, so that means are unchanged (Srivastava et al.,
    2014, "Dropout: a simple way to prevent neural networks from overfitting").

    Parameters
    ----------
    rate : float or sequence of float
        The probability of dropping a value, at most 0.99, or one per column.
    """

    def __init__(self, rate: Strength = 0.5) -> None:
        self.rate = check_strength("rate", rate, 0.99)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some values set to zero and the others scaled up."""
        if self.rate == 0:
            return x
        return self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and a mask of the values set to zero."""
        kept = self._kept(x, generator)
        return x * kept / (1 - per_column("rate", self.rate, x)), kept == 0
