"""A deadline: training that ends in time, with its learning rate and noise brought to their end."""

from __future__ import annotations

import time
from dataclasses import replace

from tildex.train.loop import Trainer

__all__ = ["Deadline"]


class Deadline:
    """A callback that shortens training so that it ends in time; nothing else changes while there is enough time.

    After each epoch it plans as many epochs as fit, at most those of the original plan; schedules thus run to their
    end. Stages share the time that is left equally. Every stage trains for at least one epoch.

    Parameters
    ----------
    seconds : float
        Time from now to the end of training.

    Attributes
    ----------
    cut : bool
        Whether training ended at the deadline, before its plan.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import Autoencoder
    >>> model, deadline = Autoencoder(2, n_iter=100, random_state=0), Deadline(0.0)
    >>> model.fit(np.eye(8), callbacks=[deadline]).n_iter_, deadline.cut
    (1, True)
    """

    def __init__(self, seconds: float) -> None:
        self.ends = time.perf_counter() + seconds
        self.cut = False
        self._trainer: Trainer | None = None
        self._planned: int | None = None

    def __call__(self, trainer: Trainer) -> None:
        """Begin a stage, or plan the epochs that are left."""
        now = time.perf_counter()
        if trainer is not self._trainer:
            self._trainer, self._planned = trainer, None
            self._first, self._began = trainer.epoch, now
            self._stage_ends = now + (self.ends - now) / (trainer.stages_left + 1)
            return
        if self._planned is None:
            # Known only now: a plan may be completed when training begins.
            self._planned = trainer.plan.n_iter
        each = (now - self._began) / (trainer.epoch - self._first)
        more = max(0, int((self._stage_ends - now) / each))
        # Planned anew every time: the first epoch is often slower than the others.
        n_iter = min(self._planned, trainer.epoch + more)
        trainer.plan = replace(trainer.plan, n_iter=n_iter)
        self.cut = self.cut or (trainer.epoch >= n_iter < self._planned and not trainer.stop)
