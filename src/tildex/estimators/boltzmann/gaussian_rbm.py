"""The restricted Boltzmann machine of real columns of any scale."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, ClassVar

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.settings import Default, part, settings, where
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.mixture_start import CORE, begin_at_mixture
from tildex.estimators.boltzmann.restricted import RestrictedMachine
from tildex.generator import Generator
from tildex.optimizers import Adam, Linear
from tildex.rules import CD, PCD, Exact, Rule
from tildex.train import Budget, Plan, Rows
from tildex.units import CorrelatedGaussian, Units

__all__ = ["GaussianRBM"]


# Steps of a machine whose start has already found the maximum of the likelihood.
_AFTER_START = Budget(steps=500, passes=10, most_steps=20_000, most_rows=100)


def begins_close(rbm: Any) -> bool:
    """Say whether a Gaussian machine begins at a mixture found in the data, and not at random weights."""
    return rbm.likelihood is None or rbm.likelihood.correlated


@settings
class GaussianRBM(RestrictedMachine):
    """A restricted Boltzmann machine of real visible and binary hidden units: a mixture with one Gaussian component
    per hidden state (Cho, Ilin & Raiko, 2011, "Improved learning of Gaussian-Bernoulli restricted Boltzmann machines").

    Columns may have any units and scales: the model standardises them. Components share one covariance, which is
    learned and never sharper than the data's resolution, so that no component collapses onto repeated values. Training
    starts at the best of several mixtures of 1,024 components that ten hidden units make, found by exact likelihood on
    up to 4,000 rows and chosen on held-out ones; one of them is a single normal density of full covariance.
    ``transform`` returns hidden probabilities, ``score_samples`` the exact log pseudo-likelihood: the sum of each
    column's log-density given all others, in the data's own units. It needs no partition function, so that models of
    different sizes can be compared.

    Parameters
    ----------
    n_components : int
        Hidden units, 10 by default.
    likelihood : Units, optional
        Unit family of the standardised data: ``CorrelatedGaussian()`` by default; ``LearnedGaussian(largest=100)`` for
        columns that are independent given the code, so that hidden units explain all correlations, as features of
        pictures do, or ``Gaussian(precision)`` for a fixed standard deviation. Both start at small random weights.
    rule : Rule, optional
        ``Exact()`` by default for up to ten hidden units and ``CD(1, centring=0.01)`` for more;
        ``PCD(1, centring=0.01)`` for families that begin at random weights.
    optimizer : Optimizer, optional
        ``Adam(0.001)`` with a linear decay to zero by default, since training begins close to its end; ``Adam(0.01)``
        for families that begin at random weights.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`, with at least 500 steps by default, 5,000 for families that begin at random weights;
        validation on held-out rows uses the likelihood, or for more than ten units the pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights, for standardised columns.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    noise_scale_ : array of shape (features,)
        Each column's standard deviation given the code, the other columns unknown, in the data's units.
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
        "optimizer": where(
            begins_close, Adam(0.001, schedule=Linear()), otherwise=Adam(0.01, schedule=Linear())
        ),
        # Chains cannot cross between modes. From a start that has their shares right, steps from the data keep them.
        "rule": where(
            begins_close,
            where(lambda rbm: rbm.n_components <= CORE, Exact(), otherwise=CD(1, centring=0.01)),
            otherwise=PCD(1, centring=0.01),
        ),
    }

    budget = Budget(steps=5000, passes=50, most_steps=60_000, most_rows=50)

    n_components: int = field(default=10, kw_only=False)
    likelihood: Units | None = None
    rule: Rule | None = None

    @property
    def noise_scale_(self) -> Any:
        """Each column's standard deviation given the code, the other columns unknown, in the data's units."""
        units = self.module_.layers[0].units
        variance = units.variance(self.scaling_.offset).detach()
        return (variance.sqrt() * self.scaling_.scale).cpu().numpy()

    def _plan(self, n_iter: int | None) -> Plan:
        plan = super()._plan(n_iter)
        return replace(plan, budget=_AFTER_START) if begins_close(self) else plan

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
