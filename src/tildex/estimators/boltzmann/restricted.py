"""What estimators of one visible and one hidden layer share: the code is the hidden means."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check, drawing
from tildex.estimators.base.columns import apply
from tildex.estimators.base.machine import MachineEstimator
from tildex.estimators.base.settings import settings
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import (
    BoltzmannMachine,
    Layer,
    filled,
    has_pseudo_likelihood,
    log_each,
    pseudo_log_likelihood,
)
from tildex.train import Trainer
from tildex.units import Bernoulli, Units

__all__ = ["RestrictedMachine"]


@settings
class RestrictedMachine(MachineEstimator):
    """An estimator with one visible and one hidden layer: the code is the hidden means."""

    can = MachineEstimator.can | {"columns"}

    def gibbs(self, v: Any) -> Any:
        """Return visible values one Gibbs step after ``v``, shape (rows, features)."""
        check_is_fitted(self, "module_")
        generator = drawing(self, None)

        def step(x: Tensor) -> Tensor:
            state = self.module_.sweep(
                [self.scaling_(x)] * 2, lambda units, inputs: units.sample(inputs, generator)
            )
            return self.scaling_.inverse(state[0])

        return apply(step, check(self, v, reset=False, finite=True), like=self.scaling_.offset)

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
        hidden, v = self.module_.layers[1], filled(self.module_, x)
        return hidden.units.mean(self.module_.inputs(1, [v, v]))

    def _decode(self, z: Tensor) -> Tensor:
        visible = self.module_.layers[0]
        return visible.units.mean(self.module_.inputs(0, [z, z]))

    def _log_probs(self, x: Tensor) -> Tensor:
        z = self._encode(x)
        return log_each(self.module_.layers[0].units, x, self.module_.inputs(0, [z, z]))

    def _log_score(self, x: Tensor) -> Tensor:
        if has_pseudo_likelihood(self.module_):
            return pseudo_log_likelihood(self.module_, x)
        return self.module_.bound(x)

    def _hidden(self) -> Units:
        """Return the units of the code."""
        return Bernoulli()

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> BoltzmannMachine:
        layers = [Layer(likelihood, n_features, mean=mean), Layer(self._hidden(), self.n_components)]
        return BoltzmannMachine(
            layers, {(0, 1): Coupling(n_features, self.n_components, generator=generator)}
        )
