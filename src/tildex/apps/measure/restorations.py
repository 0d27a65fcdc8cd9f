"""Measure a trained restorer on held-out images, against the unrestored images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tildex.apps.measure.kinds import Line
from tildex.apps.pages.numbers import counted, measured
from tildex.data import Record
from tildex.evaluate import Estimate, psnr

__all__ = ["Restorations", "measure_restorations"]


@dataclass(frozen=True)
class Restorations:
    """The measurement of one restorer.

    Attributes
    ----------
    name, model, corruption : str
        The user's name for it, its class, and the corruption it removes.
    rows : int
        Held-out images.
    damaged, restored : Estimate
        Peak signal-to-noise ratio in decibels after corruption, with missing pixels as zero, and after restoration.
    seconds : float
        Training time, from the history.
    """

    name: str
    model: str
    corruption: str
    rows: int
    damaged: Estimate
    restored: Estimate
    seconds: float

    def lines(self) -> list[Line]:
        """Return the values as lines of text, in order."""
        return [
            Line("undoes", self.corruption),
            Line(f"PSNR of corrupted images, dB ({counted(self.rows)} images)", measured(self.damaged)),
            Line("PSNR of restored images, dB", measured(self.restored)),
            Line("training", f"{self.seconds:.3g} s"),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def measure_restorations(name: str, estimator: Any, train: Record | None, test: Record) -> Restorations:
    """Corrupt held-out images as in training, with a fixed seed, and restore them.

    Parameters
    ----------
    name : str
        The restorer's name.
    estimator : fitted restorer
        A :class:`~tildex.Restorer`.
    train : Record, optional
        Not used: this measurement fits no baseline.
    test : Record
        Held-out images of the training size, with pixels from 0 to 1.
    """
    damaged = estimator.corrupt(test.X)
    return Restorations(
        name=name,
        model=type(estimator).__name__,
        corruption=repr(estimator.module_.corruption),
        rows=len(test),
        damaged=psnr(test.X, np.nan_to_num(damaged)),
        restored=psnr(test.X, estimator.transform(damaged)),
        seconds=float(sum(record["seconds"] for record in estimator.history_)),
    )
