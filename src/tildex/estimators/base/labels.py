"""Labels and targets: checks, one-hot encoding, stratified held-out rows, JSON."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, validate_data
from torch import Tensor

from tildex.data import OneHotRows
from tildex.estimators.base.checks import check, check_columns, unmasked
from tildex.estimators.base.columns import Transformed
from tildex.estimators.base.frames import as_numbers
from tildex.generator import Generator
from tildex.train import Rows

__all__ = [
    "check_both",
    "digest",
    "encode_classes",
    "hold_out_by_class",
    "labels_from_json",
    "labels_to_json",
    "one_hot_labels",
    "require_labels",
]


def check_both(
    estimator: Any, X: Any, y: Any, *, reset: bool, columns: bool = False
) -> tuple[Any, np.ndarray]:
    """Return ``X`` and ``y``, checked as scikit-learn checks them; ``columns`` allows several real targets per row.

    Raises
    ------
    ValueError
        If either is invalid, or they have different numbers of rows.
    """
    X = unmasked(X)
    y = y.detach().cpu().numpy() if isinstance(y, Tensor) else y
    X = as_numbers(estimator, X, reset=reset)
    table = estimator.reading_.schema is not None and not isinstance(X, Tensor)
    if (isinstance(X, Tensor) or table) and y is not None:
        if table:
            X = check_array(X, dtype=estimator.float_types, accept_sparse="csr", estimator=estimator)
            check_columns(estimator, X, reset=reset)
        else:
            X = check(estimator, X, reset=reset)
        y = check_array(y, ensure_2d=False, dtype="numeric") if columns else column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        return X, y
    return validate_data(
        estimator,
        X,
        y,
        reset=reset,
        dtype=estimator.float_types,
        accept_sparse="csr",
        multi_output=columns,
        y_numeric=columns,
    )


def encode_classes(y: np.ndarray, classes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes, sorted unless given, and the index of each row's class.

    Raises
    ------
    ValueError
        If ``y`` holds no labels, labels of one class only, or a label that is not in ``classes``.
    """
    check_classification_targets(y)
    y = column_or_1d(y, warn=True)
    found, places = np.unique(y, return_inverse=True)
    if classes is None:
        if len(found) < 2:
            raise ValueError(
                f"expected labels of at least 2 classes, got {len(found)} class: {found.tolist()[0]!r}"
            )
        return found, places
    unknown = np.setdiff1d(found, classes)
    if len(unknown):
        raise ValueError(f"expected labels among {classes.tolist()}, got {unknown.tolist()}")
    return classes, np.searchsorted(classes, found)[places]


def hold_out_by_class(
    data: Rows, places: np.ndarray, fraction: float, generator: Generator
) -> tuple[Rows, Tensor]:
    """Return the training rows, in their order, and a held-out share that is the same for every class.

    Raises
    ------
    ValueError
        If no row would be held out, or a class would have no training row.
    """
    order = generator.permutation(len(places))
    held: list[np.ndarray] = []
    counts = np.bincount(places)
    # Largest remainders: the held-out rows of all classes add up to the share of the whole.
    quotas = fraction * counts
    sizes = np.floor(quotas).astype(int)
    missing = round(fraction * len(places)) - sizes.sum()
    sizes[np.argsort(sizes - quotas, kind="stable")[: max(0, missing)]] += 1
    for label, size in enumerate(sizes):
        held.append(order[places[order] == label][:size])
    chosen = np.concatenate(held)
    if not len(chosen) or (sizes >= np.maximum(counts, 1)).any():
        raise ValueError(
            f"validation_fraction={fraction} of {len(places)} rows in {len(counts)} classes holds out "
            f"{sizes.tolist()} of {counts.tolist()}: give more rows, or early_stopping=False"
        )
    kept = np.setdiff1d(np.arange(len(places)), chosen)
    return Transformed(data, lambda x: x, kept), data.take(chosen)


def digest(values: np.ndarray) -> str:
    """Return a checksum of labels or targets."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def labels_to_json(classes: np.ndarray) -> dict[str, Any]:
    """Return labels and their dtype as JSON.

    Raises
    ------
    ValueError
        If they are neither strings nor numbers.
    """
    values = classes.tolist()
    if not all(isinstance(value, bool | int | float | str) for value in values):
        raise ValueError(f"only labels that are words or numbers can be saved, got {values}")
    return {"type": "object" if classes.dtype.kind == "O" else classes.dtype.str, "values": values}


def labels_from_json(record: dict[str, Any]) -> np.ndarray:
    """Undo :func:`labels_to_json`."""
    return np.array(
        record["values"], dtype=object if record["type"] == "object" else np.dtype(record["type"])
    )


def require_labels(y: Any) -> np.ndarray:
    """Return the labels for a label layer, or raise an error if there are none."""
    if y is None:
        raise ValueError("label_layer=True needs the rows' labels as y, got none")
    return column_or_1d(y, warn=True)


def one_hot_labels(label: Any, n: int, classes: np.ndarray) -> Tensor:
    """Return ``n`` one-hot rows, of one label for all or one label per row."""
    labels = np.broadcast_to(np.asarray(label), (n,))
    known = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    if (wrong := classes[known] != labels).any():
        raise ValueError(f"label must be one of {classes.tolist()}, got {labels[wrong][0]!r}")
    return OneHotRows(known, len(classes)).take(slice(None))
