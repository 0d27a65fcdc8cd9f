"""The map interface: a module from a condition to the natural parameters of units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from tildex.generator import Generator

__all__ = ["Linearised", "Map"]


class Linearised(NamedTuple):
    """A matrix followed by an elementwise nonlinearity, linearised at each row.

    Attributes
    ----------
    output : Tensor of shape (batch, out)
        The map's output.
    weight : Tensor of shape (out, in)
        The matrix.
    slope : Tensor of shape (batch, out), or None
        The nonlinearity's derivative at each unit; None where there is no nonlinearity.
    """

    output: Tensor
    weight: Tensor
    slope: Tensor | None


class Map(nn.Module):
    """A module called on a condition, shape (batch, ...), and in training also on a generator for its internal noise.

    Attributes
    ----------
    additive : bool
        Whether the map is a noise-free sum of one contribution per value of the condition.
    """

    additive: ClassVar[bool] = False

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the natural parameters, in the type of ``x``."""
        raise TypeError(f"{type(self).__name__} has no forward(): a map must provide it")

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of an affine map, None for any other."""
        return None

    def input_weight(self) -> Tensor | None:
        """Return the matrix that multiplies the condition first, or None if there is none."""
        return self.affine_weight()

    def linearised(self, x: Tensor) -> Linearised | None:
        """Return output, matrix and slopes at the rows of ``x``, or None if the map does not have this form."""
        weight = self.affine_weight()
        return None if weight is None else Linearised(self(x), weight, None)

    @property
    def output_bias(self) -> Tensor | None:
        """The last layer's bias, one number per output, or None if there is none."""
        return None

    @property
    def output_weight(self) -> Tensor | None:
        """The last layer's matrix, shape (outputs, in), or None if there is none."""
        return None

    def look(self, rows: Callable[[], Tensor]) -> None:
        """Look at some rows before training; only maps that see them on a scale of their own ask for them."""

    def opened(self) -> tuple[Any, Map]:
        """Return what stands between the rows and the map, or None, and the map."""
        return None, self

    def within(self) -> Sequence[Any]:
        """Return the conditionals inside the map, which have their own units; empty for most maps."""
        return ()

    def steps(self) -> list[Map]:
        """Return maps over the same parameters whose composition is this map without noise."""
        return [self]
