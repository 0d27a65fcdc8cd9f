r"""The regressor: the layers of any trained stack, and a linear head.

.. math:: E[y \mid x] = \bar y + s \odot (V h(x) + b)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import RegressorMixin
from torch import Tensor

from tildex.data import Rows as Reader
from tildex.data import rows
from tildex.estimators.base.columns import hold_out
from tildex.estimators.base.settings import settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.whole import whole
from tildex.estimators.stacked.network import Stacked
from tildex.generator import Generator
from tildex.train import Rows
from tildex.units import Gaussian, Units

__all__ = ["StackedRegressor"]


@settings
class StackedRegressor(RegressorMixin, Stacked):
    """A regressor that starts from an unsupervised model and fine-tunes all layers on real targets.

    The loss is half the squared error of the standardised targets, summed over targets. The layers are those of
    :class:`StackedClassifier`, under a linear head; ``transform`` returns the last hidden layer.

    Parameters
    ----------
    start, hidden_layer_sizes, activation, corruption, noise, penalty, max_norm, start_rate, head_first
        As in :class:`StackedClassifier`.
    optimizer, n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, \
clip_norm, precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`.

    Attributes
    ----------
    target_mean_, target_scale_ : array of shape (n_targets,)
        Mean and standard deviation (1 if that is 0) of each training target; the network predicts standardised targets.
    module_ : Network
        The trained torch module.
    history_ : list of dict
        One record per epoch.

    Example
    -------
    >>> from sklearn.datasets import load_diabetes
    >>> from tildex import StackedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> StackedRegressor(n_iter=5, random_state=0).fit(X, y).predict(X[:3]).shape
    (3,)
    """

    slug = "regressor"
    row = ModelRow(210, "layers of any stack", "Gaussian targets", "any", "any", "supervised")

    @whole
    def fit(
        self, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None, checkpoint: str | Path | None = None
    ) -> Self:
        """Train on the rows of ``X`` and their targets.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : array of shape (rows,) or (rows, n_targets)
            Real numbers.
        X_val, y_val : like X and y, optional
            Held-out rows; by default, if ``early_stopping``, a share ``validation_fraction`` of ``X``.
        checkpoint : path, optional
            As in :meth:`StackedClassifier.fit`.

        Returns
        -------
        self
        """
        return self._fit(X, y, X_val, y_val, checkpoint, columns=True)

    def predict(self, X: Any) -> Any:
        """Return the expected targets, in the shape of ``y`` in ``fit``: (rows,) or (rows, n_targets)."""

        def expected(condition: Tensor) -> Tensor:
            mean, scale = (
                torch.from_numpy(values).to(condition) for values in (self.target_mean_, self.target_scale_)
            )
            targets = mean + scale * self.module_.reconstruct(condition)
            return targets[:, 0] if self._flat else targets

        return self._over(X, expected)

    def _head(self) -> tuple[Units, int]:
        return Gaussian(), len(self.target_mean_)

    def _targets(self, y: np.ndarray, *, known: bool) -> Reader:
        columns = y.reshape(len(y), -1).astype(np.float64)
        if not known:
            self._flat = y.ndim == 1
            self.target_mean_, spread = columns.mean(0), columns.std(0)
            self.target_scale_ = np.where(spread > 0, spread, 1.0)
        if columns.shape[1] != len(self.target_mean_):
            raise ValueError(f"expected {len(self.target_mean_)} targets per row, got {columns.shape[1]}")
        scaled = (columns - self.target_mean_) / self.target_scale_
        return rows(scaled, dtype=torch.float64)

    def _hold_out(self, data: Rows, y: np.ndarray, generator: Generator) -> tuple[Rows, Tensor]:
        return hold_out(data, self.validation_fraction, generator)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _fitted(self) -> dict[str, Any]:
        targets = {
            "mean": self.target_mean_.tolist(),
            "scale": self.target_scale_.tolist(),
            "flat": self._flat,
        }
        return {"targets": targets}

    def _restore(self, fitted: dict[str, Any]) -> None:
        super()._restore(fitted)
        targets = fitted["targets"]
        self.target_mean_, self.target_scale_ = np.array(targets["mean"]), np.array(targets["scale"])
        self._flat = bool(targets["flat"])
