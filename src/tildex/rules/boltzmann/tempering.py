r"""Parallel tempering: chains at several inverse temperatures swap states, so that the coldest ones mix.

.. math:: P(\text{swap } i, j) = \min\Big(1,
          \frac{P^*_{\beta_i}(v_j)\, P^*_{\beta_j}(v_i)}{P^*_{\beta_i}(v_i)\, P^*_{\beta_j}(v_j)}\Big)

At :math:`\beta = 0` all units are independent and every step is an independent draw.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.penalties import Penalty
from tildex.rules.boltzmann.contrastive import PCD

__all__ = ["ParallelTempering"]


class ParallelTempering(PCD):
    """Persistent chains with parallel tempering (Desjardins, Courville, Bengio, Vincent & Delalleau, 2010, "Tempered
    Markov chain Monte Carlo for training of restricted Boltzmann machines"; Cho, Raiko & Ilin, 2010, "Parallel
    tempering is efficient for learning restricted Boltzmann machines").

    A step at all temperatures is one matrix product each way over ``n_betas`` times the chains; swaps need none.

    Parameters
    ----------
    n_betas : int
        Number of inverse temperatures, evenly spaced from 0 to 1.
    k, n_chains, penalty, k_end, centring
        As in :class:`PCD`; ``n_chains`` at each temperature.

    Attributes
    ----------
    chains : Tensor of shape (n_betas * n_chains, hidden)
        The hidden states at all temperatures, in order from beta 0 to 1.
    accepted : Tensor of shape (n_betas - 1,)
        Running acceptance rates of swaps between neighbouring temperatures.
    """

    accepted: Tensor | None = None

    def __init__(
        self,
        k: int = 1,
        n_chains: int | None = None,
        penalty: Penalty | None = None,
        k_end: int | None = None,
        centring: float | None = None,
        n_betas: int = 10,
    ) -> None:
        super().__init__(k, n_chains, penalty, k_end, centring)
        if n_betas < 2:
            raise ValueError(f"n_betas must be at least 2, got {n_betas}")
        self.n_betas = self.copies = n_betas

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains, offsets and swap rates."""
        return super().get_state() | ({} if self.accepted is None else {"accepted": self.accepted})

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the state."""
        super().set_state(state)
        self.accepted = state["accepted"].clone() if "accepted" in state else None

    def _begin(self, model: BoltzmannMachine, n: int, like: Tensor, generator: Generator) -> None:
        super()._begin(model, n * self.n_betas, like, generator)
        self.accepted = like.new_zeros(self.n_betas - 1)

    def _visible(self, model: BoltzmannMachine, generator: Generator) -> Tensor:
        """Advance the chains at all temperatures, swap neighbours, and return the coldest ones."""
        assert self.chains is not None
        (coupling,), (visible, hidden) = model.couplings, model.layers
        n = len(self.chains) // self.n_betas
        betas = torch.linspace(0, 1, self.n_betas, device=self.chains.device, dtype=self.chains.dtype)
        column = betas.repeat_interleave(n)[:, None]
        low, high = (torch.lerp(layer.base, layer.bias, column) for layer in model.layers)
        for _ in range(self.steps_now()):
            v = visible.units.sample(column * coupling.down(self.chains) + low, generator)
            received = coupling.up(v)
            order = self._swapped(model, v, received, betas, generator)
            v, received = v[order], received[order]
            self.chains = hidden.units.sample(column * received + high, generator)
        return v[-n:]

    def _keep(self, model: BoltzmannMachine, v: Tensor, inputs: Tensor, generator: Generator) -> None:
        """Do nothing: :meth:`_visible` has already stored the chains."""

    def _swapped(
        self, model: BoltzmannMachine, v: Tensor, received: Tensor, betas: Tensor, generator: Generator
    ) -> Tensor:
        """Return the row of each position's new state, after swap attempts of all even, then all odd neighbours."""
        n = len(v) // self.n_betas
        # The log-weight of every state at every temperature, elementwise from one matrix product.
        table = torch.stack([_log_marginal(model, v, received, beta) for beta in betas])
        rows = torch.arange(len(v), device=v.device).view(self.n_betas, n)
        assert self.accepted is not None
        uniform = generator.uniform(self.n_betas - 1, n, dtype=v.dtype)
        for first in (0, 1):
            for i in range(first, self.n_betas - 1, 2):
                a, b = rows[i].clone(), rows[i + 1].clone()
                gain = table[i][b] + table[i + 1][a] - table[i][a] - table[i + 1][b]
                swap = uniform[i].log() < gain
                rows[i], rows[i + 1] = torch.where(swap, b, a), torch.where(swap, a, b)
                self.accepted[i].lerp_(swap.to(v.dtype).mean(), 0.01)
        return rows.flatten()


def _log_marginal(model: BoltzmannMachine, v: Tensor, received: Tensor, beta: Tensor) -> Tensor:
    """Return the log-weight of visible values at ``beta`` from the hidden inputs at beta = 1."""
    visible, hidden = model.layers
    low, high = (torch.lerp(layer.base, layer.bias, beta) for layer in model.layers)
    return (v * low).sum(-1) - visible.units.energy(v) + hidden.units.cgf(beta * received + high)
