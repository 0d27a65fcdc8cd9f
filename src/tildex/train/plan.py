"""The training plan: number of epochs, batch size, and options of every step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

__all__ = ["Plan"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The number of epochs, the batch size and options of every step.

    Attributes
    ----------
    n_iter : int
        Epochs: passes over the rows.
    batch_size : int, optional
        Rows per step over all processes; all rows when not given. The last batch may be smaller.
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
    """

    n_iter: int = 10
    batch_size: int | None = 100
    shuffle: bool = True
    clip_norm: float | None = None
    averaging: float | None = None
    max_norm: float | None = None
    precision: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        if self.averaging is not None and not 0 < self.averaging < 1:
            raise ValueError(f"averaging must be a decay between 0 and 1, or None, got {self.averaging!r}")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"clip_norm must be positive, or None, got {self.clip_norm!r}")
        if self.max_norm is not None and not self.max_norm > 0:
            raise ValueError(f"max_norm must be positive, or None, got {self.max_norm!r}")
