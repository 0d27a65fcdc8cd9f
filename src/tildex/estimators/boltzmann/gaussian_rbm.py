"""The restricted Boltzmann machine of real columns of any scale."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.settings import Default, part, settings, where
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.mixture_start import CORE, begin_at_mixture
from tildex.estimators.boltzmann.restricted import RestrictedMachine
from tildex.generator import Generator
from tildex.optimizers import Adam, Linear
from tildex.rules import PCD, Exact, Rule
from tildex.train import Budget, Rows
from tildex.units import CorrelatedGaussian, Units

__all__ = ["GaussianRBM"]


@settings
class GaussianRBM(RestrictedMachine):
    """A restricted Boltzmann machine of real visible and binary hidden units: a mixture with one Gaussian component
    per hidden state (Cho, Ilin & Raiko, 2011, "Improved learning of Gaussian-Bernoulli restricted Boltzmann machines").

    Columns may have any units and scales: the model standardises them. Each column's standard deviation given the
    code is learned and stays above a tenth of the column's own, so that no column collapses onto a component.
    ``transform`` returns hidden probabilities, ``score_samples`` the exact log pseudo-likelihood: the sum of each
    column's log-density given all others, in the data's own units. It needs no partition function, so that models of
    different sizes can be compared.

    Parameters
    ----------
    n_components : int
        Hidden units, 100 by default.
    likelihood : Units, optional
        Unit family of the standardised data: ``LearnedGaussian(largest=100)`` by default, or
        ``Gaussian(precision)`` for a fixed standard deviation.
    rule : Rule, optional
        ``PCD(1, centring=0.01)`` by default, with one chain per row of a batch.
    optimizer : Optimizer, optional
        ``Adam(0.01)`` with a linear decay to zero by default: its step size does not depend on the scale of the
        gradient, which is unbounded for real columns.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`, with 100 epochs and batches of 50 rows by default; validation on held-out rows
        uses the pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights, for standardised columns.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    noise_scale_ : array of shape (features,)
        Each column's standard deviation given the code, in the data's units.
    h_samples_ : array of shape (chains, n_components)
        Hidden states of the persistent chains, if the rule has them.

    Example
    -------
    >>> from sklearn.datasets import load_wine
    >>> from tildex import GaussianRBM
    >>> X = load_wine().data
    >>> rbm = GaussianRBM(n_components=10, random_state=0).fit(X)
    >>> bool((rbm.noise_scale_ < X.std(0)).all())
    True
    """

    slug = "gaussian-rbm"
    row = ModelRow(
        72,
        "coupling up",
        "the same coupling, down, learned variance",
        penalty="sparsity target",
        rule="CD-k, PCD",
    )
    defaults: ClassVar[dict[str, Default]] = {
        "likelihood": CorrelatedGaussian(),
        "optimizer": Adam(0.001, schedule=Linear()),
        "rule": where(lambda rbm: rbm.n_components <= CORE, Exact(), otherwise=PCD(1, centring=0.01)),
    }

    # The start has already found the likelihood's maximum for the first units.
    budget = Budget(steps=500, passes=10, most_steps=20_000, most_rows=100)

    n_components: int = field(default=10, kw_only=False)
    likelihood: Units | None = None
    rule: Rule | None = None

    @property
    def noise_scale_(self) -> Any:
        """Each column's standard deviation given the code, in the data's units."""
        units = self.module_.layers[0].units
        variance = units.variance(self.scaling_.offset).detach()
        return (variance.sqrt() * self.scaling_.scale).cpu().numpy()

    def _start(self, X: Any, generator: Generator) -> Rows:
        goes_on = self._goes_on
        rows = super()._start(X, generator)
        if self.likelihood_.correlated and not goes_on:
            begin_at_mixture(self.module_, rows, generator)
        return rows

    def _likelihood(self, columns: Columns) -> Units:
        units: Units = part(self, "likelihood")
        if not units.real:
            raise ValueError(
                f"GaussianRBM expects real units such as Gaussian() or LearnedGaussian(), got {units!r}: "
                "RBM takes units of any family"
            )
        return units
