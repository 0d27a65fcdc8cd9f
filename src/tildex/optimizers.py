"""Optimisers and learning-rate schedules as parts: configuration here, the arithmetic in torch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor

from tildex.part import Part

__all__ = ["LBFGS", "SGD", "Adam", "Constant", "Cosine", "Linear", "Optimizer", "Schedule"]


class Schedule(Part, ABC, kind="schedule"):
    """A factor on the learning rate that depends on how far training is."""

    @abstractmethod
    def __call__(self, progress: float) -> float:
        """Return the factor at ``progress``, 0 before the first step and 1 after the last."""


class Constant(Schedule):
    """The learning rate stays."""

    def __call__(self, progress: float) -> float:
        """Return 1."""
        return 1.0


class Linear(Schedule):
    """The learning rate falls on a straight line to ``end`` times its start."""

    def __init__(self, end: float = 0.0) -> None:
        self.end = end

    def __call__(self, progress: float) -> float:
        """Return a value between 1 and ``end``."""
        return 1 + (self.end - 1) * progress


class Cosine(Schedule):
    """The learning rate rises on a line during ``warmup``, a share of training, then falls as half a cosine.

    Example
    -------
    >>> [round(Cosine(warmup=0.2)(t), 3) for t in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, warmup: float = 0.0, end: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise ValueError(f"warmup must be a share of training in [0, 1), got {warmup}")
        self.warmup = warmup
        self.end = end

    def __call__(self, progress: float) -> float:
        """Return a value between 0 and 1."""
        if progress < self.warmup:
            return progress / self.warmup
        done = (progress - self.warmup) / (1 - self.warmup)
        return self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * done))


class Optimizer(Part, ABC, kind="optimizer"):
    """What moves the parameters down the loss.

    Parameters
    ----------
    learning_rate : float
        The step size before the schedule's factor, positive.
    schedule : Schedule, optional
        Constant when not given.
    """

    def __init__(self, learning_rate: float, schedule: Schedule | None = None) -> None:
        if learning_rate <= 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate}")
        self.learning_rate = learning_rate
        self.schedule = schedule

    @abstractmethod
    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's optimiser over ``parameters``."""

    def rate_at(self, progress: float) -> float:
        """Return the learning rate after a share ``progress`` of training."""
        factor = 1.0 if self.schedule is None else self.schedule(progress)
        return self.learning_rate * factor


class SGD(Optimizer):
    """Stochastic gradient descent with classical momentum."""

    def __init__(
        self, learning_rate: float = 0.1, momentum: float = 0.0, schedule: Schedule | None = None
    ) -> None:
        super().__init__(learning_rate, schedule)
        self.momentum = momentum

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's fused SGD."""
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum, fused=True)


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
        The first step tried by the line search.
    history : int
        Remembered steps.
    max_evaluations : int
        Loss evaluations an epoch may cost.
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
        """Return the first step to try; a line search cannot start from a step of zero."""
        return max(super().rate_at(progress), 1e-3 * self.learning_rate)

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return torch's L-BFGS, which calls the loss several times a step."""
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
