"""The unit in which errors of rows are measured, column by column, over known cells alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tildex.apps.measure.some_rows import dense
from tildex.data import Record

__all__ = ["DATA_UNITS", "Yardstick", "in_unit_interval"]

DATA_UNITS = "the data's units"
"""The unit of rows whose columns have one unit already."""

_MEASURED = ("real", "count")


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What the columns of rows are measured in, found on training rows.

    Attributes
    ----------
    mean : array of shape (features,)
        The means of the known cells, in the data's units.
    scale : array of shape (features,)
        The standard deviation of each column that is measured in it, and 1 for the others.
    unit : str
        The unit of squared errors, in words.

    Example
    -------
    >>> train = Record(np.array([[0.0, 10.0], [4.0, np.nan]]))
    >>> yardstick = Yardstick.of(train)
    >>> yardstick(train.X).tolist()
    [[-1.0, 10.0], [1.0, 10.0]]
    >>> yardstick.squared([[2.0, np.nan]], [[6.0, 7.0]]).tolist()
    [4.0]
    """

    mean: np.ndarray
    scale: np.ndarray
    unit: str

    @classmethod
    def of(cls, train: Record, *, standardised: bool | None = None) -> Self:
        """Return the unit for a table's rows: standard deviations of real columns and counts, 0 and 1 for categories.

        Parameters
        ----------
        train : Record
            Training rows.
        standardised : bool, optional
            Whether any column is measured in standard deviations. By default, those of tables and of rows with gaps
            are, unless all values lie in [0, 1]: pixels have one unit already.
        """
        X = dense(train.X)
        if standardised is None:
            standardised = (train.reading.schema is not None or _gaps(X)) and not in_unit_interval(X)
        mean, spread = _moments(X)
        measured = np.full(X.shape[1], standardised)
        for span in () if train.reading.schema is None else train.reading.schema.spans:
            measured[span.start : span.stop] &= span.kind.units in _MEASURED
        return cls(mean, np.where(measured & (spread > 0), spread, 1.0), _in_words(measured))

    @classmethod
    def from_scaling(cls, estimator: Any, held_out: Record) -> Self:
        """Return the unit without training rows: a table's columns in the scale that the estimator gave them."""
        offset, scale = (
            each.double().cpu().numpy() for each in (estimator.scaling_.offset, estimator.scaling_.scale)
        )
        scaled = estimator.reading_.schema is not None or _gaps(dense(held_out.X))
        varied = scaled & (scale != 1)
        return cls(offset, np.where(varied, scale, 1.0), _in_words(varied))

    def __call__(self, X: Any) -> np.ndarray:
        """Return rows in the unit of errors, standardised columns centred, unknown cells at the mean."""
        X = dense(X)
        X = X.astype(np.result_type(X, np.float32), copy=False)
        if _gaps(X):
            X = np.where(np.isnan(X), self.mean, X)
        if (self.scale == 1).all():
            return X
        return (X - np.where(self.scale == 1, 0, self.mean)) / self.scale

    def squared(self, X: Any, reconstruction: Any) -> np.ndarray:
        """Return the squared error of each row, in the unit, summed over its known cells; both in the data's units."""
        difference = (np.asarray(reconstruction, dtype=float) - dense(X)) / self.scale
        return np.asarray(np.square(np.where(np.isnan(dense(X)), 0, difference)).sum(1))

    def raw(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in the data's units, given what the yardstick returned."""
        return np.asarray(rows * self.scale + np.where(self.scale == 1, 0, self.mean))


def in_unit_interval(X: np.ndarray) -> bool:
    """Return whether all known values lie in [0, 1]."""
    return bool(np.nanmin(X, initial=0) >= 0 and np.nanmax(X, initial=0) <= 1)


def _gaps(X: np.ndarray) -> bool:
    # The sum needs no array of truth values; infinity of both signs is no row of any estimator.
    return bool(np.isnan(X.sum()))


def _moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means and standard deviations of known cells; 0 and 0 of a column without any."""
    known = ~np.isnan(X)
    n = np.maximum(known.sum(0), 1)
    mean = np.where(known, X, 0).sum(0, dtype=float) / n
    spread = np.sqrt(np.square(np.where(known, X - mean, 0)).sum(0) / n)
    # What varies only by rounding is constant.
    return mean, np.where(spread > np.finfo(X.dtype).eps * np.abs(mean), spread, 0)


def _in_words(measured: np.ndarray) -> str:
    if not measured.any():
        return DATA_UNITS
    return f"standard deviations of each column{'' if measured.all() else ' of numbers'}"
