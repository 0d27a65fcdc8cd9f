"""What transformers without learned state share: scikit-learn's contract for stateless ones, chunk by chunk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from tildex.estimators.base.checks import check_whole

__all__ = ["FixedFeatures"]

_FLOATS = (np.float64, np.float32)
_ROWS = 256


class FixedFeatures(TransformerMixin, BaseEstimator, ABC):
    """A transformer without learned state: ``fit`` only checks its input, and ``transform`` works without it.

    Attributes
    ----------
    learned : bool
        Whether fitting learns anything that a run folder must store.
    n_features_in_ : int
        Number of columns in ``fit``.
    """

    learned: ClassVar[bool] = False
    n_features_in_: int

    @abstractmethod
    def _least(self) -> Mapping[str, int]:
        """Return the integer settings, each with its smallest value."""

    @abstractmethod
    def _features(self, X: np.ndarray) -> np.ndarray:
        """Return the features of a chunk of rows."""

    @abstractmethod
    def _names(self, n_features: int) -> list[str]:
        """Return the name of each feature, given the number of columns."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check settings and rows.

        Parameters
        ----------
        X : array of shape (rows, features)
            The data.
        y : None
            Ignored; present for pipelines.
        """
        self._check()
        X = validate_data(self, X, dtype=_FLOATS)
        self._check_columns(X.shape[1])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of each row, shape (rows, features out), in the dtype of ``X``."""
        self._check()
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        parts = [self._features(X[start : start + _ROWS]) for start in range(0, len(X), _ROWS)]
        return np.concatenate(parts).astype(X.dtype, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of each feature; ``input_features`` is ignored."""
        check_is_fitted(self, "n_features_in_")
        return np.array(self._names(self.n_features_in_), dtype=object)

    def _check(self) -> None:
        for name, least in self._least().items():
            check_whole(name, getattr(self, name), least)

    def _check_columns(self, n_features: int) -> None:
        """Refuse rows whose length does not fit the settings."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
