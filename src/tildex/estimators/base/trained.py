"""Trained estimators as the ``start`` of another."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator

from tildex.estimators.base.table import is_model

__all__ = ["bare", "trained"]


def bare(estimator: Any) -> Any:
    """Return the estimator inside a ``FrozenEstimator``, and anything else unchanged."""
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


def trained(start: Any) -> Any:
    """Return the fitted estimator given as ``start``, or None.

    Raises
    ------
    ValueError
        If it is not an estimator of this library that returns codes, or is not fitted.
    """
    if start is None:
        return None
    start = bare(start)
    if not (is_model(start) and start.gives_codes):
        raise ValueError(f"start must be a fitted estimator such as an RBM or an Autoencoder, got {start!r}")
    if not hasattr(start, "module_"):
        raise ValueError(
            f"start, {type(start).__name__}, is not fitted: fit it first; where something clones it, as a grid "
            "search over starts does, wrap it in sklearn.frozen.FrozenEstimator"
        )
    return start
