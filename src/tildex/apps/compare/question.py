"""A question: what is asked of every model on every fold, one number per held-out row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tildex.apps.compare.fold import Fold
from tildex.data import Record

__all__ = ["INDEPENDENT", "PRINCIPAL", "Answer", "Question"]

PRINCIPAL = "PCA"
"""The name of the baseline with as many axes as the models have units."""

INDEPENDENT = "independent columns"
"""The name of the baseline that knows nothing of a row but how common each value is."""


class Answer(NamedTuple):
    """A model's values on one fold, shape (rows,), or None; and what they are, or why there are none."""

    values: np.ndarray | None
    said: str = ""


@dataclass(frozen=True)
class Question:
    """A question asked of every model.

    Attributes
    ----------
    name : str
        Its name in a row of the comparison.
    ask : callable
        Maps a fitted estimator, a fold and the time by which measuring should end, as of ``time.perf_counter``, to its
        answer.
    baselines : callable
        Maps a fold and a rank to the values of each baseline by name, on the same rows.
    rows : callable
        Maps a fold to the held-out rows that are asked.
    """

    name: str
    ask: Callable[[Any, Fold, float], Answer]
    baselines: Callable[[Fold, int], Mapping[str, np.ndarray]]
    rows: Callable[[Fold], Record]
