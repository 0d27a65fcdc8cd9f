"""Labels as a layer of a model: rows that carry them as one-hot columns, and the verbs that they make possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from torch import Tensor

from tildex.data import JoinedRows, OneHotRows
from tildex.estimators.base.labels import digest, encode_classes, labels_from_json, labels_to_json
from tildex.estimators.base.verbs import UsingMixin
from tildex.maps import Scaling
from tildex.runs import Run
from tildex.train import Rows

__all__ = ["LabelledMixin"]


def _has_labels(estimator: Any) -> bool:
    return bool(estimator.label_layer)


class LabelledMixin(UsingMixin):
    """``fit`` with labels where ``label_layer`` asks for a layer of them, and then ``predict``.

    Attributes
    ----------
    classes_ : array
        The labels, sorted.
    """

    label_layer: bool
    classes_: np.ndarray
    scaling_: Scaling
    _digest: str
    _log_label: Callable[[Tensor], Tensor]

    def fit(self, X: Any, y: Any = None, **settings: Any) -> Self:
        """Train on the rows of ``X``, and with ``label_layer=True`` on their labels.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : array of shape (rows,)
            Labels of any type; ignored without a label layer.
        **settings
            ``X_val``, ``checkpoint``: as of every estimator.

        Returns
        -------
        self
        """
        if self.label_layer:
            self.classes_, self._places = encode_classes(_require_labels(y))
        return super().fit(X, y, **settings)  # type: ignore[misc]

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Make one pass over ``X`` in batches; the first call must show a row of every class."""
        if self.label_layer:
            known = self.classes_ if hasattr(self, "module_") else None
            self.classes_, self._places = encode_classes(_require_labels(y), known)
        return super().partial_fit(X, y)  # type: ignore[misc]

    @available_if(_has_labels)
    def predict(self, X: Any) -> Any:
        """Return the most probable label of each row, shape (rows,)."""
        return self.classes_[np.asarray(self.predict_proba(X)).argmax(1)]

    @available_if(_has_labels)
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each label, in the order of ``classes_``, shape (rows, classes)."""
        return self._over(X, lambda x: self._log_label(self.scaling_(x)).exp())

    def _with_labels(self, data: Rows) -> Rows:
        """Return rows that carry the labels of this training."""
        if not self.label_layer:
            return data
        places = self.__dict__.pop("_places")
        if len(places) != len(data):
            raise ValueError(f"expected a label for each of {len(data)} rows, got {len(places)}")
        self._digest += digest(places)
        return JoinedRows(data, OneHotRows(places, len(self.classes_)))

    def _fitted(self) -> dict[str, Any]:
        own = {"classes": labels_to_json(self.classes_)} if self.label_layer else {}
        return {**super()._fitted(), **own}  # type: ignore[misc]

    def _restore(self, fitted: dict[str, Any], run: Run, device: torch.device) -> None:
        if self.label_layer:
            self.classes_ = labels_from_json(fitted["classes"])
        super()._restore(fitted, run, device)  # type: ignore[misc]

    def _labels_of(self, label: Any, n: int) -> Tensor:
        """Return ``n`` one-hot rows of a label, or of one label each."""
        labels = np.broadcast_to(np.asarray(label), (n,))
        known = np.searchsorted(self.classes_, labels).clip(max=len(self.classes_) - 1)
        if (wrong := self.classes_[known] != labels).any():
            raise ValueError(f"label must be one of {self.classes_.tolist()}, got {labels[wrong][0]!r}")
        return OneHotRows(known, len(self.classes_)).take(slice(None)).to(self.scaling_.offset)


def _require_labels(y: Any) -> np.ndarray:
    if y is None:
        raise ValueError("label_layer=True needs the rows' labels as y, got none")
    return column_or_1d(y, warn=True)
