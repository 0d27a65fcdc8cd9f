"""The second question: how well a linear probe of the code predicts the labels, or a real target."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tildex.apps.compare.fold import Fold
from tildex.apps.compare.question import INDEPENDENT, PRINCIPAL, Answer, Question
from tildex.data import Record
from tildex.evaluate import probe_explained, probe_hits

__all__ = ["PROBE", "target_of"]

# More distinct whole numbers than this are a target to regress on, unless they have names.
_MOST_CLASSES = 100


def target_of(record: Record) -> str | None:
    """Return what rows are labelled with: "classes", a "real" target, or None.

    Example
    -------
    >>> target_of(Record(np.eye(3), y=np.array([0, 1, 1])))
    'classes'
    """
    if record.y is None or record.n_labels < 2:
        return None
    if record.y.dtype.kind == "f":
        return "real"
    if record.n_labels <= _MOST_CLASSES:
        return "classes"
    return "real" if record.target_names is None else None


def _probe(fold: Fold, encode: Callable[[Any], Any]) -> np.ndarray | None:
    """Return the values of held-out rows, or None where they or the training rows have no two labels."""
    target = target_of(fold.known)
    if target is None or fold.held_out.y is None:
        return None
    find = probe_hits if target == "classes" else probe_explained
    with warnings.catch_warnings():
        # A regression that reached its iteration limit is still a probe.
        warnings.filterwarnings("ignore", message=".*failed to converge")
        found = find(encode(fold.known.X), fold.known.y, encode(fold.held_out.X), fold.held_out.y)
    return found.astype(float)


def _ask(estimator: Any, fold: Fold, until: float) -> Answer:
    return Answer(_probe(fold, estimator.transform))


def _baselines(fold: Fold, rank: int) -> dict[str, np.ndarray]:
    fitted = fold.principal(rank).fitted
    found = _probe(fold, lambda X: fitted.transform(fold.in_units(X)))
    # A code that says nothing leaves the most common label, or the mean.
    nothing = _probe(fold, lambda X: np.zeros((len(X), 1)))
    return {} if found is None or nothing is None else {PRINCIPAL: found, INDEPENDENT: nothing}


PROBE = Question("probe", _ask, _baselines, lambda fold: fold.held_out)
