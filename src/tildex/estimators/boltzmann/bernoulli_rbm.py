"""The restricted Boltzmann machine of binary units, in place of scikit-learn's and faster."""

from __future__ import annotations

import warnings
from dataclasses import field
from typing import ClassVar

import numpy as np
import torch

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.settings import Default, part, settings
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.restricted import RestrictedMachine
from tildex.maps import Scaling
from tildex.optimizers import SGD, Schedule
from tildex.rules import PCD, Rule
from tildex.units import Bernoulli, Units

__all__ = ["BernoulliRBM"]


@settings
class BernoulliRBM(RestrictedMachine):
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
    optimizer : Optimizer, optional
        In place of the descent that these three describe.
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

    defaults: ClassVar[dict[str, Default]] = {
        "rule": lambda rbm, module: PCD(1, n_chains=rbm.batch_size),
        "optimizer": lambda rbm, module: SGD(rbm.learning_rate, rbm.momentum, part(rbm, "schedule")),
    }

    n_components: int = field(default=256, kw_only=False)
    learning_rate: float = 0.1
    batch_size: int | None = 10
    n_iter: int = 10
    rule: Rule | None = None
    momentum: float = 0.0
    schedule: Schedule | None = None

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

    def _pass_size(self, n_rows: int) -> int:
        # As in scikit-learn: a call of partial_fit is one step on all it was given.
        return n_rows
