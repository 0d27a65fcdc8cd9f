r"""Trajectory tempering: chains of earlier snapshots of the machine, which swap states with the current chains.

.. math:: P(\text{swap } s, t) = \min\Big(1,
          \frac{P^*_{\theta_s}(v_t)\, P^*_{\theta_t}(v_s)}{P^*_{\theta_s}(v_s)\, P^*_{\theta_t}(v_t)}\Big)

The machine of the first steps mixes at once, and training is a path from it to the current one. Temperatures may jump
across a phase transition, where the trajectory passes through it gradually.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.penalties import Penalty
from tildex.rules.boltzmann.contrastive import PCD

__all__ = ["TrajectoryTempering"]

# If fewer swaps than this are accepted, the newest snapshot is too far away and another is taken.
_LEFT_BEHIND = 0.25


@dataclass
class _Snapshot:
    """The parameters of an earlier machine, its chains, and their acceptance rate with the next newer chains."""

    weight: Tensor
    low: Tensor
    high: Tensor
    chains: Tensor
    accepted: Tensor

    def log_marginal(self, model: BoltzmannMachine, v: Tensor) -> Tensor:
        """Return the log-weight of visible values, shape (chains,)."""
        visible, hidden = model.layers
        inputs = v @ self.weight.t() + self.high
        return (v * self.low).sum(-1) - visible.units.energy(v) + hidden.units.cgf(inputs)


class TrajectoryTempering(PCD):
    """Persistent chains that swap with those of earlier machines (Béreux, Decelle, Furtlehner, Rosset & Seoane, 2024,
    "Fast training and sampling of restricted Boltzmann machines").

    Parameters
    ----------
    n_models : int
        Maximum number of earlier machines to keep.
    every : int
        Updates between Gibbs steps, with swaps, of the earlier machines.
    k, n_chains, penalty, k_end, centring
        As in :class:`PCD`.

    Attributes
    ----------
    snapshots : list
        The earlier machines with their chains, oldest first.
    """

    def __init__(
        self,
        k: int = 1,
        n_chains: int | None = None,
        penalty: Penalty | None = None,
        k_end: int | None = None,
        centring: float | None = None,
        n_models: int = 8,
        every: int = 10,
    ) -> None:
        super().__init__(k, n_chains, penalty, k_end, centring)
        for name, value in (("n_models", n_models), ("every", every)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        self.n_models = n_models
        self.every = every
        self.snapshots: list[_Snapshot] = []
        self._updates = 0

    def get_state(self) -> dict[str, Tensor]:
        """Return the chains, offsets and earlier machines."""
        state = super().get_state() | {"updates": torch.tensor(self._updates)}
        for number, snapshot in enumerate(self.snapshots):
            state |= {f"snapshot_{number}_{name}": value for name, value in vars(snapshot).items()}
        return state

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Restore the state; the given tensors are copied."""
        super().set_state(state)
        self._updates = int(state.get("updates", torch.tensor(0)))
        names = _Snapshot.__dataclass_fields__
        count = sum(name.endswith("_weight") for name in state)
        self.snapshots = [
            _Snapshot(**{name: state[f"snapshot_{number}_{name}"].clone() for name in names})
            for number in range(count)
        ]

    def _visible(self, model: BoltzmannMachine, generator: Generator) -> Tensor:
        v = super()._visible(model, generator)
        if not self.snapshots:
            self._add(model)
        self._updates += 1
        return v if self._updates % self.every else self._swapped(model, v, generator)

    def _swapped(self, model: BoltzmannMachine, v: Tensor, generator: Generator) -> Tensor:
        """Advance all earlier chains, swap from the oldest to the current, and return the current visible values."""
        visible, hidden = model.layers
        newest = _of(model, v)
        ladder = [*self.snapshots, newest]
        values = [
            visible.units.sample(snapshot.chains @ snapshot.weight + snapshot.low, generator)
            for snapshot in self.snapshots
        ]
        values.append(v)
        for i, (older, newer) in enumerate(pairwise(ladder)):
            a, b = values[i], values[i + 1]
            gain = (
                older.log_marginal(model, b)
                + newer.log_marginal(model, a)
                - older.log_marginal(model, a)
                - newer.log_marginal(model, b)
            )
            swap = generator.uniform(len(gain), dtype=gain.dtype).log() < gain
            values[i], values[i + 1] = (
                torch.where(swap[:, None], b, a),
                torch.where(swap[:, None], a, b),
            )
            older.accepted.lerp_(swap.to(gain.dtype).mean(), 0.1)
        for snapshot, value in zip(self.snapshots, values, strict=False):
            snapshot.chains = hidden.units.sample(value @ snapshot.weight.t() + snapshot.high, generator)
        if float(self.snapshots[-1].accepted) < _LEFT_BEHIND:
            self._add(model)
        return values[-1]

    def _add(self, model: BoltzmannMachine) -> None:
        """Keep a snapshot of the machine; if there are too many, drop the one with the closest neighbours."""
        assert self.chains is not None
        self.snapshots.append(_of(model, self.chains))
        if len(self.snapshots) <= self.n_models:
            return
        # The oldest stays because it mixes; the newest stays too.
        between = range(1, len(self.snapshots) - 1) or [len(self.snapshots) - 1]
        bridge = [float(self.snapshots[i - 1].accepted * self.snapshots[i].accepted) for i in between]
        gone = between[bridge.index(max(bridge))]
        self.snapshots[gone - 1].accepted.mul_(self.snapshots[gone].accepted)
        del self.snapshots[gone]


def _of(model: BoltzmannMachine, chains: Tensor) -> _Snapshot:
    (coupling,), (visible, hidden) = model.couplings, model.layers
    weight, low, high = (p.detach().clone() for p in (coupling.weight, visible.bias, hidden.bias))
    return _Snapshot(weight, low, high, chains.clone(), accepted=chains.new_ones(()))
