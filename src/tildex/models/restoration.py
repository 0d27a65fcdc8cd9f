r"""The pair that restores images: two maps around one image network, with a code at every pixel.

.. math:: h = f(\tilde x, m), \qquad P(x \mid h) = N\big(\tilde x + U g(h),\ \gamma^{-1}\big)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from tildex.corruptions import Corruption
from tildex.generator import Generator
from tildex.maps import Features, Frame, ImageNetwork, Residual, marked
from tildex.models.pair import Conditional, Pair
from tildex.units import Gaussian, Units

__all__ = ["Restoration", "check_views"]

_VIEWS = (1, 2, 4, 8)


def check_views(views: int) -> None:
    """Raise ValueError unless ``views`` is a possible number of symmetric views of an image: 1, 2, 4 or 8."""
    if views not in _VIEWS:
        raise ValueError(f"views must be one of {_VIEWS}, got {views!r}")


class Restoration(Pair):
    """A pair that undoes a corruption of images, of the training size or any other.

    Parameters
    ----------
    network : ImageNetwork
        The network that computes features.
    corruption : Corruption
        The corruption to undo. If it ``hides`` values, the network receives the mask of lost pixels; its
        :meth:`~tildex.corruptions.Corruption.undoing` limits how an image may change.
    units : Units
        The family of the pixels.
    image_shape : tuple of int
        Height, width and channels of the images in rows.
    generator : Generator
        Draws the starting weights.

    Example
    -------
    >>> from tildex.corruptions import GaussianNoise
    >>> from tildex.maps import UNet
    >>> model = Restoration(UNet(8), GaussianNoise(0.1), Gaussian(), (16, 16, 3), generator=Generator(0))
    >>> model.restore(torch.rand(1, 31, 20, 3)).shape
    torch.Size([1, 31, 20, 3])
    """

    def __init__(
        self,
        network: ImageNetwork,
        corruption: Corruption,
        units: Units,
        image_shape: tuple[int, int, int],
        *,
        generator: Generator,
    ) -> None:
        frame = Frame(image_shape, corruption.hides)
        features = Features(network, frame, generator=generator)
        residual = Residual(network, frame, corruption.undoing, generator=generator)
        super().__init__(Conditional(features, Gaussian()), Conditional(residual, units))
        self.frame = frame
        self.corruption = corruption
        self.multiple = network.multiple
        # One more convolution turns features into an image.
        self.radius = network.radius + 1

    def beside(self, x: Tensor, lost: Tensor | None = None) -> Tensor:
        """Return rows or images as the encoder reads them, with the mask of lost values if it needs one."""
        if not self.frame.marks:
            return x
        lost = torch.zeros_like(x, dtype=torch.bool) if lost is None else lost
        return marked(torch.where(lost, 0.0, x), lost, self.frame.channels)

    def restore(self, x: Tensor, lost: Tensor | None = None, *, views: int = 1) -> Tensor:
        """Return restored rows, shape (n, features), or images of any size, shape (n, height, width, channels).

        Parameters
        ----------
        x : Tensor
            The damaged rows or images.
        lost : boolean Tensor like ``x``, optional
            Mask of missing values, which are ignored in ``x``.
        views : int
            Symmetric views of an image whose restorations are averaged: 1, 2 adds the mirror image, 4 both upside
            down, 8 all of them transposed (Timofte, Rothe & Van Gool, 2016, "Seven ways to improve example-based
            single image super resolution").

        Raises
        ------
        ValueError
            If ``views`` is not one of these, or if values are lost but the corruption hides nothing, so that the
            network takes no mask.
        """
        if lost is not None and not self.frame.marks:
            raise ValueError(
                f"the model undoes {self.corruption!r} and takes no mask of missing values: train one with "
                "Missing() or Occlusion()"
            )
        check_views(views)
        channels = self.frame.channels
        images = self.frame.images(x, channels)
        gone = None if lost is None else self.frame.images(lost, channels)
        total = torch.zeros_like(images)
        for turn in _turns(views):
            seen = turn(images)
            total += turn.back(self.reconstruct(self.beside(seen, None if gone is None else turn(gone))))
        return (total / views).view_as(x)


class _Turn(NamedTuple):
    """A symmetry of a rectangle or square, for images of shape (n, height, width, channels)."""

    flipped: tuple[int, ...]
    diagonal: bool

    def __call__(self, x: Tensor) -> Tensor:
        x = x.flip(self.flipped)
        return (x.transpose(1, 2) if self.diagonal else x).contiguous()

    def back(self, x: Tensor) -> Tensor:
        return (x.transpose(1, 2) if self.diagonal else x).flip(self.flipped)


def _turns(views: int) -> list[_Turn]:
    """Return the first ``views`` symmetries: identity, left to right, upside down, both, and all four transposed."""
    flips: list[tuple[int, ...]] = [(), (2,), (1,), (1, 2)]
    return [_Turn(flipped, diagonal) for diagonal in (False, True) for flipped in flips][:views]
