"""What estimators of a Boltzmann machine share: sampling, and completion of missing values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.checks import check_count, drawing
from tildex.estimators.base.settings import settings
from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, Clamp, draw_unknown, filled, visible_means
from tildex.products import fast_products
from tildex.units import Units

__all__ = ["MachineEstimator", "known_values"]

# Gibbs steps from the mean field to a draw of unknown values.
_SETTLING = 100

Present = Callable[[Tensor, Generator], Tensor]


@settings
class MachineEstimator(Estimator):
    """An estimator whose module is a Boltzmann machine, or contains the one that :attr:`_machine` returns."""

    allows_nan = True
    can = Estimator.can | {"sample", "complete"}

    @property
    def _machine(self) -> BoltzmannMachine:
        return self.module_

    def _present(self) -> Present | None:
        return self._presented_by(self._draw_unknown)

    def _presented_by(self, complete: Present) -> Present | None:
        """Return the binarisation of every batch, followed, where rows have unknown values, by draws of these."""
        binary = super()._present()
        if not self._gaps:
            return binary
        return lambda x, generator: complete(x if binary is None else binary(x, generator), generator)

    def _draw_unknown(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows with unknown values drawn given the known ones."""
        return draw_unknown(self._machine, x, generator)

    def _filled(self, x: Tensor, generator: Generator | None) -> Tensor:
        """Return mean-field means, or draws from Gibbs chains, with the known values clamped."""
        if generator is None:
            return filled(self._machine, x)
        return draw_unknown(self._machine, x, generator, n_steps=_SETTLING)

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
            Number of chains.
        n_steps : int
            Gibbs steps per chain, from independent units with the training data's means.
        given : array of shape (features,) or (n, features), optional
            Known values, clamped at every step; NaN means unknown.
        mask : boolean array like ``given``, optional
            Which values are known, instead of NaN.
        random_state : int, RandomState or None
            The seed; None continues the estimator's own random stream.
        """
        check_is_fitted(self, "module_")
        check_count(n)
        rows = self._sample(self._machine, n, n_steps, self._clamp(n, given, mask), random_state)
        return self._as_given(rows)

    def _sample(
        self, machine: BoltzmannMachine, n: int, n_steps: int, clamp: Clamp | None, random_state: Any
    ) -> Any:
        """Return what :meth:`sample` returns, for a machine whose unit families may depend on the row."""
        return self._walk(machine, n, [n_steps], clamp, random_state)[n_steps]

    def _walk(
        self,
        machine: BoltzmannMachine,
        n: int,
        steps: Sequence[int],
        clamp: Clamp | None,
        random_state: Any,
    ) -> dict[int, Any]:
        """Return the visible means of the chains at the given ``steps``, shape (n, features) each."""
        for step in steps:
            if step < 1:
                raise ValueError(f"n_steps must be at least 1, got {step}")
        generator = drawing(self, random_state)

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
        """Return the clamp of the known values."""
        known = known_values(self, n, given, mask)
        return None if known is None else {0: known}


def known_values(estimator: Any, n: int, given: Any, mask: Any) -> tuple[Tensor, Tensor] | None:
    """Return scaled known values and the mask of where they are known, each (n, features), or None.

    Parameters
    ----------
    estimator : Estimator
        The fitted estimator.
    n : int
        Number of rows.
    given : array of shape (features,) or (n, features), or None
        Values; NaN means unknown.
    mask : boolean array like ``given``, or None
        Which values are known, instead of NaN.

    Raises
    ------
    ValueError
        If ``mask`` is given without ``given``, or a known value is not finite.
    """
    if given is None:
        if mask is not None:
            raise ValueError("mask marks the known values of given: pass given too")
        return None
    values = np.broadcast_to(np.asarray(given, dtype=float), (n, estimator.n_features_in_))
    known = ~np.isnan(values) if mask is None else np.broadcast_to(np.asarray(mask, dtype=bool), values.shape)
    if not np.isfinite(values[known]).all():
        raise ValueError("given has known values that are not finite: mark them as unknown, or fill them in")
    scaling = estimator.scaling_
    scaled = scaling(torch.from_numpy(np.where(known, values, 0.0)).to(scaling.offset))
    return scaled, torch.from_numpy(known.copy()).to(estimator.device_)
