"""The restricted Boltzmann machine with any unit families."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from tildex.estimators.base.settings import Default, part, settings, where_unbounded
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.restricted import RestrictedMachine
from tildex.optimizers import SGD, Linear
from tildex.rules import PCD, Rule
from tildex.train import Budget
from tildex.units import Bernoulli, Units

__all__ = ["RBM"]


@settings
class RBM(RestrictedMachine):
    """A restricted Boltzmann machine with any unit families, trained with persistent chains, the centred gradient, a
    decaying learning rate and averaged weights.

    ``transform`` returns the means of the hidden units, ``sample`` the visible means of Gibbs chains.
    ``score_samples`` is the exact log pseudo-likelihood if the data's units are Gaussian or have finitely many values;
    otherwise minus the free energy, which is the log-likelihood up to one constant.

    Parameters
    ----------
    n_components : int
        Hidden units, 256 by default.
    likelihood : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1]; otherwise ``Gaussian()``,
        after standardising each column.
    hidden : Units, optional
        Unit family of the code; ``Bernoulli()`` by default.
    rule : Rule, optional
        ``PCD(1, centring=0.01)`` by default, with one chain per row of a batch.
    optimizer : Optimizer, optional
        By default ``SGD(0.2)`` with a linear decay to zero, or ``SGD(0.01)`` if the data's units are unbounded.
    binarisation : str
        How values between 0 and 1 become binary: ``dynamic`` (a new draw in every batch), ``frozen`` (one draw before
        training), ``threshold`` (1 above one half), ``none`` (values enter as probabilities). ``auto``, the default,
        is dynamic for Bernoulli units and none for others.
    max_norm : float, optional
        Largest norm of a hidden unit's weights.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`, with batches of 50 rows and averaging 0.999 by default; validation on held-out rows
        uses the pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    binarisation_ : str
        The binarisation used, with ``auto`` resolved.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import RBM
    >>> X = np.random.default_rng(0).random((50, 8), dtype="float32")
    >>> rbm = RBM(n_components=3, n_iter=2, random_state=0).fit(X)
    >>> rbm.transform(X).shape, rbm.sample(2, n_steps=5).shape
    ((50, 3), (2, 8))
    """

    slug = "rbm"
    row = ModelRow(
        70, "coupling up", "the same coupling, down", penalty="sparsity target", rule="CD-k, PCD, tempering"
    )
    defaults: ClassVar[dict[str, Default]] = {
        "optimizer": where_unbounded(SGD(0.01, schedule=Linear()), otherwise=SGD(0.2, schedule=Linear())),
        "hidden": Bernoulli(),
        "rule": PCD(1, centring=0.01),
    }

    budget = Budget(steps=3000, passes=50, most_steps=60_000, most_rows=50)

    n_components: int = field(default=256, kw_only=False)
    likelihood: Units | None = None
    hidden: Units | None = None
    rule: Rule | None = None
    binarisation: str | None = "auto"
    averaging: float | None = 0.999
    max_norm: float | None = None

    def _hidden(self) -> Units:
        return part(self, "hidden")
