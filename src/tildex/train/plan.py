"""How long and in what portions to train, and what is done to every step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

__all__ = ["Plan"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and in what portions to train.

    Attributes
    ----------
    n_iter : int
        Passes over the rows.
    batch_size : int, optional
        Rows a step, all processes together; every row when not given. The last batch may be smaller.
    shuffle : bool
        Whether each pass takes the rows in a new order.
    clip_norm : float, optional
        The largest norm a step's gradient may have.
    averaging : float, optional
        Decay of an exponential average of the weights, which then is what validation sees and training returns.
    max_norm : float, optional
        The largest norm of what a unit receives by, a row of a weight matrix: longer ones are shortened every step.
    precision : torch.dtype
        What matrix products compute in: bfloat16 keeps weights and sums in float32.
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
