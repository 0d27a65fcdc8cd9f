"""Corruptions that lose values whose places are known: the network is told, and what is not lost stays as it is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from tildex.corruptions.base import Corruption
from tildex.generator import Generator

__all__: list[str] = []


class _Hiding(Corruption, ABC):
    """Sets to zero what :meth:`lost` says."""

    rate: float
    hides = True

    @abstractmethod
    def lost(self, x: Tensor, generator: Generator) -> Tensor:
        """Return, true or false, which values are lost, those that are zero anyway among them."""

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return ``x`` with zeros where it is lost."""
        return x if self.rate == 0 else self.strike(x, generator)[0]

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and which values are lost."""
        lost = self.lost(x, generator)
        return torch.where(lost, 0.0, x), lost

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return the same, and which values are lost."""
        return self.strike(x, generator)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the change of lost pixels alone."""
        return torch.where(lost, change, 0.0)
