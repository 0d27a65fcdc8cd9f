"""What transformers that learn nothing share: the contract of scikit-learn's stateless ones, portion by portion."""

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
    """A transformer without learned state: ``fit`` only checks, and ``transform`` works without it.

    Attributes
    ----------
    learned : bool
        Whether fitting learns anything that a run folder must keep.
    n_features_in_ : int
        Columns that ``fit`` saw.
    """

    learned: ClassVar[bool] = False
    n_features_in_: int

    @abstractmethod
    def _least(self) -> Mapping[str, int]:
        """Return the settings that are whole numbers, and the smallest that each may be."""

    @abstractmethod
    def _features(self, X: np.ndarray) -> np.ndarray:
        """Return the features of some rows."""

    @abstractmethod
    def _names(self, n_features: int) -> list[str]:
        """Return what each feature is, given the number of columns."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check settings and rows.

        Parameters
        ----------
        X : array of shape (rows, features)
            The data.
        y : None
            Ignored; there for pipelines.
        """
        self._check()
        X = validate_data(self, X, dtype=_FLOATS)
        self._check_columns(X.shape[1])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of each row, shape (rows, features out), in the type of ``X``."""
        self._check()
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        parts = [self._features(X[start : start + _ROWS]) for start in range(0, len(X), _ROWS)]
        return np.concatenate(parts).astype(X.dtype, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return what each feature is; ``input_features`` are ignored."""
        check_is_fitted(self, "n_features_in_")
        return np.array(self._names(self.n_features_in_), dtype=object)

    def _check(self) -> None:
        for name, least in self._least().items():
            check_whole(name, getattr(self, name), least)

    def _check_columns(self, n_features: int) -> None:
        """Refuse rows of a length that the settings do not fit."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
