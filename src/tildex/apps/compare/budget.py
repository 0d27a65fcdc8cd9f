"""The time of a comparison, shared equally by the trainings that are left."""

from __future__ import annotations

import time

__all__ = ["Budget"]

# The part of a share that training may use; the rest is for measuring.
_TRAINING = 0.8


class Budget:
    """Wall time for a number of trainings: what one does not use, the later ones may.

    Parameters
    ----------
    minutes : float
        The whole time, from now.
    trainings : int
        How many trainings share it.

    Example
    -------
    >>> budget = Budget(1.0, trainings=4)
    >>> 11.9 < budget.share() <= 12.0
    True
    >>> 15.9 < budget.share() <= 16.0
    True
    """

    def __init__(self, minutes: float, *, trainings: int) -> None:
        self.ends = time.perf_counter() + 60 * minutes
        self.trainings = trainings

    def share(self) -> float:
        """Return the seconds that the next training may take, at least 0."""
        left = max(0.0, self.ends - time.perf_counter())
        share = _TRAINING * left / self.trainings
        self.trainings -= 1
        return share
