"""How long to train, and in batches of how many rows, where the settings leave it open.

A pass over 100 rows is a hundredth of a pass over 10,000, so a fixed number of passes trains small data too little and
large data too much. What training needs is a number of optimiser steps.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Budget"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The number of passes and the rows per step, as functions of the number of rows.

    Attributes
    ----------
    steps : int
        Least number of steps: small data get as many passes as this takes.
    passes : int
        Least number of passes, as long as they take no more than ``most_steps``.
    most_steps : int
        Most steps of more than one pass: what bounds the time that large data take.
    batches : int
        Batches that a pass is divided into, within the next two limits.
    least_rows, most_rows : int
        Fewest and most rows per step.

    Example
    -------
    >>> budget = Budget()
    >>> [(n, budget.batch_size(n), budget.n_iter(n, budget.batch_size(n))) for n in (50, 400, 60_000, 5_000_000)]
    [(50, 16, 500), (400, 40, 200), (60000, 256, 20), (5000000, 256, 1)]
    """

    steps: int = 2000
    passes: int = 20
    most_steps: int = 20_000
    batches: int = 10
    least_rows: int = 16
    most_rows: int = 256

    def batch_size(self, n_rows: int) -> int:
        """Return the rows per step for data of ``n_rows``."""
        return min(max(n_rows // self.batches, self.least_rows), self.most_rows)

    def n_iter(self, n_rows: int, batch_size: int) -> int:
        """Return the number of passes over ``n_rows`` in steps of ``batch_size``."""
        per_pass = -(-n_rows // batch_size)
        enough = -(-self.steps // per_pass)
        return max(1, enough, min(self.passes, self.most_steps // per_pass))
