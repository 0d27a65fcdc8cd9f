"""The restricted Boltzmann machine of binary units, in place of scikit-learn's and faster."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.rbm import Restricted
from tildex.maps import Scaling
from tildex.optimizers import SGD, Schedule
from tildex.rules import PCD, Rule
from tildex.units import Bernoulli, Units

__all__ = ["BernoulliRBM"]


class BernoulliRBM(Restricted):
    """A restricted Boltzmann machine of binary visible and hidden units.

    Code written for ``sklearn.neural_network.BernoulliRBM`` runs unchanged. Values between 0 and 1 are taken as
    probabilities; data outside that range are rescaled to it, with a warning. ``score_samples`` is the exact log
    pseudo-likelihood, of which scikit-learn's is a random estimate.

    Parameters
    ----------
    n_components : int
        Hidden units.
    learning_rate : float
        Of stochastic gradient descent on batch means.
    batch_size : int
        Rows a step, and the number of chains.
    n_iter : int
        Passes over the data.
    verbose, random_state
        As in :class:`Autoencoder`.
    rule : Rule, optional
        ``PCD(1)`` by default, with ``batch_size`` chains; or ``CD(k)``, ``PCD(k, n_chains)``, with a penalty.
    momentum : float
        Of the descent.
    schedule : Schedule, optional
        Of the learning rate; constant by default.
    shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, precision, device, \
warm_start
        As in :class:`Autoencoder`; held-out rows are judged by pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    h_samples_ : array of shape (chains, n_components)
        The persistent chains' hidden states, of a rule that has them.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> BernoulliRBM(n_components=2, random_state=0).fit(X)
    BernoulliRBM(n_components=2, random_state=0)
    """

    slug = "bernoulli-rbm"
    # As in scikit-learn, whose users may rely on it: whole numbers become float64.
    float_types = (np.float64, np.float32)
    row = ModelRow(75, "coupling up", "the same coupling, down", penalty="sparsity target", rule="CD-k, PCD")

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        rule: Rule | None = None,
        momentum: float = 0.0,
        schedule: Schedule | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = None,
        clip_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.rule = rule
        self.momentum = momentum
        self.schedule = schedule
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.averaging = averaging
        self.clip_norm = clip_norm
        self.precision = precision
        self.device = device
        self.warm_start = warm_start

    def _likelihood(self, columns: Columns) -> Units:
        return Bernoulli()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        low, high = columns.low.min(), columns.high.max()
        if low >= 0 and high <= 1:
            return super()._scaling(columns, likelihood)
        warnings.warn(
            f"BernoulliRBM expects values from 0 to 1, got {float(low):g} to {float(high):g}: rescaled to that range",
            stacklevel=4,
        )
        width = high - low if high > low else torch.ones_like(low)
        return Scaling(low.expand_as(columns.low).clone(), width.expand_as(columns.low).clone())

    def _rule(self) -> Rule:
        rule = self._part("rule")
        return PCD(1, n_chains=self.batch_size) if rule is None else rule

    def _part(self, name: str) -> Any:
        if name == "optimizer":
            schedule = self._part("schedule")
            return SGD(self.learning_rate, self.momentum, schedule)
        return super()._part(name)

    def _pass_size(self, n_rows: int) -> int:
        # As in scikit-learn: a call of partial_fit is one step on all it was given.
        return n_rows
