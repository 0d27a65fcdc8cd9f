"""Gradient descent with momentum, Adam, and L-BFGS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from tildex.optimizers.base import Optimizer, Schedule

__all__ = ["LBFGS", "SGD", "Adam"]


class SGD(Optimizer):
    """Stochastic gradient descent with classical momentum.

    Parameters
    ----------
    learning_rate, schedule
        As in :class:`Optimizer`.
    momentum : float
        The fraction of the previous step carried into the next.
    initial_momentum : float, optional
        The initial momentum, which rises linearly to ``momentum`` (Hinton, 2010, "A practical guide to training
        restricted Boltzmann machines").
    momentum_rise : float
        The fraction of training over which it rises.
    weight_decay : float
        The coefficient of half the squared norm of weight matrices, added to the loss; biases are not decayed.

    Example
    -------
    >>> sgd = SGD(0.1, momentum=0.9, initial_momentum=0.5, momentum_rise=0.1)
    >>> [round(sgd.settings_at(t)["momentum"], 2) for t in (0.0, 0.05, 0.1, 1.0)]
    [0.5, 0.7, 0.9, 0.9]
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        momentum: float = 0.0,
        schedule: Schedule | None = None,
        initial_momentum: float | None = None,
        momentum_rise: float = 0.1,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, schedule)
        for name, value in (("momentum", momentum), ("initial_momentum", initial_momentum)):
            if value is not None and not 0 <= value < 1:
                raise ValueError(f"{name} must lie in [0, 1), got {value}")
        if not 0 < momentum_rise <= 1:
            raise ValueError(f"momentum_rise must be a fraction of training in (0, 1], got {momentum_rise}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative, got {weight_decay}")
        self.momentum = momentum
        self.initial_momentum = initial_momentum
        self.momentum_rise = momentum_rise
        self.weight_decay = weight_decay

    def settings_at(self, progress: float, *, ends: bool = True) -> dict[str, float]:
        """Return the learning rate and the momentum."""
        settings = super().settings_at(progress, ends=ends)
        if self.initial_momentum is not None:
            risen = min(1.0, progress / self.momentum_rise)
            settings["momentum"] = self.initial_momentum + risen * (self.momentum - self.initial_momentum)
        return settings

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's fused SGD."""
        parameters = list(parameters)
        groups: list[dict[str, Any]] = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1]},
        ]
        return torch.optim.SGD(
            [group for group in groups if group["params"]],
            lr=self.learning_rate,
            momentum=self.momentum,
            fused=True,
        )


class Adam(Optimizer):
    """Adam with decoupled weight decay (Kingma & Ba, 2015; Loshchilov & Hutter, 2019)."""

    def __init__(
        self, learning_rate: float = 1e-3, weight_decay: float = 0.0, schedule: Schedule | None = None
    ) -> None:
        super().__init__(learning_rate, schedule)
        self.weight_decay = weight_decay

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's fused AdamW."""
        return torch.optim.AdamW(
            parameters, lr=self.learning_rate, weight_decay=self.weight_decay, fused=True
        )


class LBFGS(Optimizer):
    """Limited-memory BFGS with a strong Wolfe line search, for the whole data as one batch (Liu & Nocedal, 1989).

    Parameters
    ----------
    learning_rate : float
        The first step size that the line search tries.
    history : int
        Number of steps kept.
    max_evaluations : int
        Maximum number of loss evaluations per epoch.
    """

    def __init__(
        self,
        learning_rate: float = 1.0,
        history: int = 50,
        max_evaluations: int = 50,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(learning_rate, schedule)
        self.history = history
        self.max_evaluations = max_evaluations

    def rate_at(self, progress: float) -> float:
        """Return the first step size to try, which must not be zero."""
        return max(super().rate_at(progress), 1e-3 * self.learning_rate)

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's L-BFGS, which evaluates the loss several times per step."""
        return torch.optim.LBFGS(
            parameters,
            lr=self.learning_rate,
            max_iter=self.max_evaluations,
            max_eval=self.max_evaluations,
            tolerance_grad=1e-10,
            tolerance_change=1e-14,
            history_size=self.history,
            line_search_fn="strong_wolfe",
        )
