"""Turned images: each by a random one of the eight symmetries of a square, or the four of a rectangle."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, check_strength
from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes

__all__ = ["Turned"]


class Turned(Corruption):
    """Flips each image vertically, horizontally and, if square, about its diagonal, each with probability one half.

    As an ``augmentation``, this makes eight images of one, equally plausible where orientation does not matter, as in
    patches of photographs.

    Parameters
    ----------
    image_shape : sequence of int, optional
        Height, width and, if more than one, channels of the images in rows; square with one channel when not given.
    rate : float
        The probability that an image is turned.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Turned()(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), Generator(0)).view(2, 2)
    tensor([[4., 2.],
            [3., 1.]])
    """

    def __init__(self, image_shape: Sequence[int] | None = None, rate: float = 1.0) -> None:
        check_image_shape(image_shape)
        check_strength("rate", [rate], 1.0)
        self.image_shape = image_shape
        self.rate = rate

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return turned images."""
        if self.rate == 0:
            return x
        height, width, channels = image_axes(self.image_shape, x.shape[-1])
        images = x.view(len(x), height, width, channels)
        takes_part = generator.bernoulli(x.new_full((len(x), 1), self.rate))
        chosen = generator.bernoulli(x.new_full((len(x), 3), 0.5)) * takes_part
        upside, across, diagonal = chosen.bool()[..., None, None, None].unbind(1)
        images = torch.where(upside, images.flip(1), images)
        images = torch.where(across, images.flip(2), images)
        if height == width:
            images = torch.where(diagonal, images.transpose(1, 2), images)
        return images.reshape(x.shape)
