"""A comparison: the table, the advice and the winner, as a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tildex.apps.compare.row import Row
from tildex.data import Record

__all__ = ["Comparison"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Models of one data set, compared on the same folds.

    Attributes
    ----------
    name : str
        The data.
    rows : tuple of Row
        The table: models, simple ones first, then baselines.
    best : str
        The name of the model to use.
    advice : str
        One sentence.
    winner : estimator
        That model, trained on all rows.
    n_rows, n_features, n_components, n_folds : int
        Rows compared on, columns, units of every code, and folds; 1 is a single split that holds out a fifth.
    minutes : float
        The time that was given.
    seconds : float
        The time that was taken.
    unit, of, target : str
        The unit of errors, what likelihoods are of, and what probes predict: classes, real, or empty.
    notes : tuple of str
        Remarks on the comparison as a whole.
    record : Record
        All rows.
    source : (str, str), optional
        Name or path of the data, and split, if they were read.
    examples : mapping of str to array of shape (rows, features)
        Some held-out rows as ``original``, and their reconstructions by model.
    """

    name: str
    rows: tuple[Row, ...]
    best: str
    advice: str
    winner: Any
    n_rows: int
    n_features: int
    n_components: int
    n_folds: int
    minutes: float
    seconds: float
    unit: str
    of: str
    target: str
    notes: tuple[str, ...]
    record: Record
    source: tuple[str, str] | None = None
    examples: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def __repr__(self) -> str:
        return f"Comparison({self.name!r}, {len(self.rows)} rows, best={self.best!r})"

    def to_json(self) -> dict[str, Any]:
        """Return everything but arrays and models as JSON values; numbers that are not finite become None."""
        names = (
            "name",
            "best",
            "advice",
            "n_rows",
            "n_features",
            "n_components",
            "n_folds",
            "minutes",
            "seconds",
        )
        own = {name: getattr(self, name) for name in (*names, "unit", "of", "target")}
        own["notes"] = list(self.notes)
        return _finite({**own, "rows": [row.to_json() for row in self.rows]})


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
