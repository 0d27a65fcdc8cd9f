"""Corruptions: noise that a model must undo, drawn from a generator that is passed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["Corruption", "Strength", "Then", "check_strength", "per_column"]

Strength = float | Sequence[float]
"""How strongly columns are struck: one number for all, or one a column."""


class Corruption(Part, ABC, kind="corruption"):
    """A random map from data to data of the same shape; the data itself is never changed.

    ``first >> second`` applies one after the other.

    Attributes
    ----------
    hides : bool
        Whether values are lost and it is known which, as under a black block; see :meth:`hide`.
    """

    hides: bool = False

    @abstractmethod
    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a corrupted copy of ``x``, or ``x`` itself at strength zero."""

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return a corrupted copy of ``x`` and, true or false, which values were struck, both of its shape.

        Here those are the values that changed. A corruption that may leave a struck value as it was, as pepper on
        black does, says which were struck: to learn only from what changed would teach that black is never true.
        """
        corrupted = self(x, generator)
        return corrupted, corrupted != x

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return a corrupted copy of ``x`` and, true or false, which values are known to be lost, of its shape.

        Here none are: that noise was added does not show. A corruption that ``hides`` says which.
        """
        return self(x, generator), torch.zeros_like(x, dtype=torch.bool)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return what of a change of pixels, shape (..., channels), can undo this corruption: here all of it.

        A corruption that leaves something as it was, a pixel that is not ``lost`` or the luminance of one, takes that
        out of the change.
        """
        return change

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

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Apply both; struck is what either strikes."""
        once, first = self.first.strike(x, generator)
        twice, second = self.second.strike(once, generator)
        return twice, first | second

    @property
    def hides(self) -> bool:  # type: ignore[override]
        """Whether either does."""
        return self.first.hides or self.second.hides

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Apply both; lost is what either hides, and nothing the second does to it shows."""
        once, first = self.first.hide(x, generator)
        twice, second = self.second.hide(once, generator)
        return torch.where(first, once, twice), first | second

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return what both allow where they allow the same, and all of it where they differ."""
        alike = type(self.first).undoing is type(self.second).undoing
        return self.first.undoing(change, lost) if alike else change


def check_strength(name: str, value: Strength, most: float = float("inf")) -> Strength:
    """Return ``value``, or say that it is not a number from 0 to ``most``, or a sequence of such.

    Example
    -------
    >>> check_strength("rate", [0.1, 1.2], most=1)
    Traceback (most recent call last):
    ValueError: rate must lie between 0 and 1, got 1.2 for column 1
    """
    if isinstance(value, str) or not isinstance(value, Real | Sequence):
        raise ValueError(
            f"{name} must be a number, or a list or tuple of one a column, got {type(value).__name__}: "
            "an array becomes one by tolist()"
        )
    several = isinstance(value, Sequence)
    numbers: Sequence[float] = value if isinstance(value, Sequence) else [value]
    for column, one in enumerate(numbers):
        if not 0 <= one <= most:
            wanted = "not be negative" if most == float("inf") else f"lie between 0 and {most:g}"
            raise ValueError(f"{name} must {wanted}, got {one}" + f" for column {column}" * several)
    return value


def per_column(name: str, value: Strength, x: Tensor) -> Tensor:
    """Return a strength for every value of ``x``, in its type and shape.

    Raises
    ------
    ValueError
        If there is neither one number nor one a column.
    """
    strengths = x.new_tensor(value)
    if strengths.ndim and strengths.shape != x.shape[-1:]:
        raise ValueError(
            f"{name} has {len(strengths)} values where the data have {x.shape[-1]} columns: "
            "give one number, or one a column"
        )
    return strengths.expand_as(x)
