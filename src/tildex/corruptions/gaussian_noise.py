r"""Additive normal noise.

.. math:: \tilde x = x + \text{scale} \cdot \epsilon, \qquad \epsilon \sim N(0, I)
"""

from __future__ import annotations

from torch import Tensor

from tildex.corruptions.base import Corruption
from tildex.generator import Generator

__all__ = ["GaussianNoise"]


class GaussianNoise(Corruption):
    """Adds normal noise of standard deviation ``scale``, in units of the data after scaling.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> GaussianNoise(0.0)(torch.ones(1, 2), Generator(0))
    tensor([[1., 1.]])
    """

    def __init__(self, scale: float = 0.3) -> None:
        if scale < 0:
            raise ValueError(f"scale must not be negative, got {scale}")
        self.scale = scale

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with noise added."""
        if self.scale == 0:
            return x
        return x + self.scale * generator.normal_like(x)
