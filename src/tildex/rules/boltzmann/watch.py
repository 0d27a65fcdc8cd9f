r"""Diagnostics of Boltzmann machine training, measured on a few rows and chains.

.. math:: \text{moves} = \frac{\langle |h' - h|^2 \rangle}{\sum_j (\mathrm{Var}_d\, h_j + \mathrm{Var}_c\, h_j)},
          \qquad \text{gap} = \frac{\langle E \rangle_c - \langle E \rangle_d}{\sigma_d(E)}

for data d and chains c. ``h`` is a chain's hidden state and ``h'`` the state after one Gibbs sweep; independent draws
would give 1. At the maximum of the likelihood, chains and data have equal mean energy, because the energy is linear
in weights and biases and the gradient vanishes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine, Posterior, for_chains, for_rows
from tildex.units import Units

__all__ = ["watch", "watch_due", "watched"]

# Enough rows for a mean, and at most a hundredth of the rows trained on in between; a watched row costs about as much
# as two of those.
_FEWEST, _MOST, _TRAINED_PER_WATCHED = 200, 1000, 100

_PASSES = 10
_CHAINS = 100

# Sweeps before the chains are measured: chains that start at the data need time to leave it.
_FROM_CHAINS, _FROM_DATA = 1, 10

# How close to a limit of its range a mean must stay, as a fraction of the range.
_END = 0.05


@torch.no_grad()
def watch(
    machine: BoltzmannMachine,
    x: Tensor,
    generator: Generator,
    *,
    chains: Sequence[Tensor] | None = None,
    held_out: Tensor | None = None,
) -> dict[str, float]:
    """Return diagnostics by name; neither the machine nor the chains are changed.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine.
    x : Tensor of shape (rows, features)
        A few hundred training rows.
    generator : Generator
        A generator separate from that of training.
    chains : sequence of Tensor, optional
        The current states of persistent chains, one tensor per layer of shape (chains, size), of which the second
        side is read. Without them, chains start at the rows.
    held_out : Tensor of shape (rows, features), optional
        Rows not used for training.

    Returns
    -------
    dict of str to float
        ``hidden_dead``, ``hidden_saturated``: the fractions of hidden units that stay at the low, or the high, end of
        their range on all rows. ``chain_moves``: how far one Gibbs sweep moves the chains' hidden units, relative to
        independent draws. ``chain_gap``: the chains' mean energy minus the data's, in standard deviations of the
        data's energies. ``held_out_gap``: the same for the free energies of held-out and training rows, or for their
        variational bounds if hidden layers are connected. A machine with unequal gains up and down has no joint
        distribution and neither gap.
    """

    def draw(units: Units, inputs: Tensor) -> Tensor:
        return units.sample(inputs, generator)

    posterior = Posterior(machine, x, n_steps=_PASSES)
    means = posterior.state
    few = [values[:_CHAINS] for values in means]
    data = [
        values if k in machine.visible else draw(machine.layers[k].units, machine.inputs(k, few))
        for k, values in enumerate(few)
    ]
    if chains is None:
        state, walking, sweeps = data, for_rows(machine, x[:_CHAINS]), _FROM_DATA
    else:
        state = [values[:_CHAINS] for values in chains]
        walking, sweeps = for_chains(machine, x, len(state[0])), _FROM_CHAINS
    for _ in range(sweeps):
        state = walking.sweep(state, draw, order=(0, 1))
    moved = walking.sweep(state, draw, order=(0, 1))
    found = {**_activity(machine, means), "chain_moves": _moves(machine, data, state, moved)}
    if all(coupling.up_gain == coupling.down_gain for coupling in machine.couplings):
        # Means, as in the data's state: this halves the noise and changes nothing else.
        settled = walking.sweep(moved, lambda units, inputs: units.mean(inputs), order=(1,))
        found["chain_gap"] = _gap(machine.energy(settled), machine.energy(means))
        if held_out is not None:
            others = Posterior(machine, held_out, n_steps=_PASSES)
            found["held_out_gap"] = _gap(-others.bound(), -posterior.bound())
    return found


def watched(total: int, trained: int) -> np.ndarray:
    """Return the indices of the rows to watch, evenly spaced in ``total``, with ``trained`` rows per epoch.

    Example
    -------
    >>> len(watched(60_000, 60_000)), watched(3, 60_000)
    (600, array([0, 1, 2]))
    """
    n = min(max(trained // _TRAINED_PER_WATCHED, _FEWEST), _MOST, total)
    return np.linspace(0, total - 1, n).round().astype(np.int64)


def watch_due(epoch: int, n_iter: int, trained: int) -> bool:
    """Say whether to watch after an epoch of ``trained`` rows: every epoch for large data, and always the last.

    Example
    -------
    >>> [epoch for epoch in range(1, 51) if watch_due(epoch, 50, 1438)]
    [14, 28, 42, 50]
    """
    every = math.ceil(_TRAINED_PER_WATCHED * len(watched(trained, trained)) / trained)
    return epoch % every == 0 or epoch >= n_iter


def _activity(machine: BoltzmannMachine, means: Sequence[Tensor]) -> dict[str, float]:
    """Return the fractions of hidden units that stay at either end of their range on all rows."""
    low, high, total = 0, 0, 0
    for k in machine.hidden:
        units = machine.layers[k].units
        least, most = torch.aminmax(means[k], dim=0)
        # A range without upper limit counts as one unit wide.
        smallest, largest = units.limits(most)
        margin = _END * (largest - smallest if units.bounded else 1.0)
        low += int((most < smallest + margin).sum())
        high += int((least > largest - margin).sum())
        total += machine.layers[k].size
    return {"hidden_dead": low / total, "hidden_saturated": high / total}


def _moves(
    machine: BoltzmannMachine, data: Sequence[Tensor], state: Sequence[Tensor], moved: Sequence[Tensor]
) -> float:
    """Return the mean squared move of hidden units, relative to that between independent codes of data and chains."""
    move, apart = 0.0, 0.0
    for k in machine.hidden:
        move += float((moved[k] - state[k]).square().mean(0).sum())
        apart += float((data[k].var(0, correction=0) + moved[k].var(0, correction=0)).sum())
    # If all codes are equal there is nothing to move to: the fault of dead units, not of the chains.
    return move / apart if apart > 0 else 1.0


def _gap(values: Tensor, reference: Tensor) -> float:
    """Return the difference of the means in standard deviations of the reference."""
    spread = reference.std(correction=0).clamp_min(torch.finfo(reference.dtype).eps)
    return float((values.mean() - reference.mean()) / spread)
