"""The training plan: number of epochs, batch size, and options of every step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from tildex.train.budget import Budget

__all__ = ["Plan"]

# The rows per step that the budget chooses.
_OPEN = "auto"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The number of epochs, the batch size and options of every step.

    Attributes
    ----------
    n_iter : int, optional
        Epochs: passes over the rows; chosen by ``budget`` when not given.
    batch_size : int, optional
        Rows per step over all processes; all rows when None, chosen by ``budget`` when ``auto``. The last batch may be
        smaller.
    shuffle : bool
        Whether to shuffle the rows in every epoch.
    clip_norm : float, optional
        Maximum norm of a step's gradient.
    averaging : float, optional
        Decay of an exponential average of the weights, which validation then uses and training returns.
    max_norm : float, optional
        Maximum norm of a unit's incoming weights, a row of a weight matrix, enforced after every step.
    precision : torch.dtype
        The type of matrix products; with bfloat16, weights and sums stay in float32.
    budget : Budget
        Chooses what is left open once the number of rows is known.
    """

    n_iter: int | None = 10
    batch_size: int | str | None = 100
    shuffle: bool = True
    clip_norm: float | None = None
    averaging: float | None = None
    max_norm: float | None = None
    precision: torch.dtype = torch.float32
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        if self.averaging is not None and not 0 < self.averaging < 1:
            raise ValueError(f"averaging must be a decay between 0 and 1, or None, got {self.averaging!r}")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"clip_norm must be positive, or None, got {self.clip_norm!r}")
        if self.max_norm is not None and not self.max_norm > 0:
            raise ValueError(f"max_norm must be positive, or None, got {self.max_norm!r}")

    def rows_per_step(self, n_rows: int) -> int:
        """Return the rows per step for data of ``n_rows``."""
        if self.batch_size == _OPEN:
            return self.budget.batch_size(n_rows)
        return n_rows if self.batch_size is None else int(self.batch_size)

    def for_rows(self, n_rows: int) -> Plan:
        """Return the plan with everything chosen that was left open, for data of ``n_rows``."""
        size = self.rows_per_step(n_rows)
        n_iter = self.budget.n_iter(n_rows, size) if self.n_iter is None else self.n_iter
        return replace(self, n_iter=n_iter, batch_size=size)
