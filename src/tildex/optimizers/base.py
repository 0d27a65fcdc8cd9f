"""Optimisers and learning-rate schedules as parts: configuration here, the arithmetic in torch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor

from tildex.part import Part

__all__ = ["Constant", "Cosine", "Linear", "Optimizer", "Schedule"]


class Schedule(Part, ABC, kind="schedule"):
    """A factor on the learning rate that depends on the progress of training."""

    @abstractmethod
    def __call__(self, progress: float) -> float:
        """Return the factor at ``progress``, 0 before the first step and 1 after the last."""

    @property
    def peak(self) -> float:
        """The progress at which the factor is largest."""
        return 0.0


class Constant(Schedule):
    """A constant learning rate."""

    def __call__(self, progress: float) -> float:
        """Return 1."""
        return 1.0


class Linear(Schedule):
    """The learning rate falls linearly to ``end`` times its initial value."""

    def __init__(self, end: float = 0.0) -> None:
        self.end = end

    def __call__(self, progress: float) -> float:
        """Return a value between 1 and ``end``."""
        return 1 + (self.end - 1) * progress


class Cosine(Schedule):
    """The learning rate rises linearly over ``warmup``, a fraction of training, then falls as half a cosine.

    Example
    -------
    >>> [round(Cosine(warmup=0.2)(t), 3) for t in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, warmup: float = 0.0, end: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise ValueError(f"warmup must be a fraction of training in [0, 1), got {warmup}")
        self.warmup = warmup
        self.end = end

    def __call__(self, progress: float) -> float:
        """Return a value between 0 and 1."""
        if progress < self.warmup:
            return progress / self.warmup
        done = (progress - self.warmup) / (1 - self.warmup)
        return self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * done))

    @property
    def peak(self) -> float:
        """The end of the rise."""
        return self.warmup


class Optimizer(Part, ABC, kind="optimizer"):
    """Minimises the loss.

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
        """Return the learning rate after a fraction ``progress`` of training."""
        factor = 1.0 if self.schedule is None else self.schedule(progress)
        return self.learning_rate * factor

    def settings_at(self, progress: float, *, ends: bool = True) -> dict[str, float]:
        """Return the settings that the loop sets in torch's optimiser before a step.

        Where training has no end (``ends`` is false), the rate rises to its peak and stays there.
        """
        peak = 0.0 if self.schedule is None else self.schedule.peak
        return {"lr": self.rate_at(progress if ends else min(progress, peak))}
