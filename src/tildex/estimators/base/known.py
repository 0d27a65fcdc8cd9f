"""What is known of rows that are to be drawn: values, and which of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["known_values"]


def known_values(estimator: Any, n: int, given: Any, mask: Any) -> tuple[Tensor, Tensor] | None:
    """Return known values in a fitted estimator's units and where they are known, each (n, features), or None.

    Parameters
    ----------
    estimator : Estimator
        Whose rows they are.
    n : int
        Rows.
    given : array of shape (features,) or (n, features), or None
        Values; NaN means unknown.
    mask : boolean array like ``given``, or None
        Which are known, instead of NaN.

    Raises
    ------
    ValueError
        If ``mask`` comes alone, or a known value is not finite.
    """
    if given is None:
        if mask is not None:
            raise ValueError("mask says which values of given are known, and given is missing")
        return None
    values = np.broadcast_to(np.asarray(given, dtype=float), (n, estimator.n_features_in_))
    known = ~np.isnan(values) if mask is None else np.broadcast_to(np.asarray(mask, dtype=bool), values.shape)
    if not np.isfinite(values[known]).all():
        raise ValueError("given has values that are known and not finite: mark them unknown, or fill them in")
    scaling = estimator.scaling_
    scaled = scaling(torch.from_numpy(np.where(known, values, 0.0)).to(scaling.offset))
    return scaled, torch.from_numpy(known.copy()).to(estimator.device_)
