"""Measure a trained model on held-out rows, with baselines."""

from __future__ import annotations

from typing import Any

import numpy as np

from tildex.apps.measure.measurement import Measurement
from tildex.apps.measure.measures import MEASURES
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.some_rows import at_most
from tildex.apps.measure.subject import Subject
from tildex.apps.measure.yardstick import Yardstick
from tildex.data import Record
from tildex.evaluate import Estimate

__all__ = ["Measurement", "measure", "same_rows"]

# Limits that keep a measurement to seconds; the number of rows is shown with each value.
_HELD_OUT_ROWS = 10_000
_BASELINE_ROWS = 60_000
_SCORE_ROWS = 1_000
_PROBE_ROWS = 5_000
_NEIGHBOUR_ROWS = 2_000


def measure(name: str, estimator: Any, train: Record | None, test: Record) -> Measurement:
    """Measure a fitted estimator on held-out rows.

    Parameters
    ----------
    name : str
        The model's name.
    estimator : fitted estimator
        Any of this library.
    train : Record, optional
        The training data; without it there are no baselines and no probe.
    test : Record
        Held-out rows; a fixed sample of at most 10,000, 2,000 for neighbours and 1,000 for the score.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If the rows do not match those that the estimator was fitted on.
    """
    subject = _subject(estimator, train, test)
    held_out, scored, X_train = subject.held_out, subject.scored, subject.X_train
    rank = None if X_train is None else min(estimator.n_components, *X_train.shape)
    meaning = estimator.module_.score
    seconds = [record["seconds"] for record in estimator.history_ if "seconds" in record]
    return Measurement(
        name=name,
        model=type(estimator).__name__,
        n_components=int(estimator.n_components),
        n_features=held_out.X.shape[1],
        n_parameters=sum(weights.numel() for weights in estimator.module_.parameters()),
        rows=len(held_out),
        seconds=float(sum(seconds)) if seconds else None,
        squared_error=Estimate.of(subject.yardstick.squared(held_out.X, subject.reconstruction)),
        unit=subject.yardstick.unit,
        pca=None if rank is None else _of_pca(subject, rank),
        pca_rank=rank,
        means=None if X_train is None else _of_means(subject),
        score=Estimate.of(estimator.score_samples(scored.X)),
        score_rows=len(scored),
        score_meaning=meaning.name,
        score_text=meaning.text,
        found={measure.name: measure.find(subject) for measure in MEASURES},
    )


def _of_pca(subject: Subject, rank: int) -> Estimate:
    """Return the error of PCA, in the unit of errors and fitted in it, unknown cells at their column's mean."""
    yardstick, X = subject.yardstick, subject.held_out.X
    principal = Projection.of(yardstick(subject.X_train), rank)
    return Estimate.of(yardstick.squared(X, yardstick.raw(principal.back(principal(yardstick(X))))))


def _of_means(subject: Subject) -> Estimate:
    """Return the error of the training rows' means."""
    return Estimate.of(subject.yardstick.squared(subject.held_out.X, subject.yardstick.mean))


def _subject(estimator: Any, train: Record | None, test: Record) -> Subject:
    held_out = at_most(test, _HELD_OUT_ROWS)
    base = None if train is None else at_most(train, _BASELINE_ROWS)
    return Subject(
        estimator,
        held_out,
        scored=at_most(test, _SCORE_ROWS),
        near=at_most(test, _NEIGHBOUR_ROWS),
        reconstruction=estimator.reconstruct(held_out.X),
        X_train=None if base is None else base.X,
        known=None if train is None else at_most(train, _PROBE_ROWS),
        yardstick=Yardstick.from_scaling(estimator, test) if base is None else Yardstick.of(base),
    )


def same_rows(record: Record, other: Record) -> bool:
    """Return whether two records hold the same rows in the same order, so that nothing was held out."""
    X, Y = record.X, other.X
    if X.shape != Y.shape or type(X) is not type(Y):
        return False
    return np.array_equal(X, Y, equal_nan=True) if isinstance(X, np.ndarray) else not (X != Y).nnz
