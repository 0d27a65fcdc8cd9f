r"""The classifier: a network from any trained stack, and a softmax head.

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
from tildex.estimators.stacked.network import Stacked
from tildex.generator import Generator
from tildex.train import Rows
from tildex.units import Categorical, Units

__all__ = ["StackedClassifier"]


@settings
class StackedClassifier(ClassifierMixin, Stacked):
    """A classifier that starts from what an unsupervised model has learned, and trains all of it on labels
    (Hinton & Salakhutdinov, 2006, "Reducing the dimensionality of data with neural networks"; Salakhutdinov & Hinton,
    2009, "Deep Boltzmann machines").

    The layers of the start come up to its code; each hidden value is a mean. A deep Boltzmann machine also feeds every
    hidden layer but the last with what its mean field says of the layer above, inferred once and with weights of its
    own. The loss is the cross-entropy in nats. ``transform`` gives the last hidden layer.

    Parameters
    ----------
    start : fitted estimator, optional
        Where to start: an RBM, a deep belief network, a deep Boltzmann machine, any autoencoder. It is copied and never
        changed, and clones of the classifier keep it. Without one, weights are random.
    hidden_layer_sizes : sequence of int, or int, optional
        Units of further hidden layers, above the start's; by default none, or 256 where there is no start.
    activation : str
        Of those.
    corruption, noise : Corruption, optional
        What happens to the rows and to the hidden layers in training, such as ``Dropout(0.2)`` and ``Dropout(0.5)``.
    smoothing : float
        The share of a label that is spread over all classes.
    penalty : Penalty, optional
        What training adds to the loss.
    max_norm : float, optional
        The largest norm of the weights by which a unit receives.
    start_rate : float or sequence of float
        What the start's layers, or each of them from below, learn by: a factor on the learning rate. At 0 they stay,
        and the classifier is a softmax regression on the code.
    head_first : float
        The share of training in which the start's layers wait for the head.
    optimizer : Optimizer, optional
        ``Adam(3e-3)`` by default, with a rate that rises, then falls as a cosine.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; the same share of every class is held out.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The labels, in order.
    module_ : Network
        The trained torch module.
    history_ : list of dict
        A record an epoch.

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

    def fit(
        self, X: Any, y: Any, *, X_val: Any = None, y_val: Any = None, checkpoint: str | Path | None = None
    ) -> Self:
        """Train on the rows of ``X`` and their labels.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : array of shape (rows,)
            Labels of any type, at least two of them different.
        X_val, y_val : like X and y, optional
            Held-out rows; with ``early_stopping`` and none given, a share ``validation_fraction`` of each class.
        checkpoint : path, optional
            A file for the state of training, renewed after every epoch. If it exists, training goes on from it and
            ends as if it had never stopped, bit for bit.

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
        """Return the logarithms of the probabilities, shape (rows, n_classes)."""
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
