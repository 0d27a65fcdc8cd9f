"""The training plan of a deep belief network: one stage per machine, on samples of the layer below, then up-down.

An upper machine may start as the machine below with its layers swapped, so that another layer loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from tildex.estimators.base.checks import check_whole
from tildex.estimators.base.columns import chunks
from tildex.estimators.base.settings import part
from tildex.estimators.base.trained import trained
from tildex.generator import Generator
from tildex.maps import Coupling, layer_sizes
from tildex.models import BeliefNetwork, BoltzmannMachine, Layer, draw_unknown, flip
from tildex.products import autocast
from tildex.rules import PCD, Rule
from tildex.train import Rows, Trainer
from tildex.train.stages import Stage, Stages
from tildex.units import Categorical, Units

__all__ = ["machines", "one_by_one", "present_at", "up_down_trainer"]

Present = Callable[[Tensor, Generator], Tensor]


def machines(
    dbn: Any, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
) -> list[BoltzmannMachine]:
    """Return the untrained machines of a network, bottom up."""
    sizes = _sizes(dbn, n_features)
    return [
        _machine_at(dbn, k, sizes, likelihood, generator, mean if k == 0 else None)
        for k in range(len(sizes) - 1)
    ]


def one_by_one(dbn: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Return one stage per machine, except a trained start, and the up-down stage.

    Parameters
    ----------
    dbn : DeepBeliefNetwork
        The settings, and the module to train.
    data : Rows
        Scaled rows, with labels as further columns if the network has a label layer.
    held_out : Tensor, optional
        Held-out rows that validate every stage.
    """
    check_whole("n_iter_up_down", dbn.n_iter_up_down, 0)
    together = Stage("up-down", lambda generator: dbn._trainer_for(generator, []), data, held_out)
    if dbn._goes_on:
        return Stages([together], dbn.module_)
    depths = range(int(_takes_start(dbn)), len(dbn.module_.pairs) + 1)
    stages = [_machine_stage(dbn, depth, data, held_out) for depth in depths]
    return Stages([*stages, together] if dbn.n_iter_up_down else stages, dbn.module_)


