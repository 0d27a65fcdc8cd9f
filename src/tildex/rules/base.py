"""Rules: how a model and a batch become one scalar to descend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from torch import Tensor

from tildex.generator import Generator
from tildex.part import Part
from tildex.penalties import Penalty
from tildex.shapes import Loss, Step

__all__ = ["Rule", "penalties", "require"]


Kind = TypeVar("Kind")


class Rule(Part, ABC, kind="rule"):
    """A training criterion; knows neither optimiser nor data set.

    Attributes
    ----------
    progress : float
        The share of training that is done, set by the loop before every step, for what changes on the way.
    ordered : bool
        Whether it makes the units of a linear code come out in order, so that nothing need be rotated afterwards.
    """

    ordered: ClassVar[bool] = False

    progress: float = 0.0

    @abstractmethod
    def __call__(self, model: Any, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch ``x`` of shape (batch, visible), a mean over rows of sums over features."""

    @property
    def passes(self) -> int | None:
        """The passes of mean field by which a machine learns to predict and then predicts; None where it does not."""
        return None

    def validate(self, model: Any, x: Tensor, generator: Generator) -> Tensor:
        """Return a scalar, lower is better, that epochs can be compared by; called without gradients."""
        return self(model, x, generator).total

    def diagnose(
        self, model: Any, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return measures of the model's health by name, for the history; called after epochs, without gradients.

        Parameters
        ----------
        model : Module
            The model, to be left as it is, and so are chains.
        x, held_out : Tensor of shape (rows, features)
            Some hundreds of training rows, and of held-out rows where there are any, the same every time.
        generator : Generator
            Noise, the same every time, that training does not draw from.
        """
        return {}

    def get_state(self) -> dict[str, Tensor]:
        """Return what goes from step to step, such as chains, for a checkpoint."""
        return {}

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Take back what :meth:`get_state` gave."""


def require(model: object, kind: type[Kind], wanted: str) -> Kind:
    """Return a model of a kind, and refuse any other, saying what is ``wanted``."""
    if not isinstance(model, kind):
        raise ValueError(f"{wanted}, got {type(model).__name__}")
    return model


def penalties(penalty: Penalty | None, model: Any, step: Step) -> Iterable[tuple[str, Tensor]]:
    """Yield each penalty's name and values, one a row."""
    for term in penalty.terms() if penalty is not None else ():
        yield type(term).__name__, term(model, step)
