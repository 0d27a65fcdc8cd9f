"""What estimators of one visible and one hidden layer share, and the restricted Boltzmann machine of any units."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.estimators.base.binarised import BinarisedMixin
from tildex.estimators.base.checks import check
from tildex.estimators.base.columns import Columns, apply, automatic
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.table import ModelRow
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, has_pseudo_likelihood, pseudo_log_likelihood
from tildex.optimizers import SGD, Linear, Optimizer
from tildex.part import Part
from tildex.rules import PCD, Rule
from tildex.train import Trainer
from tildex.units import Bernoulli, Units

__all__ = ["RBM", "Restricted"]


class Restricted(MachineEstimator):
    """An estimator of two layers: hidden means are the code."""

    def gibbs(self, v: Any) -> Any:
        """Return visible values one Gibbs step after ``v``, shape (rows, features)."""
        check_is_fitted(self, "module_")
        generator = self._draws(None)

        def step(x: Tensor) -> Tensor:
            state = self.module_.sweep(
                [self.scaling_(x)] * 2, lambda units, inputs: units.sample(inputs, generator)
            )
            return self.scaling_.inverse(state[0])

        return apply(step, check(self, v, reset=False), like=self.scaling_.offset)

    @property
    def components_(self) -> Any:
        """The weights."""
        return self.module_.couplings[0].weight.detach().cpu().numpy()

    @property
    def intercept_hidden_(self) -> Any:
        """The hidden biases."""
        return self.module_.layers[1].bias.detach().cpu().numpy()

    @property
    def intercept_visible_(self) -> Any:
        """The visible biases."""
        return self.module_.layers[0].bias.detach().cpu().numpy()

    def _remember(self, trainer: Trainer) -> None:
        super()._remember(trainer)
        chains = trainer.rule.get_state().get("chains")
        if chains is not None:
            self.h_samples_ = chains.cpu().numpy()

    def _encode(self, x: Tensor) -> Tensor:
        hidden = self.module_.layers[1]
        return hidden.units.mean(self.module_.inputs(1, [x, x]))

    def _decode(self, z: Tensor) -> Tensor:
        visible = self.module_.layers[0]
        return visible.units.mean(self.module_.inputs(0, [z, z]))

    def _log_score(self, x: Tensor) -> Tensor:
        if has_pseudo_likelihood(self.module_):
            return pseudo_log_likelihood(self.module_, x)
        return self.module_.log_marginal([x, x])

    def _hidden(self) -> Units:
        """Return the units of the code."""
        return Bernoulli()

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        layers = [Layer(likelihood, n_features, mean=mean), Layer(self._hidden(), self.n_components)]
        return BoltzmannMachine(
            layers, {(0, 1): Coupling(n_features, self.n_components, generator=generator)}
        )


class RBM(BinarisedMixin, Restricted):
    """A restricted Boltzmann machine of any units, trained by what works: persistent chains, the centred gradient,
    a falling learning rate and averaged weights.

    ``score_samples`` is the exact log pseudo-likelihood where the data's units have finitely many values or are
    Gaussian, and minus the free energy, the log-likelihood up to one constant, elsewhere.

    Parameters
    ----------
    n_components : int
        Hidden units.
    likelihood : Units, optional
        The family of the data. By default ``Bernoulli()`` where all values lie in [0, 1] and ``Gaussian()``
        otherwise, after standardising each column.
    hidden : Units, optional
        The family of the code; ``Bernoulli()`` by default.
    rule : Rule, optional
        ``PCD(1, centring=0.01)`` by default, with as many chains as a batch has rows.
    optimizer : Optimizer, optional
        ``SGD(0.2)`` with a rate that falls to zero by default, ``SGD(0.01)`` where the data's units are unbounded.
    binarisation : str
        How values between 0 and 1 become binary: ``dynamic`` (a fresh draw at every presentation), ``frozen`` (one
        draw for good), ``threshold`` (above a half), ``none`` (values enter as probabilities). ``auto`` is dynamic for
        Bernoulli units and none for others.
    max_norm : float, optional
        The largest norm of the weights a hidden unit receives by.
    n_iter, batch_size, shuffle, early_stopping, validation_fraction, n_iter_no_change, tol, averaging, clip_norm, \
precision, device, warm_start, verbose, random_state
        As in :class:`Autoencoder`; held-out rows are judged by pseudo-likelihood.

    Attributes
    ----------
    components_ : array of shape (n_components, features)
        The weights.
    intercept_hidden_, intercept_visible_ : array
        The biases.
    binarisation_ : str
        What ``auto`` became.

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
    defaults: ClassVar[dict[str, Part]] = {
        "optimizer": SGD(0.2, schedule=Linear()),
        "hidden": Bernoulli(),
        "rule": PCD(1, centring=0.01),
    }
    gentle: ClassVar[dict[str, Part]] = {"optimizer": SGD(0.01, schedule=Linear())}

    def __init__(
        self,
        n_components: int = 256,
        *,
        likelihood: Units | None = None,
        hidden: Units | None = None,
        rule: Rule | None = None,
        optimizer: Optimizer | None = None,
        binarisation: str = "auto",
        n_iter: int = 50,
        batch_size: int | None = 50,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        averaging: float | None = 0.999,
        clip_norm: float | None = None,
        max_norm: float | None = None,
        precision: str = "auto",
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.likelihood = likelihood
        self.hidden = hidden
        self.rule = rule
        self.optimizer = optimizer
        self.binarisation = binarisation
        self.n_iter = n_iter
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.averaging = averaging
        self.clip_norm = clip_norm
        self.max_norm = max_norm
        self.precision = precision
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _likelihood(self, columns: Columns) -> Units:
        return automatic(self._part("likelihood"), columns)

    def _hidden(self) -> Units:
        units: Units = self._part("hidden")
        return units

    def _rule(self) -> Rule:
        rule: Rule = self._part("rule")
        return rule