def up_down_trainer(dbn: Any, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
    """Return the trainer of the up-down stage."""
    return Trainer(
        dbn.module_,
        dbn._rule(),
        part(dbn, "up_down_optimizer", dbn.module_),
        dbn._plan(dbn.n_iter_up_down or dbn.n_iter),
        generator,
        callbacks,
        present_at(dbn, 0, dbn.label_layer),
    )


def _sizes(dbn: Any, n_features: int) -> list[int]:
    return [n_features, *layer_sizes(dbn.hidden_layer_sizes), dbn.n_components]


def _machine_at(
    dbn: Any,
    depth: int,
    sizes: Sequence[int],
    likelihood: Units,
    generator: Generator,
    mean: Tensor | None,
) -> BoltzmannMachine:
    """Return the untrained machine at ``depth``; the top machine includes the label layer, if any."""
    joints = list(pairwise(sizes))
    (low, high), units = joints[depth], likelihood if depth == 0 else part(dbn, "hidden")
    layers = [Layer(units, low, mean=mean), Layer(part(dbn, "hidden"), high)]
    edges = {(0, 1): Coupling(low, high, generator=generator)}
    if not dbn.label_layer or depth < len(joints) - 1:
        return BoltzmannMachine(layers, edges)
    classes = len(dbn.classes_)
    layers.append(Layer(Categorical(classes), classes))
    edges[1, 2] = Coupling(high, classes, generator=generator)
    return BoltzmannMachine(layers, edges, visible=(0, 2))


def _takes_start(dbn: Any) -> bool:
    """Copy ``start`` into the network, if given; return whether it was."""
    start = trained(dbn.start)
    if start is None:
        return False
    (low, high), units = _sizes(dbn, dbn.n_features_in_)[:2], part(dbn, "hidden")
    machine = start.module_
    fits = isinstance(machine, BoltzmannMachine) and [layer.size for layer in machine.layers] == [low, high]
    if not fits or machine.layers[1].units != units:
        raise ValueError(
            f"start must be a fitted RBM of {low} features and {high} {units!r} hidden units, got {start!r}"
        )
    _take(dbn.module_, machine, 0)
    return True


def _machine_stage(dbn: Any, depth: int, data: Rows, held_out: Tensor | None) -> Stage:
    """Return the stage that trains one machine and copies it into the network."""
    network: BeliefNetwork = dbn.module_
    top = depth == len(network.pairs)
    labelled = top and dbn.label_layer

    def begin(generator: Generator) -> Trainer:
        mean = _mean_at(dbn, depth, data)
        with torch.device(dbn.device_):
            sizes = _sizes(dbn, dbn.n_features_in_)
            machine = _machine_at(dbn, depth, sizes, dbn.likelihood_, generator, mean)
        machine.to(dbn.device_, mean.dtype)
        flipped = _starters(dbn)(machine, network, depth)
        # Rows with labels need a belief network, here of the top machine alone.
        model = BeliefNetwork([], machine) if labelled else machine
        rule: Rule = part(dbn, "up_down" if labelled else "rule")
        present = present_at(dbn, depth, labelled, lowest=None if depth else machine)
        if flipped and type(rule) is PCD:
            chosen = generator.permutation(len(data))[: rule.n_chains or dbn.batch_size]
            _start_at(present(data.take(chosen), generator), rule, machine, generator)
        optimizer = part(dbn, "optimizer", machine)
        return Trainer(model, rule, optimizer, dbn._plan(dbn.n_iter), generator, present=present)

    def end(trainer: Trainer) -> None:
        _take(network, trainer.model.normaliser, depth)  # type: ignore[arg-type]

    return Stage("top machine" if top else f"machine {depth + 1}", begin, data, held_out, end)


@torch.no_grad()
def _take(network: BeliefNetwork, machine: BoltzmannMachine, depth: int) -> None:
    """Copy a trained machine into the network."""
    if depth == len(network.pairs):
        network.top.load_state_dict(machine.state_dict())
        return
    # Into both: up-down trains recognition and generation weights separately.
    ours, theirs = network.pairs[depth], machine.pair()
    ours.encoder.load_state_dict(theirs.encoder.state_dict())
    ours.decoder.load_state_dict(theirs.decoder.state_dict())


def _flipped(machine: BoltzmannMachine, network: BeliefNetwork, depth: int) -> bool:
    """Start a machine as the one below with its layers swapped, if it fits; return whether it does."""
    if depth == 0:
        return False
    below, hidden = network.pairs[depth - 1], machine.layers[1]
    weight = below.decoder.map.affine_weight()
    if weight is None or hidden.size < len(weight) or hidden.units != below.decoder.units:
        return False
    flip(machine, below)
    return True


def _random(machine: BoltzmannMachine, network: BeliefNetwork, depth: int) -> bool:
    return False


_STARTERS: dict[str, Callable[[BoltzmannMachine, BeliefNetwork, int], bool]] = {
    "flipped": _flipped,
    "random": _random,
}


def _starters(dbn: Any) -> Callable[[BoltzmannMachine, BeliefNetwork, int], bool]:
    if dbn.upper not in _STARTERS:
        raise ValueError(f"upper must be one of {', '.join(_STARTERS)}, got {dbn.upper!r}")
    return _STARTERS[dbn.upper]


@torch.no_grad()
def _mean_at(dbn: Any, depth: int, data: Rows) -> Tensor:
    """Return the mean of a layer over all rows, from the means of an upward pass."""
    network = dbn.module_
    layers = [network.up(network.shown(x[:, : dbn.n_features_in_]))[depth].sum(0) for x in chunks(data)]
    return torch.stack(layers).sum(0) / len(data)


def present_at(dbn: Any, depth: int, labelled: bool, *, lowest: BoltzmannMachine | None = None) -> Present:
    """Return the transformation of rows to the input of the machine at ``depth``: binarisation, then samples upwards.

    Unknown values are drawn by the ``lowest`` machine while it learns, and by the network afterwards.

    Label columns are dropped unless the machine has a label layer.
    """
    by = dbn._draw_unknown if lowest is None else partial(draw_unknown, lowest)
    binarise = dbn._presented_by(by)

    @torch.no_grad()
    def present(x: Tensor, generator: Generator) -> Tensor:
        v = x[:, : dbn.n_features_in_]
        layer = v if binarise is None else binarise(v, generator)
        with autocast(dbn.device_, dbn._products):
            for pair in dbn.module_.pairs[:depth]:
                layer = pair.encoder.sample(layer, generator)
        return torch.cat([layer, x[:, v.shape[1] :]], 1) if labelled else layer

    return present


def _start_at(rows: Tensor, rule: PCD, machine: BoltzmannMachine, generator: Generator) -> None:
    """Start a rule's chains at the data and its offsets at their means: a flipped machine is already trained."""
    hidden = machine.layers[1].units
    with torch.no_grad():
        inputs = machine.inputs(1, [rows, rows])
        offsets = {"offset_0": rows.mean(0), "offset_1": hidden.mean(inputs).mean(0)}
        rule.set_state({"chains": hidden.sample(inputs, generator), **offsets})
