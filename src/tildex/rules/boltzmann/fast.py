r"""Persistent chains that move under additional fast weights, which push them away from recent states.

.. math:: \theta_{\text{chains}} = \theta + \theta_{\text{fast}}, \qquad
          \theta_{\text{fast}} \leftarrow \alpha\, \theta_{\text{fast}} - \epsilon_{\text{fast}}\, \nabla L
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.penalties import Penalty
from tildex.rules.boltzmann.contrastive import PCD, draw, gibbs
from tildex.shapes import Loss

__all__ = ["FastPCD"]


class FastPCD(PCD):
    """Fast persistent contrastive divergence (Tieleman & Hinton, 2009, "Using fast weights to improve persistent
    contrastive divergence").

    Parameters
    ----------
    fast_rate : float
        The learning rate of the fast weights.
    decay : float
        The fraction of the fast weights kept per update.
    k, n_chains, penalty, k_end, centring
        As in :class:`PCD`.
    """

    def __init__(
        self,
        k: int = 1,
        n_chains: int | None = None,
        penalty: Penalty | None = None,
        k_end: int | None = None,
        centring: float | None = None,
        fast_rate: float = 0.01,
        decay: float = 0.95,
    ) -> None:
        super().__init__(k, n_chains, penalty, k_end, centring)
        if fast_rate <= 0:
            raise ValueError(f"fast_rate must be positive, got {fast_rate}")
        if not 0 <= decay < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        self.fast_rate = fast_rate
        self.decay = decay
        self._fast: list[Tensor] = []

    def __call__(self, model: BoltzmannMachine, x: Tensor, generator: Generator) -> Loss:
        """Return the loss of a batch, advance the chains, and update the fast weights."""
        loss = super().__call__(model, x, generator)
        found = {id(parameter): gradient for parameter, gradient in loss.gradients}
        for fast, parameter in zip(self._fast, _plain(model), strict=True):
            fast.mul_(self.decay).sub_(found[id(parameter)], alpha=self.fast_rate)
        return loss

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains, offsets and fast weights."""
        return super().get_state() | {f"fast_{k}": fast for k, fast in enumerate(self._fast)}

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the state; the given tensors are copied."""
        super().set_state(state)
        count = sum(name.startswith("fast_") for name in state)
        self._fast = [state[f"fast_{k}"].clone() for k in range(count)]

    def _begin(self, model: BoltzmannMachine, n: int, like: Tensor, generator: Generator) -> None:
        super()._begin(model, n, like, generator)
        self._fast = [torch.zeros_like(parameter) for parameter in _plain(model)]

    def _visible(self, model: BoltzmannMachine, generator: Generator) -> Tensor:
        assert self.chains is not None
        with self._pushed(model):
            return gibbs(model, self.chains, self.steps_now(), generator)

    def _keep(self, model: BoltzmannMachine, v: Tensor, inputs: Tensor, generator: Generator) -> None:
        with self._pushed(model):
            self.chains = draw(model, 1, model.inputs(1, [v, v]), generator)

    @contextlib.contextmanager
    def _pushed(self, model: BoltzmannMachine) -> Iterator[None]:
        """Add the fast weights to the model's within a ``with`` block."""
        parameters = _plain(model)
        # Restore from a copy: subtracting would leave rounding errors in the model.
        kept = [parameter.detach().clone() for parameter in parameters]
        torch._foreach_add_(parameters, self._fast)
        try:
            yield
        finally:
            torch._foreach_copy_(parameters, kept)


def _plain(model: BoltzmannMachine) -> list[Tensor]:
    """Return weights and biases, in the order of :func:`contrast`."""
    return [*(coupling.weight for coupling in model.couplings), *(layer.bias for layer in model.layers)]
