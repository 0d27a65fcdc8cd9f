"""A linear probe of the code for the labels, against the same number of principal components."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.apps.measure.kinds import Line, Measure
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.subject import Subject
from tildex.apps.pages.numbers import counted, percent
from tildex.evaluate import Estimate, probe_accuracy

__all__ = ["PROBE", "Probe", "majority"]


@dataclass(frozen=True)
class Probe:
    """Accuracy of a logistic regression on codes, on the same number of principal components, and of always naming
    the most common class of the training rows.

    ``train_rows`` is the number of training rows, at most 5,000 of those given.
    """

    code: Estimate
    pca: Estimate
    majority: Estimate
    train_rows: int


def _find(subject: Subject) -> Probe | None:
    """Return the accuracies if training and held-out rows share labels of two or more classes."""
    known, held_out = subject.known, subject.held_out
    if known is None or subject.labels is None or held_out.y is None or known.n_labels < 2:
        return None

    def accuracy(encode: Callable[[Any], Any]) -> Estimate:
        with warnings.catch_warnings():
            # A regression that reached its iteration limit is still a probe.
            warnings.filterwarnings("ignore", message=".*failed to converge")
            return probe_accuracy(encode(known.X), known.y, encode(held_out.X), held_out.y)

    measured = subject.yardstick
    principal = Projection.of(measured(known.X), subject.estimator.n_components)
    return Probe(
        code=accuracy(subject.estimator.transform),
        pca=accuracy(lambda X: principal(measured(X))),
        majority=majority(known.y, held_out.y),
        train_rows=len(known),
    )


def majority(known: Any, held_out: Any) -> Estimate:
    """Return how often the most common of the known labels is right.

    Example
    -------
    >>> majority(np.array(["a", "b", "a"]), np.array(["a", "a", "b", "a"])).value
    0.75
    """
    labels, counts = np.unique(known, return_counts=True)
    return Estimate.of(np.asarray(held_out) == labels[counts.argmax()])


def _lines(probe: Probe) -> list[Line]:
    return [
        Line(f"probe of the code ({counted(probe.train_rows)} rows)", percent(probe.code)),
        Line("probe of PCA", percent(probe.pca)),
        Line("most common class", percent(probe.majority)),
    ]


PROBE = Measure("probe", _find, _lines)
