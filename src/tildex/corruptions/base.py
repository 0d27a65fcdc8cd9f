"""Corruptions: noise that a model must undo, drawn from a generator passed in."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real
from typing import Self

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.part import Part

__all__ = ["Corruption", "Strength", "Then", "check_strength", "drawn_whole", "per_column"]

Strength = float | Sequence[float]
"""The strength of a corruption: one number, or one per column."""


class Corruption(Part, ABC, kind="corruption"):
    """A random map from data to data of the same shape; the input is never modified in place.

    ``first >> second`` applies one after the other.

    Attributes
    ----------
    hides : bool
        Whether values are lost with a known mask, as under a black block; see :meth:`hide`.
    """

    hides: bool = False
    variable: Tensor | None = None

    @abstractmethod
    def __call__(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a corrupted copy of ``x``, or ``x`` itself at strength zero."""

    def whole(self, variable: Tensor | None) -> Self:
        """Return this corruption for columns of which those of one variable are struck together, like the classes of
        a category: a class alone set to zero would be seen at once, and the others would still give it away.

        A corruption that strikes values one by one draws through :func:`drawn_whole`; others need nothing.

        Parameters
        ----------
        variable : Tensor of shape (columns,), or None
            The index of each column's variable, counted from 0; None if each column is its own.
        """
        if variable is None:
            return self
        bound = copy.copy(self)
        bound.variable = variable
        return bound

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return a corrupted copy of ``x`` and a boolean mask of the corrupted values, both of its shape.

        By default these are the values that changed. A corruption that may leave a corrupted value unchanged, like
        pepper on black, overrides this: learning only from changed values would teach that black is never true.
        """
        corrupted = self(x, generator)
        return corrupted, corrupted != x

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Return a corrupted copy of ``x`` and a boolean mask of the values known to be lost, both of its shape.

        By default none are, since added noise is not visible; a corruption that ``hides`` overrides this.
        """
        return self(x, generator), torch.zeros_like(x, dtype=torch.bool)

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the part of a change of pixels, shape (..., channels), that can undo this corruption: by default
        all.

        A corruption that preserves something, such as pixels that are not ``lost`` or the luminance, removes that
        part from the change.
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

    def whole(self, variable: Tensor | None) -> Self:
        """Return both for columns that are struck together."""
        return type(self)(self.first.whole(variable), self.second.whole(variable))

    def strike(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Apply both; the mask is the union."""
        once, first = self.first.strike(x, generator)
        twice, second = self.second.strike(once, generator)
        return twice, first | second

    @property
    def hides(self) -> bool:  # type: ignore[override]
        """Whether either corruption hides values."""
        return self.first.hides or self.second.hides

    def hide(self, x: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Apply both; values hidden by either are lost, and the second cannot change those hidden by the first."""
        once, first = self.first.hide(x, generator)
        twice, second = self.second.hide(once, generator)
        return torch.where(first, once, twice), first | second

    def undoing(self, change: Tensor, lost: Tensor) -> Tensor:
        """Return the part that both allow if they agree, else the whole change."""
        alike = type(self.first).undoing is type(self.second).undoing
        return self.first.undoing(change, lost) if alike else change


def drawn_whole(probability: Tensor, variable: Tensor | None, generator: Generator) -> Tensor:
    """Return 1 with the given probability of each value and else 0, the same in all columns of a variable.

    A variable has the probability of its first column.

    Example
    -------
    >>> drawn_whole(torch.full((1, 4), 0.5), torch.tensor([0, 0, 1, 1]), Generator(0))
    tensor([[0., 0., 1., 1.]])
    """
    if variable is None:
        return generator.bernoulli(probability)
    first = torch.ones_like(variable, dtype=torch.bool)
    first[1:] = variable[1:] != variable[:-1]
    return generator.bernoulli(probability[..., first])[..., variable]


def check_strength(name: str, value: Strength, most: float = float("inf")) -> Strength:
    """Return ``value``, or raise an error if it is not a number from 0 to ``most``, or a sequence of them.

    Example
    -------
    >>> check_strength("rate", [0.1, 1.2], most=1)
    Traceback (most recent call last):
    ValueError: rate must lie between 0 and 1, got 1.2 for column 1
    """
    if isinstance(value, str) or not isinstance(value, Real | Sequence):
        raise ValueError(
            f"{name} must be a number, or a list or tuple with one per column, got {type(value).__name__}: "
            "convert an array with tolist()"
        )
    several = isinstance(value, Sequence)
    numbers: Sequence[float] = value if isinstance(value, Sequence) else [value]
    for column, one in enumerate(numbers):
        if not 0 <= one <= most:
            wanted = "not be negative" if most == float("inf") else f"lie between 0 and {most:g}"
            raise ValueError(f"{name} must {wanted}, got {one}" + f" for column {column}" * several)
    return value


def per_column(name: str, value: Strength, x: Tensor) -> Tensor:
    """Return the strength at every value of ``x``, in its type and shape.

    Raises
    ------
    ValueError
        Unless there is one number or one per column.
    """
    strengths = x.new_tensor(value)
    if strengths.ndim and strengths.shape != x.shape[-1:]:
        raise ValueError(
            f"{name} has {len(strengths)} values but the data have {x.shape[-1]} columns: "
            "give one number, or one per column"
        )
    return strengths.expand_as(x)
