r"""Multimodal machines: one pathway of layers per modality, all ending in a joint layer.

.. math:: E(v, h) = \sum_m E_m\big(v_m, h_m^{(1)}, \dots, h_m^{(L_m)}\big)
          - \sum_m z \cdot W_m h_m^{(L_m)} - b_z \cdot z

The visible layers come first, then the hidden layers pathway by pathway, and the joint layer z last (Srivastava &
Salakhutdinov, 2014, "Multimodal learning with deep Boltzmann machines").

A layer inside a pathway gets input from below and from above, so in pretraining, with only one neighbour present, its
input counts twice. The joint layer has nothing above and sees all pathways at once: its input counts once, and its
input to the tops of the pathways twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise

import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models.boltzmann.graph import Layer
from tildex.models.boltzmann.machine import BoltzmannMachine

__all__ = ["gather", "joined", "joint_part", "pathway_parts", "pathways"]


def joined(
    visible: Sequence[Layer], hidden: Sequence[Sequence[Layer]], joint: Layer, generator: Generator
) -> BoltzmannMachine:
    """Return the machine with one pathway per visible layer, with small random weights.

    Parameters
    ----------
    visible : sequence of Layer
        One per modality.
    hidden : sequence of sequences of Layer
        The layers above each, from the data upwards; an empty one connects the data directly to the joint layer.
    joint : Layer
        The layer in which all pathways end.
    generator : Generator
        Draws the weights.

    Example
    -------
    >>> from tildex.units import Bernoulli
    >>> layers = [Layer(Bernoulli(), n) for n in (4, 2, 3, 5)]
    >>> machine = joined(layers[:2], [[layers[2]], []], layers[3], Generator(0))
    >>> machine.visible, machine.edges, pathways(machine)
    ((0, 1), ((0, 2), (2, 3), (1, 3)), [(0, 2, 3), (1, 3)])
    """
    layers = list(visible)
    edges: dict[tuple[int, int], Coupling] = {}
    top = len(visible) + sum(map(len, hidden))
    for m, above in enumerate(hidden):
        way = [m, *range(len(layers), len(layers) + len(above)), top]
        layers += above
        sizes = [visible[m].size, *(layer.size for layer in above), joint.size]
        for edge, (below, size) in zip(pairwise(way), pairwise(sizes), strict=True):
            edges[edge] = Coupling(below, size, generator=generator)
    return BoltzmannMachine([*layers, joint], edges, visible=range(len(visible)))


def pathways(machine: BoltzmannMachine) -> list[tuple[int, ...]]:
    """Return the layers of each pathway, from the data to the joint layer."""
    above = dict(machine.edges)
    ways = []
    for k in machine.visible:
        way = [k]
        while way[-1] in above:
            way.append(above[way[-1]])
        ways.append(tuple(way))
    return ways


def pathway_parts(machine: BoltzmannMachine) -> list[list[BoltzmannMachine]]:
    """Return, per pathway, copies as two-layer machines of all couplings except that to the joint layer."""
    return [
        [
            _part(machine, [low], high, up=2.0, down=1.0 if k == 0 else 2.0)
            for k, (low, high) in enumerate(pairwise(way[:-1]))
        ]
        for way in pathways(machine)
    ]


def joint_part(machine: BoltzmannMachine) -> BoltzmannMachine:
    """Return a copy of the machine of the joint layer and the tops of all pathways, its visible layers."""
    ways = pathways(machine)
    part = _part(machine, [way[-2] for way in ways], ways[0][-1], up=1.0, down=2.0)
    for way, coupling in zip(ways, part.couplings, strict=True):
        if len(way) == 2:
            # Nothing is below: this layer is the data.
            coupling.down_gain = 1.0
    return part


def _part(
    machine: BoltzmannMachine, lows: Sequence[int], high: int, *, up: float, down: float
) -> BoltzmannMachine:
    layers = [deepcopy(machine.layers[k]) for k in (*lows, high)]
    couplings = dict(zip(machine.edges, machine.couplings, strict=True))
    edges = {(m, len(lows)): deepcopy(couplings[low, high]) for m, low in enumerate(lows)}
    for coupling in edges.values():
        coupling.up_gain, coupling.down_gain = up, down
    return BoltzmannMachine(layers, edges, visible=range(len(lows)))


@torch.no_grad()
def gather(
    parts: Sequence[Sequence[BoltzmannMachine]], joint: BoltzmannMachine, machine: BoltzmannMachine
) -> None:
    """Copy the parts' parameters into the machine: every weight once, and the mean of a layer's biases."""
    couplings = dict(zip(machine.edges, machine.couplings, strict=True))
    learned: dict[int, list[Layer]] = {}
    for m, (way, below) in enumerate(zip(pathways(machine), parts, strict=True)):
        for part, (low, high) in zip(below, pairwise(way[:-1]), strict=True):
            couplings[low, high].weight.copy_(part.couplings[0].weight)
            learned.setdefault(low, []).append(part.layers[0])
            learned.setdefault(high, []).append(part.layers[1])
        couplings[way[-2], way[-1]].weight.copy_(joint.couplings[m].weight)
        learned.setdefault(way[-2], []).append(joint.layers[m])
    learned[len(machine.layers) - 1] = [joint.layers[-1]]
    for k, layers in learned.items():
        layer = machine.layers[k]
        layer.bias.copy_(torch.stack([each.bias for each in layers]).mean(0))
        # Parameters such as precisions come from the part below, where the layer was data.
        layer.units.load_state_dict(layers[0].units.state_dict())
