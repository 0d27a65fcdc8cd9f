"""The measurement for a model, chosen by its abilities."""

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
"""By ability, in order; the model's first match is used."""


def judge_of(estimator: Any) -> Callable[..., Any]:
    """Return the function that measures a fitted estimator, called with name, estimator, training and held-out rows."""
    return next(judge for ability, judge in JUDGES.items() if ability in estimator.can)
