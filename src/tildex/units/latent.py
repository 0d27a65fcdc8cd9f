r"""What a unit family needs to be the code of a variational autoencoder: draws from given noise, and divergences.

.. math:: h = g(\eta, \epsilon), \quad \epsilon \sim p(\epsilon), \qquad
          KL(\eta \,\|\, \eta') = \mathrm{E}_\eta \log \frac{p(h \mid \eta)}{p(h \mid \eta')}
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from tildex.generator import Generator

__all__ = ["Latent", "gumbel"]

# The smallest distance of a uniform number from 0 that 24 bits can represent.
_SMALLEST = 2.0**-25


class Latent(ABC):
    """A unit family whose draws are a function of the inputs and of noise independent of them.

    Codes have shape (..., size), inputs (..., arity * size); a *variable* is one unit or one group of columns.

    Attributes
    ----------
    smooth : bool
        Whether gradients pass through an exact draw; if not, :meth:`relaxed` replaces it.
    """

    latent: ClassVar[bool] = True
    smooth: ClassVar[bool] = False

    @abstractmethod
    def noise(self, *shape: int, generator: Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return noise for codes of that shape."""

    @abstractmethod
    def drawn(self, inputs: Tensor, noise: Tensor) -> Tensor:
        """Return exact draws."""

    @abstractmethod
    def relaxed(self, inputs: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """Return draws that gradients pass through; they become exact as the temperature falls to zero."""

    @abstractmethod
    def divergence(self, inputs: Tensor, others: Tensor) -> Tensor:
        """Return KL(``inputs`` || ``others``) of each variable, shape (..., variables)."""


def gumbel(*shape: int, generator: Generator, dtype: torch.dtype) -> Tensor:
    """Return noise such that the class of largest log-probability plus noise is a draw (Gumbel, 1954)."""
    uniform = generator.uniform(*shape, dtype=dtype).clamp_min_(_SMALLEST)
    return uniform.log_().neg_().log_().neg_()
