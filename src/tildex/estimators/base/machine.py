"""What estimators of a Boltzmann machine share: samples, and completion of what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count
from tildex.estimators.base.known import known_values
from tildex.estimators.base.transformer import Estimator
from tildex.models import BoltzmannMachine, Clamp, visible_means
from tildex.part import Part
from tildex.products import fast_products
from tildex.units import Units

__all__ = ["MachineEstimator"]


class MachineEstimator(Estimator):
    """An estimator whose module is a Boltzmann machine, or contains the one that :attr:`_machine` returns.

    Attributes
    ----------
    gentle : dict of str to Part
        The defaults where units of either side are unbounded: values without bounds make gradients without bounds.
    """

    can = Estimator.can | {"sample", "complete"}
    gentle: ClassVar[dict[str, Part]] = {}

    def _part(self, name: str) -> Any:
        if name in self.gentle and getattr(self, name) is None and not self._bounded():
            return self.gentle[name].copy()
        return super()._part(name)

    def _bounded(self) -> bool:
        hidden = super()._part("hidden") if hasattr(self, "hidden") else None
        return self.likelihood_.bounded and (hidden is None or hidden.bounded)

    @property
    def _machine(self) -> BoltzmannMachine:
        machine: BoltzmannMachine = self.module_
        return machine

    def sample(
        self,
        n: int = 1,
        *,
        n_steps: int = 1000,
        given: Any = None,
        mask: Any = None,
        random_state: Any = None,
    ) -> Any:
        """Return the visible means of ``n`` chains after ``n_steps`` Gibbs steps, shape (n, features).

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
        return self._sample(self._machine, n, n_steps, self._clamp(n, given, mask), random_state)

    def _sample(
        self, machine: BoltzmannMachine, n: int, n_steps: int, clamp: Clamp | None, random_state: Any
    ) -> Any:
        """Return what :meth:`sample` returns, of a machine whose families may be bound to rows."""
        return self._walk(machine, n, [n_steps], clamp, random_state)[n_steps]

    def _walk(
        self,
        machine: BoltzmannMachine,
        n: int,
        steps: Sequence[int],
        clamp: Clamp | None,
        random_state: Any,
    ) -> dict[int, Any]:
        """Return the visible means of chains at some of their steps, shape (n, features) each."""
        for step in steps:
            if step < 1:
                raise ValueError(f"n_steps must be at least 1, got {step}")
        generator = self._draws(random_state)

        def draw(units: Units, inputs: Tensor) -> Tensor:
            return units.sample(inputs, generator)

        seen = {}
        with torch.no_grad(), fast_products(generator.device):
            state = [
                draw(layer.units, (layer.base if k in machine.visible else layer.bias).expand(n, -1))
                for k, layer in enumerate(machine.layers)
            ]
            for k, (values, known) in (clamp or {}).items():
                layer = machine.layers[k]
                units, inputs = layer.units.given(layer.base.expand(n, -1), values, known)
                state[k] = torch.where(known, values, draw(units, inputs))
            for step in range(1, max(steps) + 1):
                state = machine.sweep(state, draw, clamp=clamp)
                if step in steps:
                    rows = self.scaling_.inverse(visible_means(machine, state, clamp))
                    seen[step] = rows.cpu().numpy()
        return seen

    def _clamp(self, n: int, given: Any, mask: Any) -> Clamp | None:
        """Return what a chain must keep: values where they are known."""
        known = known_values(self, n, given, mask)
        return None if known is None else {0: known}
