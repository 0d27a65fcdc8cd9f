r"""Mean field: the factorial distribution closest to the posterior of hidden layers given the known ones.

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
    """When mean field stops: ``n_steps`` and ``tol`` of :func:`mean_field`."""

    n_steps: int
    tol: float


CONVERGED: Passes = {"n_steps": 100, "tol": 1e-6}
"""Mean field outside training: until convergence."""


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

    Each pass updates the layers at odd distance from the known ones, then those at even distance, each given its
    neighbours' newest means, so that no pass lowers the variational bound. An initial pass goes from the known layers
    outwards; a layer's input counts twice there if a neighbour has no mean yet. In a two-layer machine this initial
    pass is exact and the only one.

    Parameters
    ----------
    machine : Graph
        Any machine.
    known : mapping of int to Tensor
        The values of known layers, shape (batch, size).
    n_steps : int
        Maximum number of passes over the hidden layers.
    tol : float
        Stop when no layer's means change by more than this, averaged over rows and units; 0 never stops early.
    start : sequence of Tensor, optional
        Starting means, one tensor per layer; by default from a pass from the known layers outwards.
    partly : mapping of int to (Tensor, Tensor), optional
        Layers with some known units: their values, and the mask of known units. The other units start at their means
        under the biases.

    Returns
    -------
    list of Tensor
        Values of known layers and means of the others, shape (batch, size).
    """
    partly = partly or {}
    distance = _distances(machine, [*known, *partly])
    outwards = [k for k in sorted(distance, key=distance.__getitem__) if k not in known]
    in_turn = sorted(outwards, key=lambda k: 1 - distance[k] % 2)
    # The input from known neighbours is constant: one product for all passes.
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
            new = _mean(machine, k, _received(machine, k, means, fixed[k]), partly)
            if tol > 0:
                change = max(change, float((new - means[k]).detach().abs().mean()))
            means[k] = new
        if change < tol:
            break
    return [known[k] if k in known else means[k] for k in range(len(machine.layers))]


def _mean(machine: Graph, k: int, inputs: Tensor, partly: Clamp) -> Tensor:
    """Return the means of a layer given its known values, which stay."""
    units = machine.layers[k].units
    if k not in partly:
        return units.mean(inputs)
    units, inputs = units.given(inputs, *partly[k])
    return _kept(partly, k, units.mean(inputs))


def _kept(partly: Clamp, k: int, means: Tensor) -> Tensor:
    """Return the means of a layer with its known values restored."""
    if k not in partly:
        return means
    values, known = partly[k]
    return torch.where(known, values, means)


def _neighbours(machine: Graph, k: int) -> list[int]:
    return [low if high == k else high for low, high in machine.edges if k in (low, high)]


def _distances(machine: Graph, known: Sequence[int]) -> dict[int, int]:
    """Return each layer's distance from the known layers, in couplings."""
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
    """Return ``onto`` plus the input of layer ``k`` from the layers in ``values``."""
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        if k == high and low in values:
            onto = coupling.up(values[low], onto)
        elif k == low and high in values:
            onto = coupling.down(values[high], onto)
    return onto
