"""What a map is: a module from a condition to the natural parameters of units."""

from __future__ import annotations

from torch import Tensor, nn

from tildex.generator import Generator

__all__ = ["Map"]


class Map(nn.Module):
    """Called on a condition, shape (batch, ...), and in training on a generator for the noise inside it."""

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the natural parameters, in the type of ``x``."""
        raise TypeError(f"{type(self).__name__} has no forward(): a map must provide it")

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of a map that only multiplies and shifts, None for any other."""
        return None

    def steps(self) -> list[Map]:
        """Return maps over the same parameters that, one after the other, do what this one does without its noise."""
        return [self]
