"""What a trained restorer is worth on images it has not seen, beside leaving them as they are."""

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
    """What was measured of one restorer.

    Attributes
    ----------
    name, model, corruption : str
        What the user calls it, its class, and what it undoes.
    rows : int
        Held-out images.
    damaged, restored : Estimate
        Peak signal-to-noise ratio in decibels after its corruption, where hidden pixels count as zero, and after the
        restorer.
    seconds : float
        Of training, from the history.
    """

    name: str
    model: str
    corruption: str
    rows: int
    damaged: Estimate
    restored: Estimate
    seconds: float

    def lines(self) -> list[Line]:
        """Return the figures in words, in reading order."""
        return [
            Line("undoes", self.corruption),
            Line(f"ratio of damaged images, dB ({counted(self.rows)} images)", measured(self.damaged)),
            Line("ratio of restored images, dB", measured(self.restored)),
            Line("training", f"{self.seconds:.3g} s"),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return asdict(self)


def measure_restorations(name: str, estimator: Any, train: Record | None, test: Record) -> Restorations:
    """Damage held-out images as in training, always in the same way, and restore them.

    Parameters
    ----------
    name : str
        What to call it.
    estimator : fitted restorer
        Of this library.
    train : Record, optional
        What it was trained on: of no account here, for there is nothing to fit beside it.
    test : Record
        Held-out images with pixels from 0 to 1, of the size of training.
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
