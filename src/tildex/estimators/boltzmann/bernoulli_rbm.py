"""The restricted Boltzmann machine of binary units: a faster drop-in replacement for scikit-learn's."""

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

    Code written for ``sklearn.neural_network.BernoulliRBM`` runs unchanged. Values between 0 and 1 are treated as
    probabilities; data outside that range are rescaled to it, with a warning. ``transform`` returns hidden
    probabilities, ``score_samples`` the exact log pseudo-likelihood (scikit-learn's is a random estimate of it), and
    ``sample`` visible probabilities.

    Parameters
    ----------
    n_components : int
        Hidden units, 256 by default.
    learning_rate : float
        Learning rate of stochastic gradient descent on batch means, 0.1 by default.
    batch_size : int
        Rows per step, and the number of chains, 10 by default.
    n_iter : int
        Epochs: passes over the training data, 10 by default.
    verbose, random_state
        As in :class:`Autoencoder`.
    rule : Rule, optional
        ``PCD(1)`` with ``batch_size`` chains by default; or ``CD(k)``, ``PCD(k, n_chains)``, with a penalty if wanted.
    momentum : float
        Momentum of the gradient descent, 0 by default.
    schedule : Schedule, optional
        Schedule of the learning rate; constant by default.
    optimizer : Optimizer, optional
        Replaces ``learning_rate``, ``momentum`` and ``schedule``.
    shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, precision, device, \
warm_start
        As in :class:`Autoencoder`; validation on held-out rows uses the pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    h_samples_ : array of shape (chains, n_components)
        Hidden states of the persistent chains, if the rule has them.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> BernoulliRBM(n_components=2, random_state=0).fit(X)
    BernoulliRBM(n_components=2, random_state=0)
    """

    slug = "bernoulli-rbm"
    # As in scikit-learn, whose users may rely on it: integers become float64.
    float_types = (np.float64, np.float32)
    row = ModelRow(75, "coupling up", "the same coupling, down", penalty="sparsity target", rule="CD-k, PCD")

    defaults: ClassVar[dict[str, Default]] = {
        "rule": lambda rbm, module: PCD(1, n_chains=rbm.batch_size),
        "optimizer": lambda rbm, module: SGD(rbm.learning_rate, rbm.momentum, part(rbm, "schedule")),
    }

    n_components: int = field(default=256, kw_only=False)
    learning_rate: float = 0.1
    batch_size: int | str | None = 10
    n_iter: int | None = 10
    rule: Rule | None = None
    momentum: float = 0.0
    schedule: Schedule | None = None

    def _likelihood(self, columns: Columns) -> Units:
        return Bernoulli()

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        low, high = columns.low.min(), columns.high.max()
        # Neither holds of a column without a known value, which is refused later.
        if not (low < 0 or high > 1):
            return super()._scaling(columns, likelihood)
        warnings.warn(
            f"BernoulliRBM expects values from 0 to 1, got {float(low):g} to {float(high):g}: rescaled to that range",
            stacklevel=4,
        )
        width = high - low if high > low else torch.ones_like(low)
        return Scaling(low.expand_as(columns.low).clone(), width.expand_as(columns.low).clone())

    def _pass_size(self, n_rows: int) -> int:
        # As in scikit-learn: one call of partial_fit is one step on all of its rows.
        return n_rows
