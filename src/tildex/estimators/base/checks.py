"""Checks before training and sampling: data, settings, device and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_non_negative, validate_data
from torch import Tensor

from tildex import distributed
from tildex.estimators.base.frames import as_numbers, require_known
from tildex.generator import Generator
from tildex.train.callbacks import begun_from

__all__ = [
    "begin",
    "check",
    "check_columns",
    "check_count",
    "check_counts",
    "check_whole",
    "drawing",
    "resolve_device",
    "unmasked",
]


def check(estimator: Any, X: Any, *, reset: bool, finite: bool | str | None = None) -> Any:
    """Return ``X`` as a float array, memory map, CSR matrix or tensor, checked as scikit-learn checks it.

    ``finite`` is ``"allow-nan"`` where NaN means unknown, by default as the estimator declares. Of a record the rows
    are checked, and a frame of other than numbers becomes numbers by its schema; with ``reset`` the estimator keeps how
    they were read, as ``reading_``. The values under the mask of a masked array are unknown.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no rows, holds values that are not finite, has a different number of columns
        than in ``fit``, or holds negative values where counts are expected.
    """
    X = unmasked(as_numbers(estimator, X, reset=reset))
    if finite is None:
        # A sparse matrix leaves out zeros, and has no unknown values.
        finite = "allow-nan" if estimator.allows_nan and not issparse(X) else True
    if not isinstance(X, Tensor):
        if finite is True and estimator.reading_.schema is not None and isinstance(X, np.ndarray):
            require_known(X, estimator.reading_.schema)
        kinds = {"dtype": estimator.float_types, "accept_sparse": "csr", "ensure_all_finite": finite}
        if estimator.reading_.schema is None:
            X = validate_data(estimator, X, reset=reset, **kinds)
        else:
            # The columns have been bound by name, and are numbers without names by now.
            X = check_array(X, estimator=estimator, input_name="X", **kinds)
            check_columns(estimator, X, reset=reset)
        if estimator.counts:
            check_non_negative(X, type(estimator).__name__)
        return X
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"expected a tensor of shape (rows, features), got {tuple(X.shape)}")
    if not X.dtype.is_floating_point:
        X = X.float()
    if not (X.isfinite() | (X.isnan() & (finite is not True))).all():
        what = "infinity" if finite == "allow-nan" else "NaN or infinity"
        raise ValueError(f"the tensor contains {what}: fill in or drop those rows")
    if estimator.counts and bool((X < 0).any()):
        raise ValueError(
            f"Negative values in data passed to {type(estimator).__name__}, which expects counts"
        )
    check_columns(estimator, X, reset=reset)
    return X


def check_columns(estimator: Any, X: Any, *, reset: bool) -> None:
    """Keep the number of columns and, of a table, their names; or refuse another number."""
    if not reset and X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    if reset:
        estimator.n_features_in_ = X.shape[1]
        vars(estimator).pop("feature_names_in_", None)
        if (schema := estimator.reading_.schema) is not None:
            estimator.feature_names_in_ = np.array(schema.names, dtype=object)


def unmasked(X: Any) -> Any:
    """Return a masked array as an array with NaN where it is masked, and anything else unchanged.

    Example
    -------
    >>> unmasked(np.ma.masked_array([[1, -999]], mask=[[False, True]]))
    array([[ 1., nan]])
    """
    if not isinstance(X, np.ma.MaskedArray):
        return X
    return np.ma.filled(X if X.dtype.kind == "f" else X.astype(float), np.nan)


def begin(
    estimator: Any, checkpoint: str | Path | None = None, device: torch.device | None = None
) -> Generator:
    """Check an estimator's settings, and return the generator for its training.

    Parameters
    ----------
    estimator : Learner
        The estimator.
    checkpoint : path, optional
        A resumed run keeps the seed of its checkpoint; in a new run, all processes agree on one seed.
    device : torch.device, optional
        The generator's device; the estimator's ``device`` by default.

    Raises
    ------
    ValueError
        If a number of units, epochs or rows is not a positive whole number, or the device is unknown or absent.
    """
    check_counts(estimator)
    device = resolve_device(estimator.device) if device is None else device
    if checkpoint is not None and (seed := begun_from(Path(checkpoint))) is not None:
        return Generator(seed, device)
    return Generator(int(distributed.all_gather(_seed(estimator.random_state))[0]), device)


def drawing(estimator: Any, random_state: Any) -> Generator:
    """Return a generator for sampling: seeded by ``random_state``, or the estimator's own if that is None."""
    if random_state is not None:
        return Generator(_seed(random_state), estimator.device_)
    if not hasattr(estimator, "_sampling"):
        estimator._sampling = Generator(_seed(estimator.random_state), estimator.device_)
    return estimator._sampling


def check_counts(estimator: Any) -> None:
    """Refuse numbers of units, epochs and rows that are not positive whole numbers.

    None leaves ``n_iter`` open and means all rows for ``batch_size``, which "auto" leaves open.
    """
    for name in ("n_components", "n_iter", "batch_size"):
        if not hasattr(estimator, name):
            continue
        value = getattr(estimator, name)
        if value in _OPEN.get(name, ()):
            continue
        least = estimator.least_passes if name == "n_iter" else 1
        check_whole(name, value, least)


# Values of these settings that are no numbers.
_OPEN = {"n_iter": (None,), "batch_size": (None, "auto")}


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse a setting that is not a whole number or is below ``least``."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def resolve_device(device: str) -> torch.device:
    """Return the device of that name; ``auto`` is the GPU if there is one.

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
            f"device {device!r} asks for a GPU that is not here; this machine has {torch.cuda.device_count()}: "
            "use device='cpu'"
        )
    return chosen


def check_count(n: int) -> None:
    """Refuse a number of samples below one."""
    if n < 1:
        raise ValueError(f"n must be at least 1 sample, got {n}")


def _seed(random_state: Any) -> int:
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
