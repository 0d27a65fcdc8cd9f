"""What is measured: a fitted model and its evaluation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.apps.measure.yardstick import Yardstick
from tildex.data import Record

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A fitted estimator and its rows, chosen once for all measures.

    Attributes
    ----------
    estimator : fitted estimator
        Any of this library.
    held_out : Record
        Held-out rows, few enough to measure in seconds.
    scored, near : Record
        Smaller samples of them: for scores and likelihoods, and for neighbours.
    reconstruction : array of shape (rows, features)
        Reconstruction of the held-out rows.
    X_train : array of shape (any, features), optional
        Training rows, for baselines.
    known : Record, optional
        Some of them with their labels, to train probes on.
    yardstick : Yardstick
        The unit of errors.
    """

    estimator: Any
    held_out: Record
    scored: Record
    near: Record
    reconstruction: np.ndarray
    X_train: np.ndarray | None
    known: Record | None
    yardstick: Yardstick

    @property
    def labels(self) -> np.ndarray | None:
        """The labels of the known rows, if the held-out labels have the same meaning."""
        if self.known is None or self.known.target_names != self.held_out.target_names:
            return None
        return self.known.y
