"""Trained estimators as the start of another: what may be given as one, and what it brings."""

from __future__ import annotations

from typing import Any

from tildex.estimators.base.saving import bare
from tildex.estimators.base.transformer import Estimator

__all__ = ["trained"]


def trained(start: Any) -> Estimator | None:
    """Return the fitted estimator that a setting ``start`` holds, or None when there is none.

    Raises
    ------
    ValueError
        If it is no estimator of this library, or not fitted.
    """
    start = bare(start)
    if start is None:
        return None
    if not isinstance(start, Estimator):
        raise ValueError(f"start must be a fitted estimator such as an RBM or an Autoencoder, got {start!r}")
    if not hasattr(start, "module_"):
        raise ValueError(
            f"start, {type(start).__name__}, is not trained: fit it first, and where something clones it, as a "
            "grid search over starts does, wrap it in sklearn.frozen.FrozenEstimator"
        )
    return start
