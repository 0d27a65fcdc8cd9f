r"""The two maps of a restoring pair: from what is seen to a code at full resolution, and from it to what is restored.

.. math:: h = (f(\tilde x, m), \tilde x, m), \qquad \eta = \tilde x + U(V * f)

f is a network of images, V a convolution, m says what is known to be lost, and U takes out of a change what the
corruption cannot have done. A skip past the code would be hidden from the decoder: so it is part of the code.
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
"""From a change of pixels, shape (..., channels), and what of them is lost, to the part that is possible."""

# The last convolution starts small, so that the untrained model nearly returns what it sees.
_TIMID = 0.1


@dataclass(frozen=True)
class Frame:
    """How rows are images, and what is beside the colours of a pixel.

    Attributes
    ----------
    image_shape : tuple of int
        Height, width and channels of the images that rows are.
    marks : bool
        Whether one more channel says which pixels are lost.
    """

    image_shape: tuple[int, int, int]
    marks: bool

    @property
    def channels(self) -> int:
        """Colours of a pixel."""
        return self.image_shape[2]

    @property
    def seen(self) -> int:
        """Channels that the encoder sees."""
        return self.channels + self.marks

    def images(self, x: Tensor, channels: int) -> Tensor:
        """Return rows as images, shape (n, height, width, channels); images, of any size, as they are."""
        return x if x.ndim == 4 else x.view(len(x), *self.image_shape[:2], channels)


def marked(x: Tensor, lost: Tensor, channels: int) -> Tensor:
    """Return rows or images, their last axis pixels of ``channels``, each pixel with a channel that says what is lost.

    Example
    -------
    >>> x = torch.tensor([[0.5, 0.0]])
    >>> marked(x, torch.tensor([[False, True]]), 1)
    tensor([[0.5000, 0.0000, 0.0000, 1.0000]])
    """
    pixels, lost = (t.unflatten(-1, (-1, channels)) for t in (x, lost))
    return torch.cat([pixels, lost.any(-1, keepdim=True).to(x.dtype)], -1).flatten(-2)


class Features(Map):
    """The encoder: what is seen, with features of a network before it, pixel by pixel.

    Parameters
    ----------
    network : ImageNetwork
        What makes the features.
    frame : Frame
        How rows are images. Called on images instead, of shape (n, height, width, channels), it returns such.
    generator : Generator
        Draws the starting weights.
    """

    def __init__(self, network: ImageNetwork, frame: Frame, *, generator: Generator) -> None:
        super().__init__()
        self.frame = frame
        self.network = network.layers(frame.seen, generator=generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the code, the features and what was seen of each pixel side by side, in the type of ``x``."""
        seen = self.frame.images(x, self.frame.seen)
        # Channels last in memory, as rows have them, is also the order in which convolutions are fastest.
        features = self.network(seen.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        code = torch.cat([features.to(x.dtype), seen], -1)
        return code if x.ndim == 4 else code.flatten(1)


class Residual(Map):
    """The decoder: what was seen, and a change that the features ask for.

    Parameters
    ----------
    network : ImageNetwork
        Whose features come.
    frame : Frame
        As in :class:`Features`.
    undoing : callable
        What part of a change is possible.
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
