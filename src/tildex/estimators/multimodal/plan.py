"""The training plan of a multimodal machine: pathways, joint layer, joint training, prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tildex.estimators.base.checks import check_whole
from tildex.estimators.base.settings import part
from tildex.estimators.multimodal.columns import known_rows, rows_that_know
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, gather, joint_part, pathway_parts, sample_up
from tildex.rules import Rule, Variational
from tildex.train import Rows, Trainer
from tildex.train.restraints import Pace
from tildex.train.stages import Stage, Stages

__all__ = ["paces_of", "pathway_by_pathway"]

# Factor on the learning rate of unbounded layers, whose gradients are unbounded too.
_UNBOUNDED_PACE = 0.2

Present = Callable[[Tensor, Generator], Tensor]


def pathway_by_pathway(dbm: Any, data: Rows, held_out: Tensor | None) -> Stages:
    """Return the stages of the training.

    Parameters
    ----------
    dbm : MultimodalDBM
        The settings, and the machine to train.
    data : Rows
        Scaled rows; unknown values are NaN.
    held_out : Tensor, optional
        Held-out rows that validate the last two stages.

    Raises
    ------
    ValueError
        If nothing is known of a row, or a number of epochs is not a whole number.
    """
    for name in ("n_iter_pretraining", "n_iter_prediction"):
        check_whole(name, getattr(dbm, name), 0)
    known = known_rows(data, dbm._fields)
    if not known.any(1).all():
        row = int((~known.any(1)).argmax())
        raise ValueError(f"nothing is known of row {row}: drop it, or give at least one modality of it")
    joint = Stage("joint", partial(dbm._trainer_for, callbacks=[]), data, held_out)
    plan = Stages([joint], dbm.module_)
    # If the joint layer lies directly on the data, it is the whole machine.
    deep = any(one.hidden_layer_sizes for one in dbm.modalities_)
    if dbm.n_iter_pretraining and not dbm._goes_on and deep:
        plan = _pretrained(dbm, data, known, held_out)
    if not dbm.n_iter_prediction or len(dbm.modalities_) == 1:
        return plan
    prediction = Stage("prediction", partial(_prediction, dbm), data, held_out)
    return Stages([*plan.stages, prediction], plan.carried)


def paces_of(machine: BoltzmannMachine) -> Sequence[Pace]:
    """Return the slower pace of unbounded layers and their couplings."""
    slow: dict[int, nn.Parameter] = {}
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        for k in (low, high):
            if not machine.layers[k].units.bounded:
                learned = [coupling.weight, *machine.layers[k].parameters()]
                slow |= {id(parameter): parameter for parameter in learned}
    return [Pace(list(slow.values()), _UNBOUNDED_PACE)] if slow else []


def _pretrained(dbm: Any, data: Rows, known: np.ndarray, held_out: Tensor | None) -> Stages:
    """Return the stages of the pathways and the joint layer, and the joint stage that starts from their weights."""
    parts, top = pathway_parts(dbm.module_), joint_part(dbm.module_)
    stages = []
    for m, (field, below) in enumerate(zip(dbm._fields, parts, strict=True)):
        rows = rows_that_know(data, field, known[:, m])
        for depth in range(len(below)):
            begin = partial(_coupling, dbm, below, depth, m)
            stages.append(Stage(f"{field.name}, coupling {depth + 1}", begin, rows))
    stages.append(Stage("joint layer", partial(_joint_layer, dbm, parts, top), data))

    def joined(generator: Generator) -> Trainer:
        gather(parts, top, dbm.module_)
        return dbm._trainer_for(generator, [])

    stages.append(Stage("joint", joined, data, held_out))
    return Stages(stages, nn.ModuleList([dbm.module_, *(one for below in parts for one in below), top]))


def _coupling(
    dbm: Any, below: Sequence[BoltzmannMachine], depth: int, m: int, generator: Generator
) -> Trainer:
    """Return the trainer of one coupling of a pathway on samples of the layer below it."""
    whole, field = dbm._present(), dbm._fields[m]

    def present(x: Tensor, generator: Generator) -> Tensor:
        if whole is not None:
            # Binarisation takes a whole row; the other modalities are unknown.
            row = x.new_full((len(x), dbm.n_features_in_), torch.nan)
            row[:, field.start : field.stop] = x
            x = field.of(whole(row, generator))
        return sample_up(below[:depth], x, generator)

    return _apart(dbm, below[depth], part(dbm, "pretraining_rule"), generator, present)


def _joint_layer(
    dbm: Any, parts: Sequence[Sequence[BoltzmannMachine]], top: BoltzmannMachine, generator: Generator
) -> Trainer:
    """Return the trainer of the joint layer on samples of the top layers of all pathways."""
    whole, fields = dbm._present(), dbm._fields

    def present(x: Tensor, generator: Generator) -> Tensor:
        x = x if whole is None else whole(x, generator)
        tops = [sample_up(below, field.of(x), generator) for below, field in zip(parts, fields, strict=True)]
        return torch.cat(tops, 1)

    # Contrastive rules need one visible layer; this rule takes any number, and unknown values.
    return _apart(dbm, top, Variational(), generator, present)


def _apart(dbm: Any, module: BoltzmannMachine, rule: Rule, generator: Generator, present: Present) -> Trainer:
    plan, optimizer = dbm._plan(dbm.n_iter_pretraining), part(dbm, "pretraining_optimizer", module)
    return Trainer(module, rule, optimizer, plan, generator, present=present, paces=paces_of(module))


def _prediction(dbm: Any, generator: Generator) -> Trainer:
    """Return the trainer of the whole machine for predicting left-out values."""
    optimizer = part(dbm, "prediction_optimizer", dbm.module_)
    rule, plan = part(dbm, "prediction_rule"), dbm._plan(dbm.n_iter_prediction)
    return Trainer(dbm.module_, rule, optimizer, plan, generator, present=dbm._present())
