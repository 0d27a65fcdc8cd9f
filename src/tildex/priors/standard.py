"""The fixed prior: units with zero inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.priors.base import Prior
from tildex.units import Units

__all__ = ["StandardPrior"]


class StandardPrior(Prior):
    """The distribution of units with zero inputs: standard normal for Gaussian codes, uniform over classes for
    categorical codes, fair coins for binary codes.
    """

    origin: Tensor

    def sized(self, code: Units, size: int, *, visible: Units, n_features: int, generator: Generator) -> Self:
        """Return a copy for codes of ``size`` columns."""
        fresh = self.copy()
        fresh.register_buffer("origin", torch.zeros(1, code.arity * size))
        return fresh

    def components(self, encode: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """Return the single component."""
        return self.origin.new_zeros(1), self.origin
