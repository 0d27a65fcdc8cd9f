"""Horizontally mirrored images; up and down stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_strength
from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes

__all__ = ["Mirrored"]


class Mirrored(Corruption):
    """Mirrors each image left to right with probability ``rate``.

    An ``augmentation`` for images where up and down matter, such as skies above landscapes.

    Parameters
    ----------
    image_shape : sequence of int, optional
        Height, width and, if more than one, channels of the images in rows; square with one channel when not given.
    rate : float
        The probability.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Mirrored(rate=1.0)(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), Generator(0)).view(2, 2)
    tensor([[2., 1.],
            [4., 3.]])
    """

    def __init__(self, image_shape: Sequence[int] | None = None, rate: float = 0.5) -> None:
        check_image_shape(image_shape)
        check_strength("rate", [rate], 1.0)
        self.image_shape = image_shape
        self.rate = rate

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the images, some of them mirrored."""
        if self.rate == 0:
            return x
        images = x.view(len(x), *image_axes(self.image_shape, x.shape[-1]))
        chosen = generator.bernoulli(x.new_full((len(x), 1, 1, 1), self.rate)).bool()
        return torch.where(chosen, images.flip(2), images).reshape(x.shape)
