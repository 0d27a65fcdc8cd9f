"""Measure a trained predictor on held-out rows, against a linear model of the same rows."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from tildex.apps.measure.kinds import Line
from tildex.apps.measure.probe import majority
from tildex.apps.measure.some_rows import at_most
from tildex.apps.measure.yardstick import Yardstick
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.data import Record
from tildex.evaluate import Estimate

__all__ = ["Predictions", "measure_predictions"]

# A limit that keeps the linear model to seconds; its line shows the number of rows.
_BASELINE_ROWS = 5_000


@dataclass(frozen=True)
class Predictions:
    """The measurement of one predictor.

    Attributes
    ----------
    name, model : str
        The user's name for it, and its class.
    rows : int
        Held-out rows.
    accuracy, log_loss : Estimate, optional
        For a classifier: the share of correct labels, and minus the log-probability of the true label, in nats.
    squared_error : Estimate, optional
        For a regressor, summed over targets.
    linear : Estimate, optional
        Accuracy or squared error of a linear model trained on ``linear_rows`` of the training rows.
    simplest : Estimate, optional
        The same of always naming the most common class of the training rows, or the mean target.
    seconds : float
        Training time, from the history.
    """

    name: str
    model: str
    rows: int
    accuracy: Estimate | None
    log_loss: Estimate | None
    squared_error: Estimate | None
    linear: Estimate | None
    linear_rows: int | None
    simplest: Estimate | None
    seconds: float

    def lines(self) -> list[Line]:
        """Return the values as lines of text, in order."""
        lines = []
        if self.accuracy is not None and self.log_loss is not None:
            lines.append(Line(f"accuracy ({counted(self.rows)} rows)", percent(self.accuracy)))
            lines.append(Line("log-loss, nats", measured(self.log_loss)))
        if self.squared_error is not None:
            lines.append(Line(f"squared error ({counted(self.rows)} rows)", measured(self.squared_error)))
        if self.linear is not None and self.linear_rows is not None:
            show = measured if self.accuracy is None else percent
            lines.append(Line(f"linear model ({counted(self.linear_rows)} training rows)", show(self.linear)))
            what = "mean of the targets" if self.accuracy is None else "most common class"
            if self.simplest is not None:
                lines.append(Line(what, show(self.simplest)))
        return [*lines, Line("training", f"{self.seconds:.3g} s")]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def measure_predictions(name: str, estimator: Any, train: Record | None, test: Record) -> Predictions:
    """Measure a fitted classifier or regressor on held-out rows with labels.

    Parameters
    ----------
    name : str
        The predictor's name.
    estimator : fitted predictor
        Any of this library.
    train : Record, optional
        The training data; without it there is no linear model.
    test : Record
        Held-out rows.

    Raises
    ------
    ValueError
        If the rows have no labels, or do not match those that the predictor was fitted on.
    """
    if test.y is None:
        raise ValueError(
            f"{test.name} has no labels to compare with: give data with a column y, or a known set"
        )
    known = None if train is None or train.y is None else at_most(train, _BASELINE_ROWS)
    accuracy = log_loss = squared_error = linear = simplest = None
    if is_classifier(estimator):
        accuracy, log_loss = _of_classes(estimator, test)
        if known is not None and known.n_labels > 1:
            simplest = majority(known.y, test.y)
            linear = _judge(LogisticRegression(max_iter=300), known, test, lambda p, y: p == y)
    else:
        squared_error = Estimate.of(_squared(estimator.predict(test.X), test.y))
        if known is not None:
            simplest = Estimate.of(
                _squared(np.broadcast_to(np.asarray(known.y).mean(0), np.shape(test.y)), test.y)
            )
            linear = _judge(LinearRegression(), known, test, _squared)
    return Predictions(
        name=name,
        model=type(estimator).__name__,
        rows=len(test),
        accuracy=accuracy,
        log_loss=log_loss,
        squared_error=squared_error,
        linear=linear,
        linear_rows=None if linear is None or known is None else len(known),
        simplest=simplest,
        seconds=float(sum(record["seconds"] for record in estimator.history_)),
    )


def _of_classes(estimator: Any, test: Record) -> tuple[Estimate, Estimate]:
    log_probability = np.asarray(estimator.predict_log_proba(test.X))
    right = estimator.classes_[log_probability.argmax(1)] == test.y
    place = np.searchsorted(estimator.classes_, np.asarray(test.y)).clip(max=len(estimator.classes_) - 1)
    if (unknown := estimator.classes_[place] != test.y).any():
        new = np.unique(np.asarray(test.y)[unknown]).tolist()
        raise ValueError(f"expected labels among {estimator.classes_.tolist()}, got {new}")
    return Estimate.of(right), Estimate.of(-log_probability[np.arange(len(place)), place])


def _judge(model: Any, known: Record, test: Record, compare: Any) -> Estimate:
    with warnings.catch_warnings():
        # A regression that reached its iteration limit is still a baseline.
        warnings.filterwarnings("ignore", message=".*failed to converge")
        yardstick = Yardstick.of(known)
        model.fit(yardstick(known.X), known.y)
    return Estimate.of(compare(model.predict(yardstick(test.X)), test.y))


def _squared(predicted: Any, y: Any) -> np.ndarray:
    difference = np.asarray(predicted).reshape(len(y), -1) - np.asarray(y).reshape(len(y), -1)
    return np.asarray((difference**2).sum(1))
