"""The first question: the squared error of reconstructed held-out rows, beside PCA of equal rank and the means."""

from __future__ import annotations

from typing import Any

import numpy as np

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import INDEPENDENT, PRINCIPAL, Answer, Question

__all__ = ["ERROR"]


def _ask(estimator: Any, fold: Fold, until: float) -> Answer:
    X = fold.held_out.X
    return Answer(fold.yardstick.squared(X, estimator.reconstruct(X)))


def _baselines(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    fitted = fold.principal(rank).fitted
    X = fold.held_out.X
    back = fitted.inverse_transform(fitted.transform(fold.in_units(X)))
    # Columns without anything in common are best guessed by their means.
    return {
        PRINCIPAL: fold.yardstick.squared(X, fold.yardstick.raw(back)),
        INDEPENDENT: fold.yardstick.squared(X, fold.yardstick.mean),
    }


ERROR = Question("error", _ask, _baselines, lambda fold: fold.held_out)
