"""What a fitted estimator does: codes, reconstructions and scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check
from tildex.estimators.base.columns import apply
from tildex.maps import Scaling
from tildex.units import Units

__all__ = ["UsingMixin"]


class UsingMixin:
    """The public verbs of a fitted estimator, from three functions of scaled rows."""

    n_components: int
    scaling_: Scaling
    likelihood_: Units
    _encode: Callable[[Tensor], Tensor]
    _decode: Callable[[Tensor], Tensor]
    _log_score: Callable[[Tensor], Tensor]

    def transform(self, X: Any) -> Any:
        """Return the mean codes, shape (rows, n_components)."""
        return self._over(X, lambda x: self._encode(self.scaling_(x)))

    def inverse_transform(self, X: Any) -> Any:
        """Return the mean rows that codes ``X`` stand for, in the data's units, shape (rows, features)."""
        check_is_fitted(self, "module_")
        if not isinstance(X, Tensor):
            X = check_array(X, dtype=[np.float32, np.float64])
        if X.ndim != 2 or X.shape[1] != self.n_components:
            raise ValueError(f"expected codes of shape (rows, {self.n_components}), got {tuple(X.shape)}")
        return apply(lambda z: self.scaling_.inverse(self._decode(z)), X, like=self.scaling_.offset)

    def reconstruct(self, X: Any) -> Any:
        """Return the mean row given the mean code of each row, in the data's units, shape (rows, features)."""
        return self._over(X, lambda x: self.scaling_.inverse(self._decode(self._encode(self.scaling_(x)))))

    def score_samples(self, X: Any) -> Any:
        """Return a log-probability-like score a row, in nats of the data's own units: higher is better.

        What it is depends on the model and is said in its docstring; it is deterministic, and a row's value does
        not depend on the other rows.
        """

        def score(x: Tensor) -> Tensor:
            x = self.scaling_(x)
            if (message := self.likelihood_.outside(x)) is not None:
                raise ValueError(f"{self.likelihood_!r} units expect {message}: rescale the data as for fit")
            return self._log_score(x) + self.scaling_.log_volume()

        return self._over(X, score)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of :meth:`score_samples`."""
        return float(self.score_samples(X).mean())

    def _over(self, X: Any, function: Callable[[Tensor], Tensor]) -> Any:
        check_is_fitted(self, "module_")
        return apply(function, self._checked(X, reset=False), like=self.scaling_.offset)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return data as :func:`check` does, which also remembers their columns with ``reset``."""
        return check(self, X, reset=reset)
