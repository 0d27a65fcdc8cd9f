"""The time of a comparison, shared equally by the trainings that are left."""

from __future__ import annotations

import time

__all__ = ["Budget"]


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
    >>> 14.9 < budget.share() <= 15.0
    True
    >>> 19.9 < budget.share() <= 20.0
    True
    """

    def __init__(self, minutes: float, *, trainings: int) -> None:
        self.ends = time.perf_counter() + 60 * minutes
        self.trainings = trainings

    def share(self) -> float:
        """Return the seconds for the next training and its measurement, at least 0."""
        share = max(0.0, self.ends - time.perf_counter()) / self.trainings
        self.trainings -= 1
        return share
