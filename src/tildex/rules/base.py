"""Rules: training criteria, which compute one scalar loss from a model and a batch."""

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
    """A training criterion, independent of optimiser and data set.

    Attributes
    ----------
    progress : float
        The fraction of training done, set by the loop before every step; used by schedules.
    ordered : bool
        Whether it orders the units of a linear code by importance, so that no rotation is needed afterwards.
    """

    ordered: ClassVar[bool] = False

    progress: float = 0.0

    @abstractmethod
    def __call__(self, model: Any, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch ``x`` of shape (batch, visible): the mean over rows of sums over features."""

    @property
    def passes(self) -> int | None:
        """Mean-field passes for prediction, in training and afterwards; None for rules that do not train prediction."""
        return None

    def validate(self, model: Any, x: Tensor, generator: Generator) -> Tensor:
        """Return a scalar to compare epochs by, lower is better; called without gradients."""
        return self(model, x, generator).total

    def diagnose(
        self, model: Any, x: Tensor, generator: Generator, held_out: Tensor | None = None
    ) -> dict[str, float]:
        """Return diagnostics of the model by name, for the history; called after epochs, without gradients.

        Parameters
        ----------
        model : Module
            The model; neither it nor any chains may be changed.
        x, held_out : Tensor of shape (rows, features)
            A few hundred training rows, and held-out rows if there are any; the same at every call.
        generator : Generator
            Noise, the same at every call and separate from that of training.
        """
        return {}

    def get_state(self) -> dict[str, Tensor]:
        """Return the state kept between steps, such as chains, for a checkpoint."""
        return {}

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the state from :meth:`get_state`."""


def require(model: object, kind: type[Kind], wanted: str) -> Kind:
    """Return ``model`` if it is of that kind, else raise an error that says what is ``wanted``."""
    if not isinstance(model, kind):
        raise ValueError(f"{wanted}, got {type(model).__name__}")
    return model


def penalties(penalty: Penalty | None, model: Any, step: Step) -> Iterable[tuple[str, Tensor]]:
    """Yield each penalty's name and values, one value per row."""
    for term in penalty.terms() if penalty is not None else ():
        yield type(term).__name__, term(model, step)
