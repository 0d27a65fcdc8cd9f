"""Occlusion: square blocks of an image are lost, under a known mask."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tildex.corruptions.base import check_strength
from tildex.corruptions.hiding import _Hiding
from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes

__all__ = ["Occlusion"]


class Occlusion(_Hiding):
    """Blanks square blocks at random places inside each image; a restoration model receives their mask.

    Parameters
    ----------
    size : int
        The edge of a block in pixels, limited to the sides of the image.
    blocks : int
        Blocks per image, which may overlap.
    rate : float
        The probability of each block.
    image_shape : sequence of int, optional
        Height, width and, if more than one, channels of the images in rows; square with one channel when not given.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> Occlusion(2)(torch.ones(1, 16), Generator(1)).view(4, 4)
    tensor([[1., 1., 1., 1.],
            [1., 1., 0., 0.],
            [1., 1., 0., 0.],
            [1., 1., 1., 1.]])
    """

    def __init__(
        self,
        size: int = 4,
        blocks: int = 1,
        rate: float = 1.0,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        for name, value in (("size", size), ("blocks", blocks)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        check_strength("rate", [rate], 1.0)
        check_image_shape(image_shape)
        self.size = size
        self.blocks = blocks
        self.rate = rate
        self.image_shape = image_shape

    def lost(self, x: Tensor, generator: Generator) -> Tensor:
        """Return the mask of the lost blocks."""
        height, width, channels = image_axes(self.image_shape, x.shape[-1])
        rows, columns = (self._inside(edge, len(x), generator) for edge in (height, width))
        there = generator.bernoulli(x.new_full((len(x), self.blocks), self.rate)).bool()
        lost = (rows[..., :, None] & columns[..., None, :] & there[..., None, None]).any(1)
        return lost[..., None].expand(-1, -1, -1, channels).reshape(x.shape)

    def _inside(self, edge: int, n: int, generator: Generator) -> Tensor:
        """Return a mask of the positions along an edge inside each block, shape (n, blocks, edge)."""
        size = min(self.size, edge)
        start = torch.from_numpy(generator.integers(edge - size + 1, n * self.blocks)).to(generator.device)
        start = start.view(n, self.blocks, 1)
        place = torch.arange(edge, device=generator.device)
        return (place >= start) & (place < start + size)
