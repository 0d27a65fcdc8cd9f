r"""Normal noise with a random strength per row.

.. math:: \sigma \sim U(\text{lowest}, \text{scale}), \qquad \tilde x = x + \sigma \epsilon, \qquad
          \epsilon \sim N(0, I)
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions.base import Corruption, check_strength
from tildex.generator import Generator

__all__ = ["VaryingNoise"]


class VaryingNoise(Corruption):
    """Adds normal noise with a standard deviation drawn per row: one model for a range of noise levels.

    Parameters
    ----------
    scale : float
        The largest standard deviation, in units of the data after scaling.
    lowest : float
        The smallest.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> noisy = VaryingNoise(0.2)(torch.zeros(2, 1000), Generator(0))
    >>> [round(float(row.std()), 2) for row in noisy]
    [0.14, 0.11]
    """

    def __init__(self, scale: float = 0.2, lowest: float = 0.0) -> None:
        check_strength("scale", [scale])
        check_strength("lowest", [lowest])
        if lowest > scale > 0:
            raise ValueError(f"lowest must not exceed scale {scale}, got {lowest}")
        self.scale = scale
        self.lowest = lowest

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with noise added."""
        if self.scale == 0:
            return x
        share = generator.uniform(len(x), 1, dtype=x.dtype)
        return x + (self.lowest + (self.scale - self.lowest) * share) * generator.normal_like(x)
