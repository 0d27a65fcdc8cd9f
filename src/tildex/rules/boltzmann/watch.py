r"""What shows whether the training of a Boltzmann machine is healthy, measured on a few rows and chains.

.. math:: \text{moves} = \frac{\langle |h' - h|^2 \rangle}{\sum_j (\mathrm{Var}_d\, h_j + \mathrm{Var}_c\, h_j)},
          \qquad \text{gap} = \frac{\langle E \rangle_c - \langle E \rangle_d}{\sigma_d(E)}

of data d and chains c. ``h`` is a chain's hidden state and ``h'`` what one Gibbs sweep makes of it: independent draws
would move by 1. At the maximum of the likelihood the energies of chains and data are equal on average, because the
energy is linear in weights and biases and its gradient vanishes there.
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

# Enough rows for a mean, and a hundredth of those trained on in between: one that is watched costs about two of them.
_FEWEST, _MOST, _TRAINED_PER_WATCHED = 200, 1000, 100

_PASSES = 10
_CHAINS = 100

# Sweeps before the chains are looked at: those that begin at the data need time to leave them.
_FROM_CHAINS, _FROM_DATA = 1, 10

# How near to an end of its range a mean must stay, as a share of the range.
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
    """Return measures of health by name; neither the machine nor the chains are changed.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine.
    x : Tensor of shape (rows, features)
        Training rows, some hundreds.
    generator : Generator
        One that training does not draw from.
    chains : sequence of Tensor, optional
        The states that persistent chains were left in, one tensor a layer of shape (chains, size), of which the
        second side is read. Without them, chains begin at the rows.
    held_out : Tensor of shape (rows, features), optional
        Rows that are not trained on.

    Returns
    -------
    dict of str to float
        ``hidden_dead``, ``hidden_saturated``: the shares of hidden units that no row brings away from the low, or the
        high, end of their range. ``chain_moves``: how far a Gibbs sweep takes the chains' hidden units, 1 if as far as
        independent draws. ``chain_gap``: by how many standard deviations of the data's energies the chains' mean
        energy is above theirs. ``held_out_gap``: the same of the free energies of held-out and training rows, where
        hidden layers are joined of their variational bounds. A machine whose gains up and down differ is no joint
        distribution, and has neither gap.
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
        # Means, as in the data's state: half of the noise is gone and nothing else.
        settled = walking.sweep(moved, lambda units, inputs: units.mean(inputs), order=(1,))
        found["chain_gap"] = _gap(machine.energy(settled), machine.energy(means))
        if held_out is not None:
            others = Posterior(machine, held_out, n_steps=_PASSES)
            found["held_out_gap"] = _gap(-others.bound(), -posterior.bound())
    return found


def watched(total: int, trained: int) -> np.ndarray:
    """Return the numbers of the rows to watch, evenly apart among ``total``, where ``trained`` make an epoch.

    Example
    -------
    >>> len(watched(60_000, 60_000)), watched(3, 60_000)
    (600, array([0, 1, 2]))
    """
    n = min(max(trained // _TRAINED_PER_WATCHED, _FEWEST), _MOST, total)
    return np.linspace(0, total - 1, n).round().astype(np.int64)


def watch_due(epoch: int, n_iter: int, trained: int) -> bool:
    """Say whether to watch after an epoch of ``trained`` rows: every one of large data, and the last of all.

    Example
    -------
    >>> [epoch for epoch in range(1, 51) if watch_due(epoch, 50, 1438)]
    [14, 28, 42, 50]
    """
    every = math.ceil(_TRAINED_PER_WATCHED * len(watched(trained, trained)) / trained)
    return epoch % every == 0 or epoch >= n_iter


def _activity(machine: BoltzmannMachine, means: Sequence[Tensor]) -> dict[str, float]:
    """Return the shares of hidden units that stay at either end of their range, whatever the row."""
    low, high, total = 0, 0, 0
    for k in machine.hidden:
        units = machine.layers[k].units
        least, most = torch.aminmax(means[k], dim=0)
        # A range without an upper end has no share: one unit of value stands for it.
        margin = _END * (units.high - units.low if units.bounded else 1.0)
        low += int((most < units.low + margin).sum())
        high += int((least > units.high - margin).sum())
        total += machine.layers[k].size
    return {"hidden_dead": low / total, "hidden_saturated": high / total}


def _moves(
    machine: BoltzmannMachine, data: Sequence[Tensor], state: Sequence[Tensor], moved: Sequence[Tensor]
) -> float:
    """Return the mean squared move of hidden units over what independent codes of data and chains would differ by."""
    move, apart = 0.0, 0.0
    for k in machine.hidden:
        move += float((moved[k] - state[k]).square().mean(0).sum())
        apart += float((data[k].var(0, correction=0) + moved[k].var(0, correction=0)).sum())
    # Where all codes are one there is nowhere to move to: that is the fault of dead units, not of the chains.
    return move / apart if apart > 0 else 1.0


def _gap(values: Tensor, reference: Tensor) -> float:
    """Return how many standard deviations of the reference lie between the two means."""
    spread = reference.std(correction=0).clamp_min(torch.finfo(reference.dtype).eps)
    return float((values.mean() - reference.mean()) / spread)
