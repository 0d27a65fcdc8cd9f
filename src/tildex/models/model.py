"""What every model declares about itself, so that no caller tests its class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from tildex.generator import Generator

__all__ = ["Evidence", "Meaning", "Model"]


class Meaning(NamedTuple):
    """The meaning of a score: its name and how to read it."""

    name: str
    text: str


class Evidence(NamedTuple):
    """What is known about the unnormalised log-likelihood of some rows, before log Z is subtracted; computed once.

    Attributes
    ----------
    bound : Tensor of shape (batch,), or None
        A lower bound, or None where only the weights give an estimate.
    log_weight : callable, or None
        Draws one log importance weight per row; None where the bound is exact.
    """

    bound: Tensor | None
    log_weight: Callable[[Generator], Tensor] | None


class Model(nn.Module):
    """A module with the declarations that reports, evaluation and further training need.

    Attributes
    ----------
    has_likelihood : bool
        Whether rows have a log-likelihood, possibly up to one log Z; then :meth:`evidence`, ``normaliser`` and
        ``normaliser_rows`` exist.
    curve : str or None
        How to read its learning curve, in a sentence; None where the loss simply falls.
    draws : str
        How to read the rows that it draws, in a sentence.
    """

    has_likelihood: ClassVar[bool] = False
    curve: ClassVar[str | None] = None
    draws: ClassVar[str] = "New rows, drawn by the model."

    def look(self, rows: Callable[[], Tensor]) -> None:
        """Look at some rows before training; only models that see them on a scale of their own ask for them."""

    @property
    def deep(self) -> bool:
        """Whether a hidden layer hears from above as well as from below."""
        return False

    @property
    def sparse_code(self) -> bool:
        """Whether inactive units of the code are exactly zero."""
        return False

    @property
    def score(self) -> Meaning:
        """The meaning of a row's score."""
        raise ValueError(f"{type(self).__name__} has no score")

    def expect_unknown(self, means: Tensor) -> None:
        """Prepare for training on rows with unknown values, NaN, given the columns' means; by default nothing to do."""

    def sight_of_unknown(self) -> nn.Module | None:
        """Return what an encoder sees in place of unknown values, if it has learned that."""
        return None

    def pair(self) -> Any:
        """Return the two conditionals of a one-layer model, a ``Pair``."""
        raise ValueError(f"expected a model of one layer, got {type(self).__name__}")

    def encoders(self) -> list[Any]:
        """Return the conditionals from rows to code, bottom up, sharing parameters with the model."""
        return [self.pair().encoder]

    def first_layer_filters(self) -> Tensor | None:
        """Return the first layer's weights, shape (units, features), or None if there is no matrix."""
        return self.encoders()[0].map.input_weight()

    def linear_axes(self) -> Tensor | None:
        """Return a linear model's decoder axes, shape (features, units); None for any other model."""
        return None

    def describe(self) -> str:
        """Return a description for figures, beside the model's name: for example, layer sizes."""
        return ""

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return what is known about the log-likelihood of rows, shape (batch, columns)."""
        raise ValueError(f"{type(self).__name__} has no log-likelihood")
