"""Stacks: grow a deep model from one-layer models, then unroll it into one deep pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Map
from tildex.models.boltzmann import BoltzmannMachine
from tildex.models.pair import Conditional, Pair

__all__ = ["Chain", "flip", "grow", "unroll"]


class Chain(Map):
    """A map through the means of several conditionals; the last gives inputs, for the units of a deep conditional."""

    conditionals: Sequence[Conditional]

    def __init__(self, conditionals: Sequence[Conditional]) -> None:
        super().__init__()
        self.conditionals = nn.ModuleList(conditionals)  # type: ignore[assignment]

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inputs of the last conditional's units."""
        *inner, last = self.conditionals
        for conditional in inner:
            x = conditional.mean(x, generator)
        return last.inputs(x, generator)

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of a chain of one, or None."""
        (*inner, last) = self.conditionals
        return None if inner else last.map.affine_weight()


def grow(layers: Sequence[Callable[[Tensor], Pair]], x: Tensor) -> list[Pair]:
    """Train layer after layer, each on the mean code of the one below (Bengio et al., 2007, "Greedy layer-wise
    training of deep networks").

    Parameters
    ----------
    layers : sequence of callables
        Each takes data, shape (rows, visible), and returns a trained pair: any one-layer model will do.
    x : Tensor of shape (rows, visible)
        The data of the first.
    """
    pairs = []
    for train in layers:
        pair = train(x)
        pairs.append(pair)
        with torch.no_grad():
            x = pair.encoder.mean(x)
    return pairs


def unroll(pairs: Sequence[Pair]) -> Pair:
    """Return one deep pair over the same parameters: up through every encoder, down through every decoder."""
    encoders = [pair.encoder for pair in pairs]
    decoders = [pair.decoder for pair in reversed(pairs)]
    return Pair(
        Conditional(Chain(encoders), encoders[-1].units), Conditional(Chain(decoders), decoders[-1].units)
    )


def flip(machine: BoltzmannMachine, below: Pair) -> None:
    """Start an untrained machine as the trained one below it turned round, whose marginal over its layer it then has.

    The lower machine's visible units become the first hidden ones, over its weights, so that a network of the two
    starts with the likelihood of the one (Hinton, Osindero & Teh, 2006, "A fast learning algorithm for deep belief
    nets"), but for what further hidden units add by their small weights.

    Parameters
    ----------
    machine : BoltzmannMachine
        Its layers 0 and 1 are changed.
    below : Pair
        Of the trained machine, as ``pair()`` gives it.

    Raises
    ------
    ValueError
        If ``machine`` has fewer hidden units than that has visible ones, or they are of another family.
    """
    (visible, hidden), units = machine.layers[:2], below.decoder.units
    down: Any = below.decoder.map
    up: Any = below.encoder.map
    weight = down.affine_weight()
    if weight is None or hidden.size < len(weight) or hidden.units != units:
        wanted = "one affine map" if weight is None else f"at least {len(weight)} {units!r} hidden units"
        raise ValueError(f"expected {wanted} to turn a machine round, got {hidden.size} {hidden.units!r}")
    with torch.no_grad():
        machine.couplings[machine.edges.index((0, 1))].weight[: len(weight)] = weight
        hidden.bias[: len(weight)] = down.bias
        visible.bias.copy_(up.bias)
