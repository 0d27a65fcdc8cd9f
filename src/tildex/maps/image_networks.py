r"""Networks from images of any height and width to feature maps of the same size, with skips at full resolution.

Without biases, and with nonlinearities that are homogeneous, such a network is homogeneous too:

.. math:: f(a x) = a f(x), \qquad a > 0

A denoiser trained at one noise level then generalises to others (Mohan, Kadkhodaie, Simoncelli & Fernandez-Granda,
2020, "Robust and interpretable blind image denoising via bias-free convolutional neural networks").
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["DnCNN", "ImageNetwork", "UNet"]

# Initial gain of a block's second convolution relative to its first: blocks begin close to the identity.
_TIMID = 0.1


class ImageNetwork(Part, ABC, kind="network"):
    """A network from images to ``width`` features per pixel."""

    width: int
    bias: bool

    @property
    @abstractmethod
    def multiple(self) -> int:
        """The number to a multiple of which height and width are padded inside the network."""

    @property
    @abstractmethod
    def radius(self) -> int:
        """The receptive field's radius: pixels along either axis to the farthest pixel that affects a feature."""

    @abstractmethod
    def layers(self, channels: int, *, generator: Generator) -> nn.Module:
        """Return a module from images, shape (n, channels, height, width), to features, (n, ``width``, the same)."""


class UNet(ImageNetwork):
    """A residual U-Net: each level has half the height and width and twice the channels, and the upward path adds the
    downward path's features (Ronneberger, Fischer & Brox, 2015, "U-Net: convolutional networks for biomedical image
    segmentation"; as a denoiser, Zhang, Li, Zuo, Zhang, Van Gool & Timofte, 2021, "Plug-and-play image restoration
    with deep denoiser prior").

    Parameters
    ----------
    width : int
        Channels at full resolution.
    levels : int
        Number of resolutions; 1 gives a chain of blocks.
    blocks : int
        Blocks of two 3 x 3 convolutions at each level, on the way down and again on the way up.
    bias : bool
        Whether convolutions have biases. With biases the network can treat bright and dark pixels differently, as
        colourisation needs, but it is no longer homogeneous.

    Example
    -------
    >>> import torch
    >>> network = UNet(width=8, levels=2)
    >>> network.layers(3, generator=Generator(0))(torch.rand(1, 3, 7, 10)).shape
    torch.Size([1, 8, 7, 10])
    >>> network.radius
    10
    """

    def __init__(self, width: int = 32, levels: int = 3, blocks: int = 1, bias: bool = False) -> None:
        _require(width=width, levels=levels, blocks=blocks)
        self.width = width
        self.levels = levels
        self.blocks = blocks
        self.bias = bias

    @property
    def multiple(self) -> int:
        """Two for each level below the first."""
        return 2 ** (self.levels - 1)

    @property
    def radius(self) -> int:
        """The combined reach of the convolutions of all levels."""
        reach = 2 * self.blocks
        for _ in range(self.levels - 1):
            # A pixel of the lower level covers two pixels of the upper level, and a feature may depend on it from
            # either.
            reach = 2 * reach + 1 + 4 * self.blocks
        return reach + 1

    def layers(self, channels: int, *, generator: Generator) -> nn.Module:
        """Return the network."""
        return _UNet(self, channels, generator)


class DnCNN(ImageNetwork):
    """A chain of 3 x 3 convolutions at full resolution (Zhang, Zuo, Chen, Meng & Zhang, 2017, "Beyond a Gaussian
    denoiser: residual learning of deep CNN for image denoising"), here without batch normalisation.

    Parameters
    ----------
    width : int
        Channels of every layer.
    depth : int
        Number of convolutions; one more follows, from features to the image.
    bias : bool
        As in a :class:`UNet`.

    Example
    -------
    >>> import torch
    >>> DnCNN(width=8, depth=4).layers(1, generator=Generator(0))(torch.rand(2, 1, 5, 5)).shape
    torch.Size([2, 8, 5, 5])
    """

    multiple = 1

    def __init__(self, width: int = 64, depth: int = 8, bias: bool = False) -> None:
        _require(width=width, depth=depth)
        self.width = width
        self.depth = depth
        self.bias = bias

    @property
    def radius(self) -> int:
        """One for each convolution."""
        return self.depth

    def layers(self, channels: int, *, generator: Generator) -> nn.Module:
        """Return the chain."""
        convolutions: list[nn.Module] = []
        for n_in in [channels, *[self.width] * (self.depth - 1)]:
            convolutions += [convolution(n_in, self.width, generator=generator, bias=self.bias), nn.ReLU()]
        return nn.Sequential(*convolutions)


class _UNet(nn.Module):
    def __init__(self, network: UNet, channels: int, generator: Generator) -> None:
        super().__init__()
        self.multiple = network.multiple
        widths = [network.width * 2**level for level in range(network.levels)]
        drawn = partial(convolution, generator=generator, bias=network.bias)
        self.stem = drawn(channels, network.width)
        self.down_blocks = nn.ModuleList(_blocks(width, network.blocks, drawn) for width in widths)
        self.up_blocks = nn.ModuleList(_blocks(width, network.blocks, drawn) for width in widths[:-1])
        pairs = list(pairwise(widths))
        self.shrink = nn.ModuleList(drawn(a, b, kernel=2, stride=2) for a, b in pairs)
        # A 1 x 1 convolution makes four pixels from one, so windows do not overlap.
        self.grow = nn.ModuleList(drawn(b, 4 * a, kernel=1, gain=0.5) for a, b in pairs)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        hidden = self.stem(_filled(x, self.multiple))
        skipped: list[Tensor] = []
        for level, blocks in enumerate(self.down_blocks):
            hidden = blocks(hidden)
            if level < len(self.shrink):
                skipped.append(hidden)
                hidden = self.shrink[level](hidden)
        for level in reversed(range(len(self.grow))):
            larger = F.pixel_shuffle(self.grow[level](hidden), 2)
            hidden = self.up_blocks[level](larger + skipped[level])
        return hidden[..., :height, :width]


class _Block(nn.Module):
    def __init__(self, width: int, drawn: Callable[..., nn.Conv2d]) -> None:
        super().__init__()
        self.first = drawn(width, width)
        self.second = drawn(width, width, gain=_TIMID)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x)))


def _blocks(width: int, count: int, drawn: Callable[..., nn.Conv2d]) -> nn.Module:
    return nn.Sequential(*(_Block(width, drawn) for _ in range(count)))


def convolution(
    n_in: int,
    n_out: int,
    *,
    generator: Generator,
    bias: bool,
    kernel: int = 3,
    stride: int = 1,
    gain: float = 1.0,
) -> nn.Conv2d:
    """Return a convolution; weights have variance ``2 gain^2 / inputs`` (He, Zhang, Ren & Sun, 2015, "Delving deep into
    rectifiers").
    """
    layer = nn.utils.skip_init(
        nn.Conv2d,
        n_in,
        n_out,
        kernel,
        stride=stride,
        padding=kernel // 2 if stride == 1 else 0,
        bias=bias,
        device=generator.device,
    )
    with torch.no_grad():
        layer.weight.copy_(generator.normal(*layer.weight.shape) * gain * math.sqrt(2 / (n_in * kernel**2)))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def _filled(x: Tensor, multiple: int) -> Tensor:
    """Return images padded to multiples on both sides by repeating the last row and column."""
    below, beside = (-edge % multiple for edge in x.shape[-2:])
    return F.pad(x, (0, beside, 0, below), mode="replicate") if below or beside else x


def _require(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
