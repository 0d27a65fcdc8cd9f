"""Where users' data comes in and results go out: validation, column statistics, chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_non_negative, validate_data
from torch import Tensor

__all__ = [
    "check",
    "check_count",
    "check_counts",
    "check_settings",
    "check_whole",
    "layer_sizes",
    "resolve_device",
    "resolve_precision",
]


def check(estimator: Any, X: Any, *, reset: bool, finite: bool | str = True) -> Any:
    """Return ``X`` as a float array, memory map, CSR matrix or tensor, checked as scikit-learn checks it.

    ``finite`` is ``"allow-nan"`` where NaN stands for what is not known.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no rows, values that are not finite, or other columns than were fitted; or
        negative ones where counts are wanted.
    """
    if not isinstance(X, Tensor):
        kinds = {"dtype": estimator.float_types, "accept_sparse": "csr", "ensure_all_finite": finite}
        X = validate_data(estimator, X, reset=reset, **kinds)
        if estimator.counts:
            check_non_negative(X, type(estimator).__name__)
        return X
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"expected a tensor of shape (rows, features), got {tuple(X.shape)}")
    if not X.dtype.is_floating_point:
        X = X.float()
    if not (X.isfinite() | (X.isnan() & (finite is not True))).all():
        raise ValueError("the tensor contains NaN or infinity: fill in or drop those rows")
    if estimator.counts and float(X.min()) < 0:
        raise ValueError(
            f"Negative values in data passed to {type(estimator).__name__}, which expects counts"
        )
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    return X


def check_settings(estimator: Any) -> torch.device:
    """Return the device of a training, after a look at the numbers of units, passes and rows; None means all rows.

    Raises
    ------
    ValueError
        If one of them is not whole and positive, or the device is unknown or absent.
    """
    check_counts(estimator)
    return resolve_device(estimator.device)


def check_counts(estimator: Any) -> None:
    """Refuse numbers of units, passes and rows that are not whole and positive; no batch size means all rows."""
    for name in ("n_components", "n_iter", "batch_size"):
        if not hasattr(estimator, name):
            continue
        value = getattr(estimator, name)
        if name == "batch_size" and value is None:
            continue
        least = estimator.least_passes if name == "n_iter" else 1
        check_whole(name, value, least)


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse a setting that is not a whole number, or is below the least that makes sense."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def layer_sizes(value: Any) -> list[int]:
    """Return the sizes of hidden layers from a sequence of them, or from the size of one."""
    sizes = [value] if isinstance(value, int | np.integer) else value
    if isinstance(sizes, str) or not all(isinstance(size, int | np.integer) and size >= 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers of at least 1, got {value!r}")
    return [int(size) for size in sizes]


def resolve_device(device: str) -> torch.device:
    """Return the device of that name; ``auto`` is a GPU where there is one.

    Raises
    ------
    ValueError
        If the device is unknown or absent.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"expected a device such as 'auto', 'cpu' or 'cuda:0', got {device!r}") from error
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {device!r} asks for a GPU that is not here, where there are {torch.cuda.device_count()}: "
            "use device='cpu'"
        )
    return chosen


PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


def resolve_precision(precision: str, X: Any) -> tuple[torch.dtype, torch.dtype]:
    """Return the types of the weights and of the matrix products; ``auto`` follows the data.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if precision == "auto":
        precision = "float64" if str(X.dtype).endswith("float64") else "float32"
    if precision not in PRECISIONS:
        raise ValueError(f"expected precision 'auto' or one of {sorted(PRECISIONS)}, got {precision!r}")
    products = PRECISIONS[precision]
    return (torch.float32 if products is torch.bfloat16 else products), products


def check_count(n: int) -> None:
    """Refuse a number of samples below one."""
    if n < 1:
        raise ValueError(f"n must be at least 1 sample, got {n}")
