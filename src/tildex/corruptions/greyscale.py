r"""Greyscale: the luminance of a pixel in the place of its three channels.

.. math:: \tilde x_{pc} = Y_p = \sum_k w_k x_{pk}, \qquad w = (0.299, 0.587, 0.114)

Colours of one luminance form a plane, and what must be added to grey is a vector in the plane through zero.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_strength
from tildex.generator import Generator
from tildex.images import luminance

__all__ = ["Greyscale"]


class Greyscale(Corruption):
    """Takes the colour out of images of red, green and blue, columns side by side; their luminance stays.

    A model that restores may therefore add nothing that has a luminance, and colours what is grey.

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
        """Return ``x`` with grey rows."""
        return x if self.rate == 0 else self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and which values are in a row that became grey."""
        pixels = _pixels(x)
        struck = generator.bernoulli(x.new_full((len(x), 1), self.rate)).bool()
        grey = luminance(pixels).expand_as(pixels).reshape(x.shape)
        return torch.where(struck, grey, x), struck.expand_as(x)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the part of a change of pixels, shape (..., 3), that leaves their luminance as it is."""
        return change - luminance(change)


def _pixels(x: Tensor) -> Tensor:
    if x.shape[-1] % 3:
        raise ValueError(
            f"greyscale is of red, green and blue, and rows have {x.shape[-1]} columns: no such pixels"
        )
    return x.unflatten(-1, (-1, 3))
