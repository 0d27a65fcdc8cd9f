"""One model on one fold: trained within its time, and asked every question."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import Answer
from tildex.apps.compare.questions import QUESTIONS
from tildex.apps.measure.some_rows import spread
from tildex.train import Trainer
from tildex.train.callbacks import without_bars
from tildex.train.deadline import Deadline

__all__ = ["EXAMPLES", "Trial", "attempt", "noting"]

# The part of the time for training; the rest is for measuring.
_TRAINING = 0.8

EXAMPLES = 10
"""Held-out rows whose reconstructions are kept."""


@dataclass(frozen=True, eq=False)
class Trial:
    """The outcome of one training.

    Attributes
    ----------
    answers : mapping of str to Answer
        By question; empty if training failed.
    seconds : float
        Time to train.
    cut : bool
        Whether training ended at the deadline.
    warned : tuple of str
        Warnings of the model.
    failure : str
        Why training or measuring failed; empty if it did not.
    examples : array of shape (rows, features), optional
        Reconstructions of a few held-out rows.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    seconds: float = float("nan")
    cut: bool = False
    warned: tuple[str, ...] = ()
    failure: str = ""
    examples: np.ndarray | None = None


def attempt(estimator: Any, fold: Fold, *, seconds: float, watch: Callable[[float], None]) -> Trial:
    """Train an estimator on a fold, and ask it every question, within some seconds.

    Parameters
    ----------
    estimator : estimator
        Untrained; it is trained in place.
    fold : Fold
        The rows.
    seconds : float
        The time; training may use four fifths of it. At least one epoch per stage is trained.
    watch : callable
        Called after every epoch with the part of the time that is used.
    """
    deadline, began = Deadline(_TRAINING * seconds), time.perf_counter()

    def tick(trainer: Trainer) -> None:
        watch(min(1.0, (time.perf_counter() - began) / seconds) if seconds > 0 else 1.0)

    with noting() as warned:
        try:
            estimator.fit(fold.train, callbacks=[deadline, tick])
            took = time.perf_counter() - began
            answers = {
                question.name: question.ask(estimator, fold, began + seconds) for question in QUESTIONS
            }
            examples = estimator.reconstruct(spread(fold.held_out, EXAMPLES).X)
        except (ValueError, ArithmeticError) as error:
            # The other models may well fit these rows.
            return Trial(failure=" ".join(str(error).split()))
    return Trial(answers, took, deadline.cut, tuple(warned), "", np.asarray(examples))


@contextmanager
def noting() -> Iterator[list[str]]:
    """Collect the warnings of models as text instead of printing them, and show no bars of theirs."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught, without_bars():
        warnings.simplefilter("always")
        yield said
    for one in caught:
        text = " ".join(str(one.message).split())
        if one.category is UserWarning and text not in said:
            said.append(text)
