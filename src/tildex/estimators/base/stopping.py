"""The plan of a training, and early stopping, as the settings ask for them or leave them open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tildex.train import Plan
from tildex.train.callbacks import EarlyStopping

__all__ = ["holds_out", "plan_of", "stopper"]

# The value of `early_stopping` that leaves it open, and the fewest rows of which some are then held out.
_AUTO, _ENOUGH = "auto", 50

# Standard errors by which training must then beat its start.
_DOUBT = 2.0


def holds_out(estimator: Any, n_rows: int) -> bool:
    """Return whether ``fit`` holds out some of its rows; by itself only where it chooses the length of training."""
    if estimator.early_stopping == _AUTO:
        return estimator.n_iter is None and n_rows >= _ENOUGH and estimator._overfits()
    return bool(estimator.early_stopping)


def stopper(estimator: Any, n_rows: int) -> Callable[[], EarlyStopping] | None:
    """Return what makes the callback that stops training early, or None."""
    waits, tol = estimator.n_iter_no_change, estimator.tol
    if estimator.early_stopping != _AUTO:
        return partial(EarlyStopping, waits, tol) if estimator.early_stopping else None
    if estimator.n_iter is not None:
        return None
    # A falling learning rate brings late gains, so passes without one say little.
    passes = estimator._plan(None).for_rows(n_rows).n_iter or 1
    return partial(EarlyStopping, max(waits, passes // 4), tol, doubt=_DOUBT)


def plan_of(estimator: Any, n_iter: int | None) -> Plan:
    """Return the number of epochs, the batch size and the other settings of the loop."""
    return Plan(
        budget=estimator.budget,
        n_iter=n_iter,
        batch_size=estimator.batch_size,
        shuffle=estimator.shuffle,
        clip_norm=estimator.clip_norm,
        averaging=estimator.averaging,
        max_norm=estimator.max_norm,
        precision=estimator._products,
    )
