r"""One weight array used both ways.

.. math:: \mathrm{up}(v) = g_\uparrow W v, \qquad \mathrm{down}(h) = g_\downarrow W^\top h
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps.base import Map

__all__ = ["Coupling", "Down", "Up"]


class Coupling(nn.Module):
    """The weights between two layers, shape (hidden, visible).

    Parameters
    ----------
    visible, hidden : int
        Units on either side.
    generator : Generator
        Draws the starting weights from N(0, scale^2).
    scale : float
        Their standard deviation.

    Attributes
    ----------
    up_gain, down_gain : float
        The factor of each direction; unequal gains have no joint distribution and serve only pretraining.
    """

    def __init__(self, visible: int, hidden: int, *, generator: Generator, scale: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(generator.normal(hidden, visible) * scale)
        self.up_gain = 1.0
        self.down_gain = 1.0

    def up(self, v: Tensor, onto: Tensor | None = None, beta: float = 1.0) -> Tensor:
        """Return ``beta`` times what the hidden layer receives from ``v``, added to ``onto``, shape (batch, hidden)."""
        if _rounds(v):
            return _sum(onto, F.linear(v, self.weight).to(v.dtype), beta * self.up_gain)
        return _product(v, self.weight.t(), onto, beta * self.up_gain)

    def down(self, h: Tensor, onto: Tensor | None = None, beta: float = 1.0) -> Tensor:
        """Return ``beta`` times what the visible layer gets from ``h``, added to ``onto``, shape (batch, visible)."""
        if _rounds(h):
            return _sum(onto, torch.mm(h, self.weight).to(h.dtype), beta * self.down_gain)
        return _product(h, self.weight, onto, beta * self.down_gain)


class Up(Map):
    """A coupling and a bias as a map from visible values to hidden inputs."""

    def __init__(self, coupling: Coupling, bias: nn.Parameter | None = None) -> None:
        super().__init__()
        self.coupling = coupling
        self.bias = bias

    def forward(self, v: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the hidden inputs."""
        return self.coupling.up(v, self.bias)

    def affine_weight(self) -> Tensor:
        """Return the matrix of this map."""
        return self.coupling.up_gain * self.coupling.weight

    @property
    def output_bias(self) -> Tensor | None:
        """The hidden bias, if there is one."""
        return self.bias


class Down(Map):
    """The same coupling and another bias as a map from hidden values to visible inputs."""

    additive = True

    def __init__(self, coupling: Coupling, bias: nn.Parameter | None = None) -> None:
        super().__init__()
        self.coupling = coupling
        self.bias = bias

    def forward(self, h: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the visible inputs."""
        return self.coupling.down(h, self.bias)

    def affine_weight(self) -> Tensor:
        """Return the matrix of this map."""
        return self.coupling.down_gain * self.coupling.weight.t()

    @property
    def output_bias(self) -> Tensor | None:
        """The visible bias, if there is one."""
        return self.bias


def _product(x: Tensor, weight: Tensor, onto: Tensor | None, factor: float) -> Tensor:
    # One call multiplies, scales and adds, without a second pass over memory.
    if onto is not None:
        return torch.addmm(onto, x, weight, alpha=factor)
    return _sum(None, torch.mm(x, weight), factor)


def _rounds(x: Tensor) -> bool:
    """Say whether products are computed in a lower precision than sums.

    Both directions then read the weights themselves, not a view, so that autocast casts them once per block. Biases
    are added afterwards at full precision.
    """
    return torch.is_autocast_enabled(x.device.type)


def _sum(onto: Tensor | None, product: Tensor, factor: float) -> Tensor:
    if onto is None:
        return product if factor == 1 else factor * product
    return torch.add(onto, product, alpha=factor)
