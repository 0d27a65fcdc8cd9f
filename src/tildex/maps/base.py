"""What a map is: a module from a condition to the natural parameters of units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from tildex.generator import Generator

__all__ = ["Linearised", "Map"]


class Linearised(NamedTuple):
    """What a matrix and a nonlinearity, unit by unit, do near each row.

    Attributes
    ----------
    output : Tensor of shape (batch, out)
        What the map gives.
    weight : Tensor of shape (out, in)
        The matrix.
    slope : Tensor of shape (batch, out), or None
        The nonlinearity's derivative at each unit; None where there is no nonlinearity.
    """

    output: Tensor
    weight: Tensor
    slope: Tensor | None


class Map(nn.Module):
    """Called on a condition, shape (batch, ...), and in training on a generator for the noise inside it.

    Attributes
    ----------
    additive : bool
        Whether each value of the condition only adds its axis to the result, and nothing is noisy.
    """

    additive: ClassVar[bool] = False

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the natural parameters, in the type of ``x``."""
        raise TypeError(f"{type(self).__name__} has no forward(): a map must provide it")

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of a map that only multiplies and shifts, None for any other."""
        return None

    def input_weight(self) -> Tensor | None:
        """Return the matrix that the condition is multiplied with first, None where there is none."""
        return self.affine_weight()

    def linearised(self, x: Tensor) -> Linearised | None:
        """Return output, matrix and slopes at the rows of ``x``, or None where a map is not made of such."""
        weight = self.affine_weight()
        return None if weight is None else Linearised(self(x), weight, None)

    @property
    def output_bias(self) -> Tensor | None:
        """The bias that is added last, one number an output, None where there is none."""
        return None

    def within(self) -> Sequence[Any]:
        """Return the conditionals that the map goes through, with units of their own; none for most maps."""
        return ()

    def steps(self) -> list[Map]:
        """Return maps over the same parameters that, one after the other, do what this one does without its noise."""
        return [self]
