r"""Greyscale: a pixel's luminance replaces its three channels.

.. math:: \tilde x_{pc} = Y_p = \sum_k w_k x_{pk}, \qquad w = (0.299, 0.587, 0.114)

Colours of equal luminance form a plane, so the change from grey to colour is a vector in the parallel plane through
zero.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_strength
from tildex.generator import Generator
from tildex.images import luminance

__all__ = ["Greyscale"]


class Greyscale(Corruption):
    """Removes the colour of RGB images, channels in adjacent columns; the luminance stays.

    A restoration model may therefore add only changes without luminance: it colours grey images.

    Parameters
    ----------
    rate : float
        The probability that a row loses its colour.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Greyscale()(torch.tensor([[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]]), Generator(0))
    tensor([[0.2990, 0.2990, 0.2990, 0.5870, 0.5870, 0.5870]])
    """

    def __init__(self, rate: float = 1.0) -> None:
        check_strength("rate", [rate], 1.0)
        self.rate = rate

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with some rows made grey."""
        return x if self.rate == 0 else self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and a mask of the values in rows made grey."""
        pixels = _pixels(x)
        struck = generator.bernoulli(x.new_full((len(x), 1), self.rate)).bool()
        grey = luminance(pixels).expand_as(pixels).reshape(x.shape)
        return torch.where(struck, grey, x), struck.expand_as(x)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the part of a change of pixels, shape (..., 3), that preserves luminance."""
        return change - luminance(change)


def _pixels(x: Tensor) -> Tensor:
    if x.shape[-1] % 3:
        raise ValueError(
            f"greyscale needs pixels of red, green and blue, and rows have {x.shape[-1]} columns, not a multiple of 3"
        )
    return x.unflatten(-1, (-1, 3))
