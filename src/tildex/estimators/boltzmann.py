"""The restricted Boltzmann machine of binary units, in place of scikit-learn's and faster."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.estimators.base import Estimator
from tildex.estimators.inputs import Columns, apply, check
from tildex.estimators.table import ModelRow
from tildex.estimators.variational import check_count
from tildex.generator import Generator
from tildex.maps import Coupling, Scaling
from tildex.models import BoltzmannMachine, Clamp, Layer, pseudo_log_likelihood
from tildex.optimizers import SGD, Schedule
from tildex.rules import PCD, Rule
from tildex.train import Trainer
from tildex.units import Bernoulli, Units

__all__ = ["BernoulliRBM"]


class BernoulliRBM(Estimator):
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

    slug = "rbm"
    # As in scikit-learn, whose users may rely on it: whole numbers become float64.
    float_types = (np.float64, np.float32)
    row = ModelRow(70, "coupling up", "the same coupling, down", penalty="sparsity target", rule="CD-k, PCD")

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

    def gibbs(self, v: Any) -> Any:
        """Return visible values one Gibbs step after ``v``, shape (rows, features)."""
        check_is_fitted(self, "module_")
        generator = self._draws(None)

        def step(x: Tensor) -> Tensor:
            state = self.module_.sweep(
                [self.scaling_(x)] * 2, lambda units, inputs: units.sample(inputs, generator), order=(1, 0)
            )
            return self.scaling_.inverse(state[0])

        return apply(step, check(self, v, reset=False), like=self.scaling_.offset)

    def sample(
        self,
        n: int = 1,
        *,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the visible probabilities of ``n`` chains after ``n_steps`` Gibbs steps, shape (n, features).

        Parameters
        ----------
        n : int
            Chains.
        n_steps : int
            Steps of each, from independent units with the training data's means.
        given : array of shape (features,) or (n, features), optional
            Known values that every step puts back; NaN means unknown.
        mask : boolean array like ``given``, optional
            Which values are known, instead of NaN.
        random_state : int, RandomState or None
            The seed; None goes on from the estimator's own draws.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        if n_steps < 1:
            raise ValueError(f"n_steps must be at least 1, got {n_steps}")
        generator, (visible, hidden) = self._draws(random_state), self.module_.layers
        clamp = self._clamp(n, given, mask)

        def update(units: Units, inputs: Tensor) -> Tensor:
            return units.sample(inputs, generator)

        with torch.no_grad():
            state = [
                visible.units.sample(visible.base.expand(n, -1), generator),
                hidden.units.sample(hidden.bias.expand(n, -1), generator),
            ]
            if clamp:
                values, known = clamp[0]
                state[0] = torch.where(known, values, state[0])
            for _ in range(n_steps):
                state = self.module_.sweep(state, update, clamp=clamp)
            state = self.module_.sweep(
                state, lambda units, inputs: units.mean(inputs), order=(0,), clamp=clamp
            )
            return self.scaling_.inverse(state[0]).cpu().numpy()

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

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        layers = [Layer(likelihood, n_features, mean=mean), Layer(Bernoulli(), self.n_components)]
        return BoltzmannMachine(
            layers, {(0, 1): Coupling(n_features, self.n_components, generator=generator)}
        )

    def _rule(self) -> Rule:
        rule = self._part("rule")
        return PCD(1, n_chains=self.batch_size) if rule is None else rule

    def _part(self, name: str) -> Any:
        if name == "optimizer":
            schedule = self._part("schedule")
            return SGD(self.learning_rate, self.momentum, schedule)
        return super()._part(name)

    def _remember(self, trainer: Trainer) -> None:
        super()._remember(trainer)
        chains = trainer.rule.get_state().get("chains")
        if chains is not None:
            self.h_samples_ = chains.cpu().numpy()

    def _pass_size(self, n_rows: int) -> int:
        # As in scikit-learn: a call of partial_fit is one step on all it was given.
        return n_rows

    def _encode(self, x: Tensor) -> Tensor:
        hidden = self.module_.layers[1]
        return hidden.units.mean(self.module_.inputs(1, [x, x]))

    def _decode(self, z: Tensor) -> Tensor:
        visible = self.module_.layers[0]
        return visible.units.mean(self.module_.inputs(0, [z, z]))

    def _log_score(self, x: Tensor) -> Tensor:
        return pseudo_log_likelihood(self.module_, x)

    def _clamp(self, n: int, given: Any, mask: Any) -> Clamp | None:
        """Return what a chain must keep: values where they are known."""
        if given is None:
            if mask is not None:
                raise ValueError("mask says which values of given are known, and given is missing")
            return None
        values = np.broadcast_to(np.asarray(given, dtype=float), (n, self.n_features_in_))
        known = (
            ~np.isnan(values) if mask is None else np.broadcast_to(np.asarray(mask, dtype=bool), values.shape)
        )
        if not np.isfinite(values[known]).all():
            raise ValueError(
                "given has values that are known and not finite: mark them unknown, or fill them in"
            )
        scaled = self.scaling_(torch.from_numpy(np.where(known, values, 0.0)).to(self.scaling_.offset))
        return {0: (scaled, torch.from_numpy(known.copy()).to(self.device_))}
