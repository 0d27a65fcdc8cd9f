"""The restricted Boltzmann machine of real columns, whose defaults train on data as they come."""

from __future__ import annotations

from typing import Any, ClassVar

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.table import ModelRow
from tildex.estimators.boltzmann.rbm import Restricted
from tildex.optimizers import Adam, Linear, Optimizer
from tildex.part import Part
from tildex.rules import PCD, Rule
from tildex.units import Gaussian, LearnedGaussian, Units

__all__ = ["GaussianRBM"]


class GaussianRBM(Restricted):
    """A restricted Boltzmann machine of real visible and binary hidden units, a mixture of as many normal densities
    as the hidden units have states (Cho, Ilin & Raiko, 2011, "Improved learning of Gaussian-Bernoulli restricted
    Boltzmann machines").

    Columns may have any units and scales: they are standardised inside. Each column's standard deviation given the
    code is learned and stays above a tenth of the column's own, so that no column can collapse onto a component.
    ``score_samples`` is the exact log pseudo-likelihood: the sum of each column's log-density given all others, in
    the data's own units. It needs no partition function, so that models of different sizes can be compared.

    Parameters
    ----------
    n_components : int
        Hidden units.
    likelihood : Units, optional
        The family of the data, after standardising: ``LearnedGaussian(largest=100)`` by default, or
        ``Gaussian(precision)`` for a standard deviation that stays.
    rule : Rule, optional
        ``PCD(1, centring=0.01)`` by default, with as many chains as a batch has rows.
    optimizer : Optimizer, optional
        ``Adam(0.01)`` with a rate that falls to zero by default: it steps evenly whatever the scale of a gradient,
        and that of real columns has no bound.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; held-out rows are judged by pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights, of standardised columns.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    noise_scale_ : array of shape (features,)
        Each column's standard deviation given the code, in the data's units.
    h_samples_ : array of shape (chains, n_components)
        The persistent chains' hidden states, of a rule that has them.

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
    defaults: ClassVar[dict[str, Part]] = {
        "likelihood": LearnedGaussian(largest=100.0),
        "optimizer": Adam(0.01, schedule=Linear()),
        "rule": PCD(1, centring=0.01),
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        likelihood: Units | None = None,
        rule: Rule | None = None,
        optimizer: Optimizer | None = None,
        n_iter: int = 100,
        batch_size: int | None = 50,
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
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.likelihood = likelihood
        self.rule = rule
        self.optimizer = optimizer
        self.n_iter = n_iter
        self.batch_size = batch_size
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
        self.verbose = verbose
        self.random_state = random_state

    @property
    def noise_scale_(self) -> Any:
        """Each column's standard deviation given the code, in the data's units."""
        units = self.module_.layers[0].units
        variance = units.variance(self.scaling_.offset).detach()
        return (variance.sqrt() * self.scaling_.scale).cpu().numpy()

    def _likelihood(self, columns: Columns) -> Units:
        units: Units = self._part("likelihood")
        if not isinstance(units, Gaussian):
            raise ValueError(
                f"GaussianRBM expects real units such as Gaussian() or LearnedGaussian(), got {units!r}: "
                "RBM takes units of any family"
            )
        return units

    def _rule(self) -> Rule:
        rule: Rule = self._part("rule")
        return rule
