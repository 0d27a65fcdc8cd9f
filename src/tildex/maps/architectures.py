"""Architectures: the encoder and decoder maps between rows and a code, as a configurable part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from tildex.generator import Generator
from tildex.images import check_image_shape, image_axes
from tildex.maps.base import Map
from tildex.maps.convolution import Composed, Downward, Grid, Upward
from tildex.maps.mlp import MLP, Noise
from tildex.maps.norms import Norm
from tildex.part import Part

__all__ = ["Architecture", "Convolutional", "Dense", "layer_sizes"]


class Architecture(Part, ABC, kind="architecture"):
    """The encoder and decoder maps between rows and a code.

    Both methods take the sizes of all dense layers in the map's direction, including rows and code, and the other
    arguments of an :class:`MLP`.
    """

    @abstractmethod
    def encoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return a map from rows, ``sizes[0]`` columns, to ``sizes[-1]`` inputs of a code."""

    @abstractmethod
    def decoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return a map from codes, ``sizes[0]`` columns, to ``sizes[-1]`` inputs of rows."""


class Dense(Architecture):
    """Affine layers only: a multilayer perceptron in each direction."""

    def encoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return an MLP."""
        return MLP(sizes, generator=generator, activation=activation, norm=norm, noise=noise)

    def decoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return an MLP."""
        return MLP(
            sizes, generator=generator, activation=activation, norm=norm, input_noise=input_noise, noise=noise
        )


class Convolutional(Architecture):
    """Strided convolutions between rows that are images and the dense layers; the decoder mirrors the encoder.

    Parameters
    ----------
    image_shape : sequence of int, optional
        Height, width and, if more than one, channels, as in data records; square with one channel when not given.
    channels : sequence of int
        Channels after each convolution; each convolution divides height and width by ``stride``, rounding up.
    kernel : int
        The edge of a convolution's window, odd.
    stride : int
        At least 1.

    Example
    -------
    >>> import torch
    >>> from tildex.generator import Generator
    >>> images = Convolutional((7, 5, 3), channels=(4, 8))
    >>> encoder = images.encoder([105, 20, 2], generator=Generator(0))
    >>> decoder = images.decoder([2, 20, 105], generator=Generator(0))
    >>> decoder(encoder(torch.zeros(6, 105))).shape
    torch.Size([6, 105])
    """

    def __init__(
        self,
        image_shape: Sequence[int] | None = None,
        channels: Sequence[int] = (32, 64),
        kernel: int = 3,
        stride: int = 2,
    ) -> None:
        check_image_shape(image_shape)
        if len(channels) < 1 or min(channels) < 1:
            raise ValueError(f"channels must be numbers of at least 1, one per convolution, got {channels!r}")
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that the window has a centre, got {kernel}")
        if stride < 1:
            raise ValueError(f"stride must be at least 1, got {stride}")
        self.image_shape = image_shape
        self.channels = channels
        self.kernel = kernel
        self.stride = stride

    def encoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return convolutions and an MLP."""
        grid = self._grid(sizes[0])
        images = Downward(grid, generator=generator, activation=activation, norm=norm, noise=noise)
        inner = [grid.n_features(), *sizes[1:]]
        return Composed(
            images, MLP(inner, generator=generator, activation=activation, norm=norm, noise=noise)
        )

    def decoder(
        self,
        sizes: Sequence[int],
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
    ) -> Map:
        """Return an MLP and convolutions."""
        grid = self._grid(sizes[-1])
        inner = [*sizes[:-1], grid.n_features()]
        dense = MLP(
            inner, generator=generator, activation=activation, norm=norm, input_noise=input_noise, noise=noise
        )
        images = Upward(grid, generator=generator, activation=activation, norm=norm, noise=noise)
        return Composed(dense, images)

    def _grid(self, columns: int) -> Grid:
        return Grid(image_axes(self.image_shape, columns), tuple(self.channels), self.kernel, self.stride)


def layer_sizes(value: Any) -> list[int]:
    """Return the sizes of hidden layers, given a sequence of sizes or a single size."""
    sizes = [value] if isinstance(value, int | np.integer) else value
    if isinstance(sizes, str) or not all(isinstance(size, int | np.integer) and size >= 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers of at least 1, got {value!r}")
    return [int(size) for size in sizes]
