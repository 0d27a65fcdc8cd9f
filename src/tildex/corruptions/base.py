"""Corruptions: noise that a model must undo, drawn from a generator that is passed."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["Corruption", "Then"]


class Corruption(Part, ABC, kind="corruption"):
    """A random map from data to data of the same shape; the data itself is never changed.

    ``first >> second`` applies one after the other.
    """

    @abstractmethod
    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a corrupted copy of ``x``, or ``x`` itself at strength zero."""

    def __rshift__(self, other: Corruption) -> Then:
        return Then(self, other)


class Then(Corruption):
    """One corruption after another.

    Example
    -------
    >>> from tildex import GaussianNoise, Masking
    >>> Masking(0.2) >> GaussianNoise(0.1)
    Then(first=Masking(rate=0.2), second=GaussianNoise(scale=0.1))
    """

    def __init__(self, first: Corruption, second: Corruption) -> None:
        self.first = first
        self.second = second

    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Apply the first, then the second."""
        return self.second(self.first(x, generator), generator)


def check_rate(rate: float, below: float = 1.0) -> float:
    """Return ``rate``, or say that it is not a probability of at most ``below``."""
    if not 0 <= rate <= below:
        raise ValueError(f"rate must lie between 0 and {below:g}, got {rate}")
    return rate
