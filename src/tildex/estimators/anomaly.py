r"""Anomaly detection: rows far from the training rows in code space, or with a low score under a model.

.. math:: s(x) = -\frac{1}{k} \sum_{i \in N_k(x)} \|h(x) - h(x_i)\|
"""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.data import Record
from tildex.estimators.autoencoders.denoising import DenoisingAutoencoder
from tildex.estimators.base.checks import check
from tildex.estimators.base.whole import whole
from tildex.evaluate.distances import nearest_rows
from tildex.generator import Generator

__all__ = ["AnomalyDetector"]

_JUDGED = 5000
_SAME = 1e-4


class AnomalyDetector(OutlierMixin, BaseEstimator):
    """A detector of rows that are unlike the training rows, with any model of this library.

    ``score_samples`` returns minus the mean distance from a row's code to the nearest codes of training rows, or the
    model's own ``score_samples``, minus infinity for rows with values that its units cannot have. The distance works
    better in most cases: a model that reconstructs well often also reconstructs rows unlike any it has seen, above all
    simple ones, such as the digit one. ``predict`` returns -1 for anomalies and +1 for other rows.

    Parameters
    ----------
    estimator : estimator, optional
        A model, or a pipeline that ends in one, such as :class:`SoundFeatures` and a model for sounds. It needs
        ``transform`` or, with ``n_neighbors=None``, ``score_samples``. ``fit`` trains a copy; a model in scikit-learn's
        ``FrozenEstimator`` is used as it is. A :class:`DenoisingAutoencoder` of 64 units by default.
    n_neighbors : int or None
        Number of nearest training rows for the distance, 5 by default. None uses the model's ``score_samples``.
    contamination : float
        Share of training rows to call anomalies, above 0 and at most 0.5; it sets only the threshold. With more than
        5,000 training rows, a random 5,000 set it.
    random_state : int, RandomState or None
        Replaces the seed of the estimator, if it has one; None keeps that seed.

    Attributes
    ----------
    estimator_ : estimator
        The trained model.
    codes_ : array of shape (rows, components)
        Codes of the training rows, unless ``n_neighbors`` is None.
    offset_ : float
        The score below which a row is an anomaly.
    n_features_in_ : int
        Number of columns of the training rows.

    Example
    -------
    >>> from tildex import AnomalyDetector, Autoencoder, read
    >>> digits = read("digits")
    >>> detector = AnomalyDetector(Autoencoder(8, n_iter=20), random_state=0).fit(digits.X[digits.y != 0])
    >>> zeros, others = digits.y == 0, digits.y != 0
    >>> bool(detector.score_samples(digits.X[zeros]).mean() < detector.score_samples(digits.X[others]).mean())
    True
    """

    float_types: ClassVar[tuple[type, ...]] = (np.float32, np.float64)
    counts: ClassVar[bool] = False

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_neighbors: int | None = 5,
        contamination: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_neighbors = n_neighbors
        self.contamination = contamination
        self.random_state = random_state

    @whole
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train a copy of the model on the rows of ``X``, and set the threshold.

        Parameters
        ----------
        X : array, sparse matrix or tensor of shape (rows, features)
            Mostly normal rows.
        y : None
            Ignored; present for pipelines.
        """
        X = check(self, X, reset=True)
        self._check_settings()
        model = DenoisingAutoencoder(64) if self.estimator is None else clone(self.estimator)
        self._require(model)
        if self.random_state is not None and "random_state" in model.get_params(deep=False):
            model.set_params(random_state=self.random_state)
        self.estimator_ = model.fit(self._as_read(X), None)
        if self.n_neighbors is not None:
            self.codes_ = _array(model.transform(X))
            self._same = 0.0
        rows = X
        if X.shape[0] > _JUDGED:
            rows = X[np.sort(Generator(0).permutation(X.shape[0])[:_JUDGED])]
        if self.n_neighbors is not None:
            self._same = _SAME * float(np.median(self._distances(rows, 1)[:, -1]))
        self.offset_ = float(np.quantile(self._scores(rows), self.contamination))
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return one score per row, shape (rows,); lower is more unusual."""
        check_is_fitted(self, "offset_")
        return self._scores(check(self, X, reset=False))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores minus the threshold, shape (rows,); negative for anomalies."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Return -1 for anomalies and +1 for all other rows, shape (rows,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.allows_nan
        return tags

    @property
    def allows_nan(self) -> bool:
        """Whether rows may have unknown values, NaN: as the model's may."""
        model = DenoisingAutoencoder() if self.estimator is None else self.estimator
        return hasattr(model, "__sklearn_tags__") and bool(get_tags(model).input_tags.allow_nan)

    def _as_read(self, X: Any) -> Any:
        """Return rows of a table with what their columns are, which the model learns too."""
        reading = self.reading_
        return X if reading.schema is None else Record(X, feature_names=reading.schema.names, reading=reading)

    def _scores(self, X: Any) -> np.ndarray:
        if self.n_neighbors is None:
            return self._own_scores(X)
        distances = self._distances(X, self.n_neighbors).mean(1)
        # Values so far out that the code overflows.
        return -np.where(np.isnan(distances), np.inf, distances)

    def _own_scores(self, X: Any) -> np.ndarray:
        """Return the model's scores; rows outside the range of its units are impossible: minus infinity."""
        if not hasattr(self.estimator_, "in_range"):
            return _array(self.estimator_.score_samples(X)).astype(float)
        possible = _array(self.estimator_.in_range(X)).all(1)
        scores = np.full(X.shape[0], -np.inf)
        if possible.any():
            scores[possible] = _array(self.estimator_.score_samples(X[possible]))
        return scores

    def _distances(self, X: Any, k: int) -> np.ndarray:
        """Return distances to the ``k`` nearest training rows, not counting the row itself if it was one of them."""
        codes = _array(self.estimator_.transform(X))
        _, found = nearest_rows(codes, self.codes_, min(k + 1, len(self.codes_)))
        found = found.astype(float)
        if found.shape[1] == 1:
            return found
        itself = found[:, :1] <= self._same
        return np.where(itself, found[:, 1:], found[:, :-1])

    def _check_settings(self) -> None:
        if not isinstance(self.contamination, Real) or not 0 < self.contamination <= 0.5:
            raise ValueError(f"contamination must be above 0 and at most 0.5, got {self.contamination!r}")
        k = self.n_neighbors
        if k is not None and (not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1):
            raise ValueError(f"n_neighbors must be a whole number of at least 1, or None, got {k!r}")

    def _require(self, model: Any) -> None:
        method = "score_samples" if self.n_neighbors is None else "transform"
        if not hasattr(model, method):
            other = "a number of neighbours" if self.n_neighbors is None else "n_neighbors=None"
            raise ValueError(f"{type(model).__name__} has no {method}: give another estimator, or {other}")


def _array(values: Any) -> np.ndarray:
    return values.cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
