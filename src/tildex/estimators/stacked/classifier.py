r"""The classifier: the layers of any trained stack, and a softmax head.

.. math:: P(y = c \mid x) \propto e^{V_c \cdot h(x) + b_c}
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from torch import Tensor

from tildex.data import OneHotRows
from tildex.estimators.base.labels import encode_classes, hold_out_by_class, labels_from_json, labels_to_json
from tildex.estimators.base.settings import settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.whole import whole
from tildex.estimators.stacked.network import Stacked
from tildex.generator import Generator
from tildex.train import Rows
from tildex.units import Categorical, Units

__all__ = ["StackedClassifier"]


@settings
class StackedClassifier(ClassifierMixin, Stacked):
    """A classifier that starts from an unsupervised model and fine-tunes all layers on labels (Hinton &
    Salakhutdinov, 2006, "Reducing the dimensionality of data with neural networks"; Salakhutdinov & Hinton, 2009, "Deep
    Boltzmann machines").

    The network has the start's layers up to its code, any further hidden layers and a softmax head; hidden layers hold
    means. With a deep Boltzmann machine, each hidden layer but the last also receives the mean-field activation of the
    layer above, inferred once, through weights of its own. The loss is the cross-entropy in nats. ``transform`` returns
    the last hidden layer.

    Parameters
    ----------
    start : fitted estimator, optional
        An RBM, a deep belief network, a deep Boltzmann machine or any autoencoder. It is copied and never changed, and
        clones of the classifier keep it. Without a start, weights are random.
    hidden_layer_sizes : sequence of int, or int, optional
        Units of further hidden layers above the start's; by default none, or one of 256 units without a start.
    activation : str
        Activation of these further layers, relu by default.
    corruption, noise : Corruption, optional
        Training noise on the rows and on the hidden layers, such as ``Dropout(0.2)`` and ``Dropout(0.5)``.
    smoothing : float
        Label smoothing: the share of each label spread over all classes, 0 by default.
    penalty : Penalty, optional
        Term added to the training loss.
    max_norm : float, optional
        Largest norm of a unit's incoming weights.
    start_rate : float or sequence of float
        Factor on the learning rate of the start's layers, 0.3 by default, or one factor per layer, bottom up. At 0
        these layers stay fixed, and the classifier is a softmax regression on the code.
    head_first : float
        Share of training in which only the layers above the start learn, 0 by default.
    optimizer : Optimizer, optional
        ``Adam(3e-3)`` by default, with a warm-up and a cosine decay.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; the held-out rows are stratified by class.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels, sorted.
    module_ : Network
        The trained torch module.
    history_ : list of dict
        One record per epoch.

    Example
    -------
    >>> from sklearn.datasets import load_iris
    >>> from tildex import DenoisingAutoencoder, StackedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> code = DenoisingAutoencoder(8, random_state=0).fit(X)
    >>> StackedClassifier(code, random_state=0).fit(X, y).predict_proba(X[:2]).shape
    (2, 3)
    """

    slug = "classifier"
    row = ModelRow(200, "layers of any stack", "softmax of labels", "any", "any", "supervised")

    smoothing: float = 0.0

    classes_: np.ndarray = field(init=False)

    @whole
    def fit(
        self, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None, checkpoint: str | Path | None = None
    ) -> Self:
        """Train on the rows of ``X`` and their labels.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : array of shape (rows,)
            Labels of any type, of at least two classes.
        X_val, y_val : like X and y, optional
            Held-out rows; by default, if ``early_stopping``, a share ``validation_fraction`` of each class.
        checkpoint : path, optional
            A file for the state of training, rewritten after every epoch. If it exists, training resumes from it and
            gives the same result, bit for bit, as a run without interruption.

        Returns
        -------
        self
        """
        return self._fit(X, y, X_val, y_val, checkpoint, columns=False)

    def predict(self, X: Any) -> Any:
        """Return the most probable label of each row, an array of shape (rows,)."""
        log_probability = self.predict_log_proba(X)
        return self.classes_[np.asarray(log_probability.argmax(1).tolist(), dtype=int)]

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes, shape (rows, n_classes)."""
        return self._over(X, lambda condition: self._logits(condition).softmax(-1))

    def predict_log_proba(self, X: Any) -> Any:
        """Return the log-probabilities of the classes, shape (rows, n_classes)."""
        return self._over(X, lambda condition: self._logits(condition).log_softmax(-1))

    def _logits(self, condition: Tensor) -> Tensor:
        return self.module_.decoder.inputs(self.module_.encoder.mean(condition))

    def _head(self) -> tuple[Units, int]:
        return Categorical(len(self.classes_)), len(self.classes_)

    def _targets(self, y: np.ndarray, *, known: bool) -> OneHotRows:
        self.classes_, places = encode_classes(y, self.classes_ if known else None)
        return OneHotRows(places, len(self.classes_))

    def _hold_out(self, data: Rows, y: np.ndarray, generator: Generator) -> tuple[Rows, Tensor]:
        return hold_out_by_class(data, encode_classes(y)[1], self.validation_fraction, generator)

    def _fitted(self) -> dict[str, Any]:
        return {"classes": labels_to_json(self.classes_)}

    def _restore(self, fitted: dict[str, Any]) -> None:
        super()._restore(fitted)
        self.classes_ = labels_from_json(fitted["classes"])
