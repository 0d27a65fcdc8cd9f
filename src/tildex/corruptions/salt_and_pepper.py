r"""Salt and pepper: a fraction of values set to either end of the range, with equal probability."""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, Strength, check_strength, drawn_whole, per_column
from tildex.generator import Generator

__all__ = ["SaltAndPepper"]


class SaltAndPepper(Corruption):
    """Sets each value to ``low`` or ``high``, equally often, with probability ``rate``.

    Parameters
    ----------
    rate : float or sequence of float
        The probability, or one per column.
    low, high : float
        The ends of the range, in units of the data after scaling.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> bool(SaltAndPepper(1.0)(torch.full((1, 9), 0.5), Generator(0)).eq(0.5).any())
    False
    """

    def __init__(self, rate: Strength = 0.1, low: float = 0.0, high: float = 1.0) -> None:
        self.rate = check_strength("rate", rate, 1.0)
        self.low = low
        self.high = high

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some values at the ends of the range."""
        if self.rate == 0:
            return x
        return self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and a mask of the values set, including those already at that end."""
        struck = drawn_whole(per_column("rate", self.rate, x), self.variable, generator).bool()
        salt = generator.bernoulli(torch.full_like(x, 0.5))
        return torch.where(struck, self.low + (self.high - self.low) * salt, x), struck
