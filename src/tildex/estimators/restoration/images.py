"""Input of a restorer: images of shape (n, height, width, channels) or rows, any size, NaN for missing pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.estimators.base.checks import check

__all__ = ["as_rows", "fill_in", "restored"]


def as_rows(X: Any, expected: Sequence[int] | None) -> tuple[Any, tuple[int, int, int] | None]:
    """Return images, shape (n, height, width, channels), as rows, with their shape; other input unchanged, with None.

    Raises
    ------
    ValueError
        If the images do not have the ``expected`` shape, where one is given.
    """
    if getattr(X, "ndim", 2) != 4:
        return X, None
    shape = tuple(X.shape[1:])
    if expected is not None and (*expected, 1)[:3] != shape:
        raise ValueError(
            f"images are of shape {shape} and expected was {tuple(expected)}: resize them, or set image_shape"
        )
    return X.reshape(len(X), -1), shape


def fill_in(restorer: Any, X: Any) -> Any:
    """Return checked rows of the training size; NaN is allowed only if the restorer fills in missing pixels."""
    if not restorer.module_.frame.marks or not isinstance(X, np.ndarray | Tensor):
        return check(restorer, X, reset=False)
    lost = torch.isnan(X) if isinstance(X, Tensor) else np.isnan(X)
    X = check(restorer, X.nan_to_num() if isinstance(X, Tensor) else np.nan_to_num(X), reset=False)
    X[lost] = float("nan")
    return X


def restored(restorer: Any, X: Any) -> Any:
    """Return restored images of any size, one at a time: an array for an array, a tensor for a tensor."""
    channels, marks, like = restorer.image_shape_[2], restorer.module_.frame.marks, restorer.scaling_.offset
    if X.shape[3] != channels:
        raise ValueError(f"expected images of {channels} channels as in training, got {X.shape[3]}")
    images = torch.as_tensor(X)
    finite = images.isfinite() | images.isnan() if marks else images.isfinite()
    if not bool(finite.all()):
        cure = (
            ""
            if marks
            else ", since only a model trained with Missing() or Occlusion() fills in missing ones"
        )
        raise ValueError(f"the images contain NaN or infinity: expected finite pixels{cure}")
    images = images if images.dtype.is_floating_point else images.float()
    found = []
    with torch.no_grad():
        for image in images.split(1):
            x = image.to(like)
            lost = x.isnan() if marks else None
            found.append(restorer.module_.restore(x.nan_to_num(), lost, views=restorer.views).to(images))
    whole = torch.cat(found)
    return whole if isinstance(X, Tensor) else whole.numpy()
