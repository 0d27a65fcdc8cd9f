"""Which measurement fits a model: what it can do says by what it is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tildex.apps.measure.measure import measure
from tildex.apps.measure.predictions import measure_predictions
from tildex.apps.measure.restorations import measure_restorations

__all__ = ["JUDGES", "judge_of"]

JUDGES: dict[str, Callable[..., Any]] = {
    "reconstruct": measure,
    "corrupt": measure_restorations,
    "predict": measure_predictions,
}
"""By ability; the first that a model has decides."""


def judge_of(estimator: Any) -> Callable[..., Any]:
    """Return what measures a fitted estimator, called on a name, the estimator, the training and the held-out rows."""
    return next(judge for ability, judge in JUDGES.items() if ability in estimator.can)
