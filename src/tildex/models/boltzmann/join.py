r"""Deep machines from shallow ones: restricted machines that each learn one coupling and are joined, or one that
grows.

A middle layer of a deep machine gets input from below and above; in pretraining, the neighbour present counts twice
to replace the missing one. So the first and last machines are doubled in one direction and those in between in both.
The joined machine takes every weight once and the mean of a layer's two learned biases (Salakhutdinov & Hinton, 2009,
"Deep Boltzmann machines"; Hinton & Salakhutdinov, 2012, "A better way to pretrain deep Boltzmann machines").
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise

import torch

from tildex.models.boltzmann.machine import BoltzmannMachine

__all__ = ["attach", "join", "lower", "parts_of"]


def parts_of(machine: BoltzmannMachine, *, doubled: bool) -> list[BoltzmannMachine]:
    """Return a two-layer machine for each coupling of a chain, with copies of its weights and biases.

    Parameters
    ----------
    machine : BoltzmannMachine
        Layers in a chain, each connected to the next.
    doubled : bool
        Whether a layer's input counts twice if the chain continues beyond it.

    Raises
    ------
    ValueError
        If the layers do not form a chain.
    """
    depth = len(machine.layers) - 1
    if machine.edges != tuple((k, k + 1) for k in range(depth)):
        raise ValueError(f"expected layers joined in a chain, got edges {machine.edges}")
    parts = []
    for k, ((low, high), coupling) in enumerate(
        zip(pairwise(machine.layers), machine.couplings, strict=True)
    ):
        part = BoltzmannMachine([deepcopy(low), deepcopy(high)], {(0, 1): deepcopy(coupling)})
        part.couplings[0].up_gain = 2.0 if doubled and k < depth - 1 else 1.0
        part.couplings[0].down_gain = 2.0 if doubled and k > 0 else 1.0
        parts.append(part)
    return parts


@torch.no_grad()
def join(parts: Sequence[BoltzmannMachine], machine: BoltzmannMachine) -> None:
    """Copy the parts' learned parameters into their machine."""
    for coupling, part in zip(machine.couplings, parts, strict=True):
        coupling.weight.copy_(part.couplings[0].weight)
    for k, layer in enumerate(machine.layers):
        learned = [part.layers[0] for part in parts[k : k + 1]]
        learned += [part.layers[1] for part in parts[max(k - 1, 0) : k]]
        layer.bias.copy_(torch.stack([each.bias for each in learned]).mean(0))
        # Parameters such as precisions come from the part below, where the layer was data.
        layer.units.load_state_dict(learned[0].units.state_dict())


def lower(machine: BoltzmannMachine, depth: int) -> BoltzmannMachine:
    """Return the machine of the visible layer and the first ``depth`` hidden ones of a chain, over the same weights."""
    edges = dict(zip(machine.edges[:depth], machine.couplings[:depth], strict=True))
    return BoltzmannMachine(machine.layers[: depth + 1], edges)


@torch.no_grad()
def attach(machine: BoltzmannMachine, depth: int) -> None:
    """Attach a layer of small weights above a trained lower part: its mean input is subtracted from the bias below.

    With zero weights the distribution of the layers below would be unchanged.
    """
    layer, below = machine.layers[depth], machine.layers[depth - 1]
    below.bias.sub_(machine.couplings[depth - 1].down(layer.units.mean(layer.bias)[None])[0])
