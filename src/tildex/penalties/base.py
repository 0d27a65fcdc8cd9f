"""Penalties: terms that training adds to the loss, one value per row, given the model and the step's results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

from tildex.part import Part
from tildex.shapes import Step

__all__ = ["Both", "Penalty"]


class Penalty(Part, ABC, kind="penalty"):
    """A weighted term of the loss; ``first + second`` adds two.

    Parameters
    ----------
    weight : float
        The factor of the term, not negative.
    """

    def __init__(self, weight: float) -> None:
        if weight < 0:
            raise ValueError(f"weight must not be negative, got {weight}")
        self.weight = weight

    @abstractmethod
    def value(self, model: Any, step: Step) -> Tensor:
        """Return the term before weighting, shape (batch,)."""

    def __call__(self, model: Any, step: Step) -> Tensor:
        """Return the weighted term, shape (batch,)."""
        return self.weight * self.value(model, step)

    def terms(self) -> list[Penalty]:
        """Return the individual penalties of this sum."""
        return [self]

    def __add__(self, other: Penalty) -> Both:
        return Both(self, other)


class Both(Penalty):
    """The sum of two penalties, each with its own weight.

    Example
    -------
    >>> from tildex import L1, WeightDecay
    >>> [type(term).__name__ for term in (L1(0.1) + WeightDecay(1e-4)).terms()]
    ['L1', 'WeightDecay']
    """

    def __init__(self, first: Penalty, second: Penalty) -> None:
        self.first = first
        self.second = second

    @property
    def weight(self) -> float:  # type: ignore[override]
        """One: each term has its own weight."""
        return 1.0

    def value(self, model: Any, step: Step) -> Tensor:
        """Return the sum of both weighted terms."""
        return self.first(model, step) + self.second(model, step)

    def terms(self) -> list[Penalty]:
        """Return the terms of both."""
        return self.first.terms() + self.second.terms()
