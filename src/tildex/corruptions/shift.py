"""Shifts of whole images by a few pixels, what leaves one edge being lost and zeros coming in at the other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption
from tildex.generator import Generator

__all__ = ["Shift"]


class Shift(Corruption):
    """Moves each image by up to ``pixels`` down or up and right or left, every way as likely.

    As an ``augmentation`` a model learns to return what was moved; as a ``corruption``, to move it back.

    Parameters
    ----------
    pixels : int
        The largest move along either axis.
    image_shape : sequence of int
        Height, width and, unless there is one, channels of the images that rows are.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> image = torch.tensor([[0.0, 0, 0, 0, 1, 0, 0, 0, 0]])
    >>> Shift(1, (3, 3))(image, Generator(1)).view(3, 3)
    tensor([[0., 0., 0.],
            [0., 0., 1.],
            [0., 0., 0.]])
    """

    def __init__(self, pixels: int = 1, image_shape: Sequence[int] = (28, 28)) -> None:
        if pixels < 0:
            raise ValueError(f"pixels must not be negative, got {pixels}")
        if len(image_shape) not in (2, 3) or min(image_shape) < 1:
            raise ValueError(f"image_shape must be height, width and perhaps channels, got {image_shape!r}")
        self.pixels = pixels
        self.image_shape = image_shape

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return moved images."""
        if self.pixels == 0:
            return x
        height, width, channels = (*self.image_shape, 1)[:3]
        if x.shape[-1] != height * width * channels:
            raise ValueError(
                f"images of {height} x {width} x {channels} have {height * width * channels} values, and rows have "
                f"{x.shape[-1]} columns: set the shift's image_shape to height, width and channels of the images"
            )
        images = x.view(len(x), height, width, channels)
        moves = generator.integers(2 * self.pixels + 1, 2 * len(x)) - self.pixels
        down, right = torch.from_numpy(moves).to(x.device).view(2, len(x), 1)
        above, left = (
            torch.arange(n, device=x.device) - move for n, move in ((height, down), (width, right))
        )
        # Where each pixel comes from, and whether that is inside the image.
        taken = images.gather(1, above.remainder(height)[:, :, None, None].expand_as(images))
        taken = taken.gather(2, left.remainder(width)[:, None, :, None].expand_as(images))
        inside = ((above >= 0) & (above < height))[:, :, None] & ((left >= 0) & (left < width))[:, None]
        return (taken * inside[..., None]).view_as(x)
