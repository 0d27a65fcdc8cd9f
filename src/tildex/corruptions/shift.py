"""Shifts of whole images by a few pixels; pixels leaving one edge are lost and zeros enter at the other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption, Strength, check_strength, per_column
from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes

__all__ = ["Shift"]


class Shift(Corruption):
    """Shifts each image by up to ``pixels`` vertically and horizontally, all shifts equally likely.

    As an ``augmentation``, the model learns to return the shifted image; as a ``corruption``, to undo the shift.

    Parameters
    ----------
    pixels : int
        The largest shift along either axis.
    image_shape : sequence of int, optional
        Height, width and, if more than one, channels of the images in rows; square with one channel when not given.
    rate : float or sequence of float
        The fraction of values taken from the shifted image, one number or one per column; the others stay.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> image = torch.tensor([[0.0, 0, 0, 0, 1, 0, 0, 0, 0]])
    >>> Shift(1)(image, Generator(1)).view(3, 3)
    tensor([[0., 0., 0.],
            [0., 0., 1.],
            [0., 0., 0.]])
    """

    def __init__(
        self, pixels: int = 1, image_shape: Sequence[int] | None = None, rate: Strength = 1.0
    ) -> None:
        if pixels < 0:
            raise ValueError(f"pixels must not be negative, got {pixels}")
        check_image_shape(image_shape)
        self.pixels = pixels
        self.image_shape = image_shape
        self.rate = check_strength("rate", rate, 1.0)

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return shifted images."""
        if self.pixels == 0 or self.rate == 0:
            return x
        height, width, channels = image_axes(self.image_shape, x.shape[-1])
        images = x.view(len(x), height, width, channels)
        moves = torch.from_numpy(generator.integers(2 * self.pixels + 1, 2 * len(x)) - self.pixels)
        down, right = moves.to(x.device).view(2, len(x), 1)
        above, left = (
            torch.arange(n, device=x.device) - move for n, move in ((height, down), (width, right))
        )
        # The source position of each pixel, and whether it is inside the image.
        taken = images.gather(1, above.remainder(height)[:, :, None, None].expand_as(images))
        taken = taken.gather(2, left.remainder(width)[:, None, :, None].expand_as(images))
        inside = ((above >= 0) & (above < height))[:, :, None] & ((left >= 0) & (left < width))[:, None]
        moved = (taken * inside[..., None]).view_as(x)
        if self.rate == 1:
            return moved
        return torch.where(generator.bernoulli(per_column("rate", self.rate, x)).bool(), moved, x)
