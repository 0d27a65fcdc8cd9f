r"""The two maps of a restoration pair: from the damaged image to a full-resolution code, and from the code to the
restored image.

.. math:: h = (f(\tilde x, m), \tilde x, m), \qquad \eta = \tilde x + U(V * f)

f is an image network, V a convolution, m marks the values known to be lost, and U projects a change onto those the
corruption can have caused. The decoder sees only the code, so the skip connection is part of the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.maps.base import Map
from tildex.maps.image_networks import ImageNetwork, convolution

__all__ = ["Features", "Frame", "Residual", "Undoing", "marked"]

Undoing = Callable[[Tensor, Tensor], Tensor]
"""From a change of pixels, shape (..., channels), and the lost values to the possible part of the change."""

# The last convolution starts small, so that the untrained model returns nearly its input.
_TIMID = 0.1


@dataclass(frozen=True)
class Frame:
    """How rows hold images, and which channels a pixel has besides its colours.

    Attributes
    ----------
    image_shape : tuple of int
        Height, width and channels of the images in the rows.
    marks : bool
        Whether an additional channel marks lost pixels.
    """

    image_shape: tuple[int, int, int]
    marks: bool

    @property
    def channels(self) -> int:
        """Number of colours of a pixel."""
        return self.image_shape[2]

    @property
    def seen(self) -> int:
        """Number of channels that the encoder sees."""
        return self.channels + self.marks

    def images(self, x: Tensor, channels: int) -> Tensor:
        """Return rows as images, shape (n, height, width, channels); images of any size are returned unchanged."""
        return x if x.ndim == 4 else x.view(len(x), *self.image_shape[:2], channels)


def marked(x: Tensor, lost: Tensor, channels: int) -> Tensor:
    """Return rows or images of pixels with ``channels`` values, with a channel added to each pixel that marks loss.

    Example
    -------
    >>> x = torch.tensor([[0.5, 0.0]])
    >>> marked(x, torch.tensor([[False, True]]), 1)
    tensor([[0.5000, 0.0000, 0.0000, 1.0000]])
    """
    pixels, lost = (t.unflatten(-1, (-1, channels)) for t in (x, lost))
    return torch.cat([pixels, lost.any(-1, keepdim=True).to(x.dtype)], -1).flatten(-2)


class Features(Map):
    """The encoder: the network's features followed by the input, concatenated at each pixel.

    Parameters
    ----------
    network : ImageNetwork
        The network that computes the features.
    frame : Frame
        How rows hold images. Called on images of shape (n, height, width, channels), the map returns images.
    generator : Generator
        Draws the starting weights.
    """

    def __init__(self, network: ImageNetwork, frame: Frame, *, generator: Generator) -> None:
        super().__init__()
        self.frame = frame
        self.network = network.layers(frame.seen, generator=generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the code, features and input of each pixel concatenated, in the type of ``x``."""
        seen = self.frame.images(x, self.frame.seen)
        # Channels-last memory, the order in rows, is also the fastest for convolutions.
        features = self.network(seen.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        code = torch.cat([features.to(x.dtype), seen], -1)
        return code if x.ndim == 4 else code.flatten(1)


class Residual(Map):
    """The decoder: the input plus a change predicted from the features.

    Parameters
    ----------
    network : ImageNetwork
        The network whose features it receives.
    frame : Frame
        As in :class:`Features`.
    undoing : callable
        Projects a change onto its possible part.
    generator : Generator
        Draws the starting weights.
    """

    def __init__(
        self, network: ImageNetwork, frame: Frame, undoing: Undoing, *, generator: Generator
    ) -> None:
        super().__init__()
        self.frame = frame
        self.width = network.width
        self.undoing = undoing
        self.last = convolution(
            network.width, frame.channels, generator=generator, bias=network.bias, gain=_TIMID
        )

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the restored rows or images, in the type of ``x``."""
        code = self.frame.images(x, self.width + self.frame.seen)
        features, seen = code[..., : self.width], code[..., self.width :]
        colours, marks = seen[..., : self.frame.channels], seen[..., self.frame.channels :]
        change = self.last(features.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).to(x.dtype)
        lost = marks.bool() if self.frame.marks else torch.zeros_like(colours, dtype=torch.bool)
        restored = colours + self.undoing(change, lost)
        return restored if x.ndim == 4 else restored.flatten(1)
