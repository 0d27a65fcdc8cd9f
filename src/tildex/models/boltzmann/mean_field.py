r"""Mean field: the factorial distribution nearest to what hidden layers are given the known ones.

.. math:: Q(h) = \prod_k \text{units}_k(h_k \mid \eta_k), \qquad \eta_k = b_k + \sum_{j \sim k} W_{jk}\, m_j,
          \qquad m_k = E_Q[h_k]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import torch
from torch import Tensor

from tildex.models.boltzmann.graph import Clamp, Graph

__all__ = ["CONVERGED", "Passes", "mean_field"]


class Passes(TypedDict):
    """How long mean field goes on: ``n_steps`` and ``tol`` of :func:`mean_field`."""

    n_steps: int
    tol: float


CONVERGED: Passes = {"n_steps": 100, "tol": 1e-6}
"""Mean field in use, as opposed to training: until nothing moves."""


def mean_field(
    machine: Graph,
    known: Mapping[int, Tensor],
    *,
    n_steps: int = 50,
    tol: float = 1e-5,
    start: Sequence[Tensor] | None = None,
    partly: Clamp | None = None,
) -> list[Tensor]:
    """Return the fixed point of the mean-field equations (Salakhutdinov & Hinton, 2009, "Deep Boltzmann machines").

    Layers are renewed side by side: those at odd distance from the known ones, then those at even distance, each given
    the newest means of its neighbours, so that no pass lowers the variational bound. Before the first pass, one goes
    from the known layers outwards, in which what a layer receives counts twice where a neighbour has no mean yet. In
    a machine of two layers that is exact, and all there is to do.

    Parameters
    ----------
    machine : Graph
        Any layers.
    known : mapping of int to Tensor
        The values of known layers, shape (batch, size).
    n_steps : int
        Passes over the hidden layers, at most.
    tol : float
        The largest change of a mean, averaged over rows and units, at which to stop; 0 never stops early.
    start : sequence of Tensor, optional
        Means to begin with, one tensor a layer; by default a pass from the known layers outwards gives them.
    partly : mapping of int to (Tensor, Tensor), optional
        Layers of which some units are known: their values, and where they are. The other units begin at the means
        that their biases give.

    Returns
    -------
    list of Tensor
        Values of known layers and means of the others, shape (batch, size).
    """
    partly = partly or {}
    distance = _distances(machine, [*known, *partly])
    outwards = [k for k in sorted(distance, key=distance.__getitem__) if k not in known]
    in_turn = sorted(outwards, key=lambda k: 1 - distance[k] % 2)
    # What known neighbours contribute never changes: one product for all passes.
    fixed = {k: _received(machine, k, known, machine.layers[k].bias) for k in outwards}
    means = {k: _kept(partly, k, machine.layers[k].units.mean(machine.layers[k].bias)) for k in partly}
    if start is None:
        for k in outwards:
            if k in partly:
                continue
            inputs = _received(machine, k, means, fixed[k])
            if any(j not in means and j not in known for j in _neighbours(machine, k)):
                inputs = 2 * inputs - machine.layers[k].bias
            means[k] = machine.layers[k].units.mean(inputs)
    else:
        means = {k: start[k] for k in outwards}
    couples = any(low in fixed and high in fixed for low, high in machine.edges)
    for _ in range(n_steps if couples or start is not None else 0):
        change = 0.0
        for k in in_turn:
            new = _kept(partly, k, machine.layers[k].units.mean(_received(machine, k, means, fixed[k])))
            if tol > 0:
                change = max(change, float((new - means[k]).detach().abs().mean()))
            means[k] = new
        if change < tol:
            break
    return [known[k] if k in known else means[k] for k in range(len(machine.layers))]


def _kept(partly: Clamp, k: int, means: Tensor) -> Tensor:
    """Return the means of a layer with what is known of it put back."""
    if k not in partly:
        return means
    values, known = partly[k]
    return torch.where(known, values, means)


def _neighbours(machine: Graph, k: int) -> list[int]:
    return [low if high == k else high for low, high in machine.edges if k in (low, high)]


def _distances(machine: Graph, known: Sequence[int]) -> dict[int, int]:
    """Return how many couplings away from the known layers each layer is."""
    distance = dict.fromkeys(known, 0)
    frontier = list(known)
    while frontier:
        k = frontier.pop(0)
        for near in _neighbours(machine, k):
            if near not in distance:
                distance[near] = distance[k] + 1
                frontier.append(near)
    return distance


def _received(machine: Graph, k: int, values: Mapping[int, Tensor], onto: Tensor) -> Tensor:
    """Return ``onto`` with what layer ``k`` receives from the layers in ``values``."""
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        if k == high and low in values:
            onto = coupling.up(values[low], onto)
        elif k == low and high in values:
            onto = coupling.down(values[high], onto)
    return onto
