"""One fold: its rows, and PCA of its training rows, fitted once for all questions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from tildex.apps.compare.nature import Nature
from tildex.apps.measure.some_rows import at_most
from tildex.apps.measure.yardstick import Yardstick
from tildex.data import Record

__all__ = ["Fold", "Principal"]

# Limits that keep measuring to seconds.
_SCORED_ROWS = 1_000
_PROBE_ROWS = 5_000


@dataclass(frozen=True, eq=False)
class Principal:
    """PCA of a fold's training rows.

    Attributes
    ----------
    fitted : PCA
        Of the columns in the unit of errors, unknown cells at the mean.
    seconds : float
        Time to fit it.
    """

    fitted: PCA
    seconds: float


@dataclass(eq=False)
class Fold:
    """The training and held-out rows of one fold, dense.

    Attributes
    ----------
    train, held_out : Record
        The rows.
    nature : Nature
        Their kind.
    """

    train: Record
    held_out: Record
    nature: Nature
    _principal: dict[int, Principal] = field(default_factory=dict)

    @cached_property
    def yardstick(self) -> Yardstick:
        """The unit of errors."""
        return Yardstick.of(self.train, standardised=self.nature.standardised)

    @cached_property
    def gaps(self) -> bool:
        """Whether any cell is unknown."""
        return bool(np.isnan(self.train.X).any() or np.isnan(self.held_out.X).any())

    @property
    def spans(self) -> tuple[Any, ...]:
        """The columns of numbers of each column of a table."""
        schema = self.train.reading.schema
        return () if schema is None else schema.spans

    @cached_property
    def scored(self) -> Record:
        """The held-out rows whose likelihood is measured, at most 1,000."""
        return at_most(self.held_out, _SCORED_ROWS)

    @cached_property
    def known(self) -> Record:
        """The training rows whose labels train probes, at most 5,000."""
        return at_most(self.train, _PROBE_ROWS)

    def in_units(self, X: Any) -> np.ndarray:
        """Return rows in the unit of errors, unknown cells at the mean."""
        return self.yardstick(np.asarray(X, dtype=float))

    def principal(self, rank: int) -> Principal:
        """Return PCA of that rank, or of the largest that the rows allow."""
        rank = min(rank, *self.train.X.shape)
        if rank not in self._principal:
            began = time.perf_counter()
            fitted = PCA(rank, random_state=0).fit(self.in_units(self.train.X))
            self._principal[rank] = Principal(fitted, time.perf_counter() - began)
        return self._principal[rank]
