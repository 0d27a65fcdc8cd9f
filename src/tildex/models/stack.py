"""Stacks: grow a deep model from one-layer models, then unroll it into a deep pair."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.maps import Affine, Around, Map, Scaling, Seen
from tildex.models.boltzmann.machine import BoltzmannMachine
from tildex.models.model import Model
from tildex.models.pair import Conditional, Pair
from tildex.units import Gaussian

__all__ = ["Chain", "flip", "grow", "one_layer", "unroll"]

Noise = Callable[[Tensor, Generator], Tensor]


class Chain(Map):
    """A map through the means of several conditionals; the last one gives the inputs of a deep conditional's units.

    Parameters
    ----------
    conditionals : sequence of Conditional
        In order of application.
    input_noise, noise : callable, optional
        Corruptions of the condition and of every intermediate mean, as in an MLP.
    """

    conditionals: Sequence[Conditional]

    def __init__(
        self,
        conditionals: Sequence[Conditional],
        *,
        input_noise: Noise | None = None,
        noise: Noise | None = None,
    ) -> None:
        super().__init__()
        self.conditionals = nn.ModuleList(conditionals)  # type: ignore[assignment]
        self.noises = [input_noise] + [noise] * (len(conditionals) - 1)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the inputs of the last conditional's units."""
        for depth, (conditional, noise) in enumerate(
            zip(self.conditionals, self.noises, strict=True), start=1
        ):
            if noise is not None and generator is not None:
                x = noise(x, generator)
            last = depth == len(self.conditionals)
            x = conditional.inputs(x, generator) if last else conditional.mean(x, generator)
        return x

    def look(self, rows: Callable[[], Tensor]) -> None:
        """Let the first conditional look at some rows."""
        self.conditionals[0].map.look(rows)

    def within(self) -> Sequence[Conditional]:
        """Return the conditionals."""
        return self.conditionals

    def affine_weight(self) -> Tensor | None:
        """Return the matrix of a chain of length one, else None."""
        (*inner, last) = self.conditionals
        return None if inner else last.map.affine_weight()


def grow(layers: Sequence[Callable[[Tensor], Pair]], x: Tensor) -> list[Pair]:
    """Train layer by layer, each on the mean code of the layer below (Bengio et al., 2007, "Greedy layer-wise
    training of deep networks").

    Parameters
    ----------
    layers : sequence of callables
        Each takes data, shape (rows, visible), and returns a trained pair of any one-layer model.
    x : Tensor of shape (rows, visible)
        The data of the first layer.
    """
    pairs = []
    for train in layers:
        pair = train(x)
        pairs.append(pair)
        with torch.no_grad():
            x = pair.encoder.mean(x)
    return pairs


def unroll(pairs: Sequence[Pair], *, noise: Noise | None = None, shortcut: bool = False) -> Pair:
    """Return one deep pair over the same parameters: up through every encoder, down through every decoder.

    Parameters
    ----------
    pairs : sequence of Pair
        Bottom up.
    noise : callable, optional
        A corruption of every hidden layer and of the code, applied when a call passes a generator.
    shortcut : bool
        Whether a linear layer, zero at first, leads around the hidden layers in both directions.
    """
    encoders = [pair.encoder for pair in pairs]
    decoders = [pair.decoder for pair in reversed(pairs)]
    up: Map = Chain(encoders, noise=noise)
    down: Map = Chain(decoders, input_noise=None if shortcut else noise, noise=noise)
    if shortcut:
        rows, codes = _width(encoders[0]), _width(decoders[0])
        up = Around(up, rows, codes)
        down = Around(down, codes, rows, input_noise=noise)
    return Pair(Conditional(up, encoders[-1].units), Conditional(down, decoders[-1].units))


def one_layer(module: nn.Module, scaling: Scaling) -> Pair:
    """Return the two conditionals of a trained one-layer model as separate affine maps over unscaled rows.

    Tied or shared weights are copied, a code of two parameters per unit becomes its mean, and the scaling is absorbed
    into weights and biases, so that means equal those of scaling, model and inverse scaling in sequence.

    Parameters
    ----------
    module : Pair or BoltzmannMachine
        A model with affine maps.
    scaling : Scaling
        The scaling of its rows.

    Raises
    ------
    ValueError
        If there are more layers, or the rows were scaled although the decoder's units have a fixed range.
    """
    pair = cast(Model, module).pair()
    above, below = copy.deepcopy(pair.encoder.units), copy.deepcopy(pair.decoder.units)
    view, first = pair.encoder.map.opened()
    (up, c), (down, b) = _matrix(first), _matrix(pair.decoder.map)
    if above.arity > 1:
        size = len(up) // above.arity
        up, c, above = up[:size], c[:size], Gaussian()
    below, down, b = below.apart(down, b)
    up = up / scaling.scale
    c = c - up @ scaling.offset
    if not scaling.is_identity():
        moved = (scaling.scale != 1) | (scaling.offset != 0)
        if bool((moved & ~below.real_columns(len(b)).to(moved.device)).any()):
            raise ValueError(f"rows of {below!r} units have a fixed range: do not rescale them")
        # The mean of Gaussian units is their variance times their input.
        shift = torch.where(moved, scaling.offset / below.variance(b), 0.0)
        down, b = scaling.scale[:, None] * down, scaling.scale * b + shift
    # A view is of columns that are not rescaled, so that the scaling is absorbed behind it.
    encoder = _affine(up, c) if view is None else Seen(copy.deepcopy(view), _affine(up, c))
    return Pair(Conditional(encoder, above), Conditional(_affine(down, b), below))


def _width(conditional: Conditional) -> int:
    """Return the number of columns that an affine map takes."""
    return _matrix(conditional.map)[0].shape[1]


def _matrix(map: Map) -> tuple[Tensor, Tensor]:
    """Return the weights and biases of an affine map."""
    weight, bias = map.affine_weight(), map.output_bias
    if weight is None:
        raise ValueError("expected a model of one layer: one matrix from rows to code, and one back")
    return weight, weight.new_zeros(len(weight)) if bias is None else bias


def _affine(weight: Tensor, bias: Tensor) -> Affine:
    linear = nn.utils.skip_init(nn.Linear, *reversed(weight.shape), device=weight.device, dtype=weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    return Affine(linear)


def flip(machine: BoltzmannMachine, below: Pair) -> None:
    """Initialise an untrained machine as the trained one below it upside down, so that both have the same marginal
    over the shared layer.

    The lower machine's visible units become the first hidden units, with the same weights, so a network of the two
    starts with the likelihood of the lower one (Hinton, Osindero & Teh, 2006, "A fast learning algorithm for deep
    belief nets"), except for the effect of the small weights of further hidden units.

    Parameters
    ----------
    machine : BoltzmannMachine
        Its layers 0 and 1 are changed.
    below : Pair
        The trained machine's ``pair()``.

    Raises
    ------
    ValueError
        If ``machine`` has fewer hidden units than the lower one has visible units, or of another family.
    """
    (visible, hidden), units = machine.layers[:2], below.decoder.units
    down: Any = below.decoder.map
    up: Any = below.encoder.map
    weight = down.affine_weight()
    if weight is None or hidden.size < len(weight) or hidden.units != units:
        wanted = "one affine map" if weight is None else f"at least {len(weight)} {units!r} hidden units"
        raise ValueError(
            f"expected {wanted} to turn a machine upside down, got {hidden.size} {hidden.units!r}"
        )
    with torch.no_grad():
        machine.couplings[machine.edges.index((0, 1))].weight[: len(weight)] = weight
        hidden.bias[: len(weight)] = down.bias
        visible.bias.copy_(up.bias)
