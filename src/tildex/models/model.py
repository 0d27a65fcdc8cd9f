"""What every model says of itself, so that nobody need ask which one it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from tildex.generator import Generator

__all__ = ["Evidence", "Meaning", "Model"]


class Meaning(NamedTuple):
    """What a score is: its name, and how to read it."""

    name: str
    text: str


class Evidence(NamedTuple):
    """What is known of the log-likelihood of some rows before log Z is taken off, found once.

    Attributes
    ----------
    bound : Tensor of shape (batch,), or None
        A bound on it; None where it is the weights' to tell.
    log_weight : callable, or None
        Draws the log of one importance weight a row; None where the bound is exact.
    """

    bound: Tensor | None
    log_weight: Callable[[Generator], Tensor] | None


class Model(nn.Module):
    """A module, and what reports, evaluation and further training need to know of it.

    Attributes
    ----------
    has_likelihood : bool
        Whether rows have a log-likelihood, if need be but for one log Z: then there are :meth:`evidence`,
        ``normaliser`` and ``normaliser_rows``.
    curve : str or None
        What its learning curve shows, in a sentence; None where the loss simply falls.
    draws : str
        What the rows that it draws show, in a sentence.
    """

    has_likelihood: ClassVar[bool] = False
    curve: ClassVar[str | None] = None
    draws: ClassVar[str] = "New rows, drawn by the model."

    @property
    def deep(self) -> bool:
        """Whether a hidden layer hears from above as well as from below."""
        return False

    @property
    def sparse_code(self) -> bool:
        """Whether units of the code are zero where they are not in use."""
        return False

    @property
    def score(self) -> Meaning:
        """What the score of a row is."""
        raise ValueError(f"{type(self).__name__} has no score")

    def pair(self) -> Any:
        """Return the two conditionals of a model of one layer, a ``Pair``."""
        raise ValueError(f"expected a model of one layer, got {type(self).__name__}")

    def encoders(self) -> list[Any]:
        """Return the conditionals that lead from rows to their code, bottom up, over the same parameters."""
        return [self.pair().encoder]

    def first_layer_filters(self) -> Tensor | None:
        """Return the weights from features to first units, shape (units, features); None where there is no matrix."""
        return self.encoders()[0].map.input_weight()

    def linear_axes(self) -> Tensor | None:
        """Return the axes that a linear model reconstructs with, shape (features, units); None for any other."""
        return None

    def describe(self) -> str:
        """Return what a figure should say of the model beside its name: sizes of layers, say."""
        return ""

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return what is known of the log-likelihood of rows, shape (batch, columns)."""
        raise ValueError(f"{type(self).__name__} has no log-likelihood")
