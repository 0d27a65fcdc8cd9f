r"""Convolutional maps between rows of images and features: strided convolutions down, resizing up.

.. math:: H_k = \lceil H_{k-1} / s \rceil, \qquad W_k = \lceil W_{k-1} / s \rceil

The upward map resizes to exactly these sizes in reverse, so that images of any height and width keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tildex.generator import Generator
from tildex.maps.base import Map
from tildex.maps.mlp import MLP, Noise, activation_named
from tildex.maps.norms import Norm

__all__ = ["Composed", "Downward", "Grid", "Upward"]


@dataclass(frozen=True)
class Grid:
    """The sizes of the images between convolutions.

    Attributes
    ----------
    image_shape : tuple of int
        Height, width and channels of the images in the rows.
    channels : tuple of int
        Channels after each convolution.
    kernel : int
        The edge of the window, odd.
    stride : int
        The factor by which each convolution divides height and width.
    """

    image_shape: tuple[int, int, int]
    channels: tuple[int, ...]
    kernel: int
    stride: int

    def sizes(self) -> list[tuple[int, int]]:
        """Return height and width of the images and after each convolution."""
        found = [self.image_shape[:2]]
        for _ in self.channels:
            height, width = found[-1]
            found.append((-(-height // self.stride), -(-width // self.stride)))
        return found

    def widths(self) -> list[int]:
        """Return the channels of the images and after each convolution."""
        return [self.image_shape[2], *self.channels]

    def n_features(self) -> int:
        """Return the number of values in the smallest images."""
        return math.prod(self.sizes()[-1]) * self.channels[-1]


class Downward(Map):
    """Strided convolutions of images, each followed by a normalisation, a nonlinearity and noise.

    Parameters
    ----------
    grid : Grid
        The sizes. Each row holds one image, in row-major order with the channels of a pixel adjacent.
    generator : Generator
        Draws the starting weights, uniform with variance 2 / (in + out) per window (Glorot & Bengio, 2010).
    activation : str
        One of ``ACTIVATIONS``, after every convolution.
    norm : Norm, optional
        Normalises the inputs of these nonlinearities.
    noise : callable, optional
        A corruption of every hidden layer, as in an :class:`MLP`.
    """

    layers: Sequence[nn.Conv2d]

    def __init__(
        self,
        grid: Grid,
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        self.grid = grid
        self.activation = activation_named(activation)
        self.noise = noise
        self.layers = nn.ModuleList(  # type: ignore[assignment]
            _convolution(n_in, n_out, grid.kernel, grid.stride, generator)
            for n_in, n_out in pairwise(grid.widths())
        )
        self.norms = nn.ModuleList([] if norm is None else [norm.layer(width) for width in grid.channels])

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the values of the smallest images, shape (batch, features), in the type of ``x``."""
        height, width, channels = self.grid.image_shape
        hidden = x.view(-1, height, width, channels).permute(0, 3, 1, 2)
        for depth, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if self.norms:
                hidden = self.norms[depth](hidden, generator)
            hidden = _noisy(self.activation(hidden), self.noise, generator)
        return hidden.flatten(1).to(x.dtype)


class Upward(Map):
    """The reverse map: from the smallest images to the inputs of full-size images.

    Images are resized to the next larger size by repeating pixels and then convolved, which avoids checkerboard
    artefacts (Odena, Dumoulin & Olah, 2016, "Deconvolution and checkerboard artifacts"). Every output value has its
    own bias.

    Parameters
    ----------
    grid : Grid
        The sizes on the way down.
    generator, activation, norm, noise
        As in :class:`Downward`; the nonlinearity is also applied first, before any resizing.
    """

    layers: Sequence[nn.Conv2d]

    def __init__(
        self,
        grid: Grid,
        *,
        generator: Generator,
        activation: str = "relu",
        norm: Norm | None = None,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        self.grid = grid
        self.activation = activation_named(activation)
        self.noise = noise
        widths = grid.widths()[::-1]
        self.layers = nn.ModuleList(  # type: ignore[assignment]
            _convolution(n_in, n_out, grid.kernel, 1, generator, bias=k < len(grid.channels) - 1)
            for k, (n_in, n_out) in enumerate(pairwise(widths))
        )
        self.norms = nn.ModuleList([] if norm is None else [norm.layer(width) for width in widths[:-1]])
        self.bias = nn.Parameter(torch.zeros(math.prod(grid.image_shape), device=generator.device))

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the images' inputs, shape (batch, height * width * channels), in the type of ``x``."""
        *larger, smallest = self.grid.sizes()
        hidden = x.view(len(x), -1, *smallest)
        for depth, (layer, size) in enumerate(zip(self.layers, reversed(larger), strict=True)):
            if self.norms:
                hidden = self.norms[depth](hidden, generator)
            hidden = _noisy(self.activation(hidden), self.noise, generator)
            hidden = layer(F.interpolate(hidden, size=size, mode="nearest"))
        return (hidden.permute(0, 2, 3, 1).flatten(1) + self.bias).to(x.dtype)

    @property
    def output_bias(self) -> Tensor:
        """The bias of every value."""
        return self.bias


class Composed(Map):
    """One map after another."""

    maps: Sequence[Map]

    def __init__(self, *maps: Map) -> None:
        super().__init__()
        self.maps = nn.ModuleList(maps)  # type: ignore[assignment]

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the composition of all maps, applied in order."""
        for map in self.maps:
            x = map(x, generator)
        return x

    @property
    def layers(self) -> list[nn.Linear]:
        """The affine layers, in order, without the convolutions."""
        return [layer for map in self.maps if isinstance(map, MLP) for layer in map.layers]

    def input_weight(self) -> Tensor | None:
        """Return the first map's matrix."""
        return self.maps[0].input_weight()

    @property
    def output_bias(self) -> Tensor | None:
        """The last map's."""
        return self.maps[-1].output_bias

    def steps(self) -> list[Map]:
        """Return the steps of all maps."""
        return [step for map in self.maps for step in map.steps()]


def _convolution(
    n_in: int, n_out: int, kernel: int, stride: int, generator: Generator, *, bias: bool = True
) -> nn.Conv2d:
    """Return a convolution with same padding and weights from ``generator``."""
    layer = nn.utils.skip_init(
        nn.Conv2d, n_in, n_out, kernel, stride=stride, padding=kernel // 2, bias=bias, device=generator.device
    )
    limit = math.sqrt(6 / ((n_in + n_out) * kernel**2))
    with torch.no_grad():
        layer.weight.copy_((2 * generator.uniform(*layer.weight.shape) - 1) * limit)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def _noisy(x: Tensor, noise: Noise | None, generator: Generator | None) -> Tensor:
    """Return images with noise added; the noise is applied to them as rows."""
    return x if noise is None or generator is None else noise(x.flatten(1), generator).view_as(x)
