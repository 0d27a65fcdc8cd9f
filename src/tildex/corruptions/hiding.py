"""Corruptions that lose values under a known mask: the network receives the mask, and other values stay unchanged."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption
from tildex.generator import Generator

__all__: list[str] = []


class _Hiding(Corruption, ABC):
    """Sets the values marked by :meth:`lost` to zero."""

    rate: float
    hides = True

    @abstractmethod
    def lost(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a boolean mask of the lost values, including those that are zero anyway."""

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with lost values set to zero."""
        return x if self.rate == 0 else self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and the mask of lost values."""
        lost = self.lost(x, generator)
        return torch.where(lost, 0.0, x), lost

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and the mask of lost values."""
        return self.strike(x, generator)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the change at lost pixels only."""
        return torch.where(lost, change, 0.0)
