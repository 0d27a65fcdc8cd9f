"""The first question: the squared error of reconstructed held-out rows, beside PCA of equal rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import PRINCIPAL, Answer, Question

__all__ = ["ERROR"]


def _ask(estimator: Any, fold: Fold, until: float) -> Answer:
    return Answer(_squared(fold, fold.in_units(estimator.reconstruct(fold.held_out.X))))


def _baselines(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    fitted = fold.principal(rank).fitted
    back = fitted.inverse_transform(fitted.transform(fold.in_units(fold.held_out.X)))
    return {PRINCIPAL: _squared(fold, back)}


def _squared(fold: Fold, reconstruction: np.ndarray) -> np.ndarray:
    return ((fold.in_units(fold.held_out.X) - reconstruction) ** 2).sum(1)


ERROR = Question("error", _ask, _baselines, lambda fold: fold.held_out)
