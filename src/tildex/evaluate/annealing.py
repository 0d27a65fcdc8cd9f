r"""Chains annealed between independent units and a Boltzmann machine, and their log weights (Neal, 2001).

.. math:: \log w = \sum_t \log P^*_{\beta_t}(x_t) - \log P^*_{\beta_{t-1}}(x_t), \qquad
          \eta_k(\beta) = a_k + \beta\,\big(\textstyle\sum_j W_{jk} x_j + b_k - a_k\big)

Chains carry one side of the machine; the other is summed out of the weights. Its inputs are linear in beta, so the
product that gives them at ``beta = 1`` serves both temperatures of a weight and the following draw: two products per
temperature and coupling, one up and one down.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.products import fast_products

__all__ = ["Annealer", "Report", "temperatures"]

Report = Callable[[float], None]
"""Called with the progress from 0 to 1."""

_REPORTS = 200
# Offset beyond 1 that limits how closely temperatures are spaced near 1.
_CLOSENESS = 0.02


class Annealer:
    """A machine, the side its chains carry, and the precision of its products.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine; it is not changed.
    generator : Generator
        Draws the chains.
    side : int, optional
        The side that chains carry; chosen automatically when not given.
    precision : torch.dtype
        Type of matrix products. With bfloat16, weights are rounded, sums are not, and binary states are exact.
    """

    def __init__(
        self,
        machine: BoltzmannMachine,
        generator: Generator,
        *,
        side: int | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.generator = generator
        machine.energy(
            [layer.base[None] for layer in machine.layers]
        )  # refuses machines without a joint distribution
        self.kept, self.summed = _ordered(machine, side)
        self.low = precision is torch.bfloat16
        self.machine = _rounded(machine) if self.low else machine
        self.dtype = machine.layers[0].bias.dtype

    def independent(self, n_chains: int) -> list[Tensor]:
        """Return exact states at ``beta = 0``."""
        return [
            layer.units.sample(layer.base.expand(n_chains, -1), self.generator)
            for layer in self.machine.layers
        ]

    @torch.no_grad()
    def anneal(self, state: Sequence[Tensor], betas: Sequence[float], report: Report | None = None) -> Tensor:
        """Return the log weights, float64 of shape (chains,), of chains annealed along ``betas``, up or down.

        ``state`` must be a sample at the first temperature; only the kept side is read.
        """
        state = list(state)
        log_weights = torch.zeros(len(state[0]), dtype=torch.float64, device=state[0].device)
        with self._products(len(log_weights)):
            for number, (previous, beta) in enumerate(pairwise(betas), 2):
                received = {k: self._inputs(k, state) for k in self.summed}
                there = {k: self._between(k, full, beta) for k, full in received.items()}
                log_weights += (beta - previous) * self._slope(state).double()
                for k, full in received.items():
                    cgf = self.machine.layers[k].units.cgf
                    log_weights += (cgf(there[k]) - cgf(self._between(k, full, previous))).double()
                if number < len(betas):
                    for k, inputs in there.items():
                        state[k] = self.machine.layers[k].units.sample(inputs, self.generator)
                    for k in self.kept:
                        inputs = self._between(k, self._inputs(k, state), beta)
                        state[k] = self.machine.layers[k].units.sample(inputs, self.generator)
                _tell(report, number, len(betas))
        return log_weights

    @torch.no_grad()
    def gibbs(
        self,
        state: Sequence[Tensor],
        n_steps: int,
        report: Report | None = None,
        *,
        known: Sequence[int] = (),
    ) -> list[Tensor]:
        """Return the state after Gibbs steps at ``beta = 1``, with the layers in ``known`` fixed."""
        state = list(state)
        order = [k for k in (*self.summed, *self.kept) if k not in known]
        with self._products(len(state[0])):
            for number in range(1, n_steps + 1):
                for k in order:
                    state[k] = self.machine.layers[k].units.sample(self._inputs(k, state), self.generator)
                _tell(report, number, n_steps)
        return state

    def _inputs(self, k: int, state: Sequence[Tensor]) -> Tensor:
        """Return a layer's inputs at ``beta = 1``, the only place with matrix products."""
        if not self.low:
            return self.machine.inputs(k, state)
        with torch.autocast(state[0].device.type, torch.bfloat16):
            return self.machine.inputs(k, state).to(self.dtype)

    def _between(self, k: int, full: Tensor, beta: float) -> Tensor:
        """Return a layer's inputs at ``beta`` from those at 1."""
        return full if beta == 1 else torch.lerp(self.machine.layers[k].base, full, beta)

    def _slope(self, state: Sequence[Tensor]) -> Tensor:
        """Return the derivative of the kept side's bias terms in the log marginal with respect to ``beta``."""
        layers = self.machine.layers
        terms = [(state[k] * (layers[k].bias - layers[k].base)).sum(-1) for k in self.kept]
        return torch.stack(terms).sum(0)

    def _products(self, n_chains: int) -> contextlib.AbstractContextManager[None]:
        largest = n_chains * max(coupling.weight.numel() for coupling in self.machine.couplings)
        return fast_products(self.generator.device, largest)


def temperatures(n: int) -> list[float]:
    """Return ``n`` inverse temperatures from 0 to 1, increasingly dense towards 1, where chains move slowest.

    They are evenly spaced in the logarithm of ``1.02 - beta``. On a trained machine of 500 hidden units, 1,000 of
    them lose less than 2,000 evenly spaced ones, and as little as 1,000 in the three sections of Salakhutdinov &
    Murray (2008).
    """
    even = torch.linspace(1, 0, n, dtype=torch.float64)
    betas = 1 - _CLOSENESS * ((1 + 1 / _CLOSENESS) ** even - 1)
    return [0.0, *betas[1:-1].tolist(), 1.0]


def _ordered(machine: BoltzmannMachine, side: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the layers of the kept side and of the other side."""
    if side is None:
        sizes = [sum(machine.layers[k].size for k in layers) for layers in machine.sides]
        side = int(sizes[1] < sizes[0])
    return machine.sides[side], machine.sides[1 - side]


def _rounded(machine: BoltzmannMachine) -> BoltzmannMachine:
    # Rounded once here, because autocast would round at every product.
    machine = copy.deepcopy(machine)
    for coupling in machine.couplings:
        coupling.weight.data = coupling.weight.data.bfloat16()
    return machine


def _tell(report: Report | None, number: int, total: int) -> None:
    if report is not None and (number % -(-total // _REPORTS) == 0 or number == total):
        report(number / total)
