r"""Additive normal noise.

.. math:: \tilde x = x + \text{scale} \cdot \epsilon, \qquad \epsilon \sim N(0, I)
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions.base import Corruption, Strength, check_strength, per_column
from tildex.generator import Generator

__all__ = ["GaussianNoise"]


class GaussianNoise(Corruption):
    """Adds normal noise of standard deviation ``scale``, in units of the data after scaling.

    Parameters
    ----------
    scale : float or sequence of float
        The standard deviation, or one per column.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> GaussianNoise((0.0, 0.5))(torch.ones(1, 2), Generator(0)) == 1
    tensor([[ True, False]])
    """

    def __init__(self, scale: Strength = 0.3) -> None:
        self.scale = check_strength("scale", scale)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with noise added."""
        if self.scale == 0:
            return x
        return x + per_column("scale", self.scale, x) * generator.normal_like(x)
