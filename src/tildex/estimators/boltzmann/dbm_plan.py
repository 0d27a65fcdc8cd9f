"""The training plans of a deep Boltzmann machine: greedy pretraining by coupling or by layer, then joint training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tildex.estimators.base.labels import digest
from tildex.estimators.base.saving import weights_of
from tildex.estimators.base.settings import part
from tildex.estimators.base.trained import trained
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, attach, draw_unknown, join, lower, parts_of, sample_up
from tildex.rules import Rule
from tildex.train import Rows, Trainer
from tildex.train.stages import Stage, Stages

__all__ = ["NONE", "pretrained"]

NONE = "none"

Present = Callable[[Tensor, Generator], Tensor]


def pretrained(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Return the stages of the training plan named by ``pretraining``.

    Parameters
    ----------
    dbm : DeepBoltzmannMachine
        The settings, and the module to train.
    data : Rows
        Scaled rows.
    held_out : Tensor, optional
        Held-out rows that validate the joint training.

    Raises
    ------
    ValueError
        If the plan is unknown, or ``start`` is given with a plan other than ``growing``.
    """
    if dbm.pretraining not in _PLANS:
        raise ValueError(f"pretraining must be one of {', '.join(_PLANS)}, got {dbm.pretraining!r}")
    plan = _PLANS[dbm.pretraining]
    if dbm.start is not None and plan is not _layer_by_layer:
        raise ValueError(f"start needs pretraining='growing', got {dbm.pretraining!r}")
    if dbm.n_iter_pretraining == 0 and plan is not _layer_by_layer:
        plan = _joint_only
    return plan(dbm, data, held_out)


def _joint_only(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Train the whole machine from random weights."""
    return Stages([_joint(dbm, data, held_out)], dbm.module_)


def _halved(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Train each coupling as an RBM, with inputs doubled to stand in for a layer's other neighbour; join them."""
    parts = parts_of(dbm.module_, doubled=True)

    def begin(generator: Generator) -> Trainer:
        join(parts, dbm.module_)
        return _joint_trainer(dbm, generator)

    joint = Stage("joint", begin, data, held_out)
    return Stages([*_couplings(dbm, parts, data), joint], nn.ModuleList([dbm.module_, *parts]))


def _two_stages(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Train plain RBMs, then the whole machine with every second layer held at samples from them."""
    parts = parts_of(dbm.module_, doubled=False)
    held = Stage("held layers", partial(_held_layers, dbm, parts), data)
    stages = [*_couplings(dbm, parts, data), held, _joint(dbm, data, held_out)]
    return Stages(stages, nn.ModuleList([dbm.module_, *parts]))


def _layer_by_layer(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Train an RBM, or copy ``start``, then the machine with one more layer at a time until it is complete."""
    depth, first = len(dbm.module_.layers) - 1, 1
    if (start := trained(dbm.start)) is not None:
        first += _take(dbm, start)

    def begin(size: int, generator: Generator) -> Trainer:
        if size > 1:
            attach(dbm.module_, size)
        if size == depth:
            return _joint_trainer(dbm, generator)
        rule = part(dbm, "pretraining_rule" if size == 1 else "rule")
        smaller = lower(dbm.module_, size)
        return _trainer(dbm, smaller, rule, generator, lowest=smaller)

    stages = [
        Stage(f"{size} hidden", partial(begin, size), data, held_out if size == depth else None)
        for size in range(first, depth + 1)
    ]
    return Stages(stages, dbm.module_)


_PLANS: dict[str, Callable[[Any, Rows, Tensor | None], Stages]] = {
    "halving": _halved,
    "growing": _layer_by_layer,
    "two-stage": _two_stages,
    NONE: _joint_only,
}


def _joint_trainer(dbm: Any, generator: Generator) -> Trainer:
    return dbm._trainer_for(generator, [])


def _joint(dbm: Any, data: Rows, held_out: Tensor | None) -> Stage:
    return Stage("joint", partial(_joint_trainer, dbm), data, held_out)


def _couplings(dbm: Any, parts: Sequence[BoltzmannMachine], data: Rows) -> list[Stage]:
    """Return one stage per coupling, trained on samples of the layer below it."""

    def begin(k: int, generator: Generator) -> Trainer:
        rule = part(dbm, "pretraining_rule")
        return _trainer(dbm, parts[k], rule, generator, partial(sample_up, parts[:k]), lowest=parts[0])

    return [Stage(f"coupling {k + 1}", partial(begin, k), data) for k in range(len(parts))]


def _take(dbm: Any, start: Any) -> int:
    """Copy a trained machine into the lowest layers, and return its number of hidden layers."""
    theirs, ours = start.module_, dbm.module_
    if not isinstance(theirs, BoltzmannMachine):
        raise ValueError(f"start must be an RBM or a DeepBoltzmannMachine, got {type(start).__name__}")
    sizes, wanted = ([layer.size for layer in machine.layers] for machine in (theirs, ours))
    if len(sizes) >= len(wanted) or sizes != wanted[: len(sizes)]:
        raise ValueError(
            f"start has layers of {sizes} units and this machine of {wanted}: this machine must have the layers of "
            "start and more above them"
        )
    lower(ours, len(sizes) - 1).load_state_dict(theirs.state_dict())
    # A checkpoint must not resume with another start.
    weights = [tensor.detach().cpu().numpy() for tensor in weights_of(start).values()]
    dbm._digest = ":".join([dbm._digest, *map(digest, weights)])
    return len(sizes) - 1


def _held_layers(dbm: Any, parts: Sequence[BoltzmannMachine], generator: Generator) -> Trainer:
    """Return the trainer of the deep machine with its even layers held at samples from the parts."""
    join(parts, dbm.module_)
    machine = dbm.module_
    even = BoltzmannMachine(
        machine.layers,
        dict(zip(machine.edges, machine.couplings, strict=True)),
        visible=range(0, len(machine.layers), 2),
    )

    def hold(x: Tensor, generator: Generator) -> Tensor:
        values = [x]
        for below in parts:
            values.append(sample_up([below], values[-1], generator))
        return torch.cat(values[::2], 1)

    return _trainer(dbm, even, part(dbm, "rule"), generator, hold, lowest=parts[0])


def _trainer(
    dbm: Any,
    module: nn.Module,
    rule: Rule,
    generator: Generator,
    then: Present | None = None,
    *,
    lowest: BoltzmannMachine,
) -> Trainer:
    """Return the trainer that pretrains a part on rows that are binarised, completed by the machine of the ``lowest``
    layers where values are unknown, and passed through ``then``.
    """
    binary = dbm._presented_by(partial(draw_unknown, lowest))

    def present(x: Tensor, generator: Generator) -> Tensor:
        x = x if binary is None else binary(x, generator)
        return x if then is None else then(x, generator)

    optimizer = part(dbm, "pretraining_optimizer", dbm.module_)
    return Trainer(module, rule, optimizer, dbm._plan(dbm.n_iter_pretraining), generator, present=present)
