"""The third question: the log-likelihood of held-out rows in nats, where a model has one that can be compared."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tildex.apps.compare.densities import DENSITIES
from tildex.apps.compare.fold import Fold
from tildex.apps.compare.nature import kind_of
from tildex.apps.compare.question import Answer, Question
from tildex.apps.measure.compared import Compared, find_likelihood
from tildex.apps.measure.subject import Subject

__all__ = ["LIKELIHOOD"]

# The task that needs no log Z.
_ROWS = "rows"


class _OutOfTimeError(Exception):
    """Ends the annealing of log Z."""


def _ask(estimator: Any, fold: Fold, until: float) -> Answer:
    """Return nats per row, or why they would not be comparable; log Z is annealed only while there is time."""
    if not estimator.module_.has_likelihood:
        return Answer(None, f"only {estimator.module_.score.name}, which is not a likelihood of rows")
    if kind_of(estimator.likelihood_) != fold.nature.kind:
        return Answer(None, f"a likelihood under {estimator.likelihood_!r} is not of {fold.nature.rows}")
    rows = fold.scored
    subject = Subject(
        estimator,
        rows,
        scored=rows,
        near=rows,
        reconstruction=rows.X,
        X_train=fold.train.X,
        known=None,
        yardstick=fold.yardstick,
    )

    def watch(what: str, share: float) -> None:
        if what != _ROWS and time.perf_counter() > until:
            raise _OutOfTimeError

    try:
        found = find_likelihood(subject, watch)
    except _OutOfTimeError:
        return Answer(None, "log Z takes longer than the share of the time: see `tildex likelihood`")
    if found is None:
        return Answer(None, "log Z depends on the length of each row: see the perplexity")
    if not found.found.ok and found.found.annealing is not None:
        return Answer(None, f"log Z is uncertain: {found.found.annealing.verdict}")
    return Answer(found.found.per_row, _said(found))


def _said(found: Compared) -> str:
    """Return what a likelihood is: exact, estimated, or a bound."""
    if found.found.log_partition is None:
        return f"a lower bound, from {found.found.n_samples} importance samples"
    exact = "exact" if found.found.exact else f"estimated from {found.found.n_samples} importance samples"
    return f"{exact}, log Z {'enumerated' if found.found.annealing is None else 'annealed from both sides'}"


def _baselines(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    find = DENSITIES.get(fold.nature.kind)
    found = {} if find is None else find(fold, rank)
    return {name: values for name, values in found.items() if np.isfinite(values).all()}


LIKELIHOOD = Question("likelihood", _ask, _baselines, lambda fold: fold.scored)
