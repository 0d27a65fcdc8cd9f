"""What is measured: a fitted model, and the rows that it is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.data import Record

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A fitted estimator and its rows, each choice of them made once for all measures.

    Attributes
    ----------
    estimator : fitted estimator
        Any of this library.
    held_out : Record
        Held-out rows, few enough to be measured in seconds.
    scored, near : Record
        Fewer of them: for scores and likelihoods, and for neighbours.
    reconstruction : array of shape (rows, features)
        Of the held-out rows.
    X_train : array of shape (any, features), optional
        Training rows, for baselines.
    known : Record, optional
        Some of them with what labels they have, for what is trained on codes.
    """

    estimator: Any
    held_out: Record
    scored: Record
    near: Record
    reconstruction: np.ndarray
    X_train: np.ndarray | None
    known: Record | None

    @property
    def labels(self) -> np.ndarray | None:
        """The labels of the known rows, where those of the held-out ones mean the same."""
        if self.known is None or self.known.target_names != self.held_out.target_names:
            return None
        return self.known.y
