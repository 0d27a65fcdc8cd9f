"""The stages in which a multimodal machine is trained: pathways, their meeting, the whole, and prediction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tildex.estimators.base.checks import check_whole
from tildex.estimators.base.columns import Transformed
from tildex.estimators.base.staged import StagedEstimator
from tildex.estimators.multimodal.columns import known_rows
from tildex.estimators.multimodal.tables import ModalitiesMixin
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, gather, joint_part, pathway_parts
from tildex.optimizers import Optimizer
from tildex.rules import Rule, Variational
from tildex.train import Plan, Rows, Trainer
from tildex.train.restraints import Pace
from tildex.train.stages import Stage

__all__ = ["MeetingEstimator"]

# Values without bounds make gradients without bounds.
_UNBOUNDED_PACE = 0.2

Present = Callable[[Tensor, Generator], Tensor]


class MeetingEstimator(ModalitiesMixin, StagedEstimator):
    """An estimator whose module is a machine of pathways, with the settings of :class:`MultimodalDBM`."""

    n_iter_pretraining: int
    n_iter_prediction: int
    _again: bool = False

    def _start(self, X: Any, generator: Generator) -> Rows:
        self._again = self.warm_start and hasattr(self, "history_")
        return super()._start(X, generator)

    def _stages(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        for name in ("n_iter_pretraining", "n_iter_prediction"):
            check_whole(name, getattr(self, name), 0)
        known = known_rows(data, self._fields)
        if not known.any(1).all():
            row = int((~known.any(1)).argmax())
            raise ValueError(
                f"nothing is known of row {row}: leave it out, or give at least one modality of it"
            )
        joint = partial(self._trainer_for, callbacks=[])
        stages = [Stage("joint", joint, data, held_out)]
        if self.n_iter_pretraining and not self._again and self._deep():
            stages = self._pretraining(data, known, held_out)
        if self.n_iter_prediction and len(self.modalities_) > 1:
            stages.append(Stage("prediction", self._predicting, data, held_out))
        return stages

    def _deep(self) -> bool:
        """Say whether there is a layer between any data and the joint one."""
        return any(one.hidden_layer_sizes for one in self.modalities_)

    def _pretraining(self, data: Rows, known: np.ndarray, held_out: Tensor | None) -> list[Stage]:
        """Return the stages of pathways and joint layer, and the joint training that begins with what they learned."""
        parts, meeting = pathway_parts(self.module_), joint_part(self.module_)
        self._held = nn.ModuleList([self.module_, *(part for below in parts for part in below), meeting])
        stages = []
        for m, (field, below) in enumerate(zip(self._fields, parts, strict=True)):
            rows = Transformed(data, field.of, None if known[:, m].all() else known[:, m].nonzero()[0])
            for depth in range(len(below)):
                begin = partial(self._coupling, below, depth, m)
                stages.append(Stage(f"{field.name}, coupling {depth + 1}", begin, rows))
        stages.append(Stage("joint layer", partial(self._meeting, parts, meeting), data))

        def joined(generator: Generator) -> Trainer:
            gather(parts, meeting, self.module_)
            return self._trainer_for(generator, [])

        return [*stages, Stage("joint", joined, data, held_out)]

    def _coupling(
        self, below: Sequence[BoltzmannMachine], depth: int, m: int, generator: Generator
    ) -> Trainer:
        """Return the training of one coupling of a pathway on samples of the layer below it."""
        whole, field = self._present(), self._fields[m]

        def present(x: Tensor, generator: Generator) -> Tensor:
            if whole is not None:
                # What binarises a whole row sees the other modalities as unknown.
                row = x.new_full((len(x), self.n_features_in_), torch.nan)
                row[:, field.start : field.stop] = x
                x = field.of(whole(row, generator))
            return _up(below[:depth], x, generator)

        rule = self._part("pretraining_rule")
        return self._apart(below[depth], rule, generator, present)

    def _meeting(
        self, parts: Sequence[Sequence[BoltzmannMachine]], meeting: BoltzmannMachine, generator: Generator
    ) -> Trainer:
        """Return the training of the joint layer on samples of the tops of all pathways."""
        whole, fields = self._present(), self._fields

        def present(x: Tensor, generator: Generator) -> Tensor:
            x = x if whole is None else whole(x, generator)
            tops = [_up(below, field.of(x), generator) for below, field in zip(parts, fields, strict=True)]
            return torch.cat(tops, 1)

        # The rule of contrastive statistics knows one visible layer; this one any number, and what rows do not know.
        return self._apart(meeting, Variational(), generator, present)

    def _apart(self, module: BoltzmannMachine, rule: Rule, generator: Generator, present: Present) -> Trainer:
        plan, optimizer = self._plan(self.n_iter_pretraining), self._part("pretraining_optimizer")
        paces = paces_of(module)
        return Trainer(module, rule, optimizer, plan, generator, present=present, paces=paces)

    def _predicting(self, generator: Generator) -> Trainer:
        """Return the training of the whole machine to predict what is left out."""
        optimizer: Optimizer = self._part("prediction_optimizer")
        plan: Plan = self._plan(self.n_iter_prediction)
        rule = self._part("prediction_rule")
        return Trainer(self.module_, rule, optimizer, plan, generator, present=self._present())

    def _paces(self) -> Sequence[Pace]:
        return paces_of(self.module_)


def paces_of(machine: BoltzmannMachine) -> Sequence[Pace]:
    """Return the slower pace of all that an unbounded layer learns by."""
    slow: dict[int, nn.Parameter] = {}
    for (low, high), coupling in zip(machine.edges, machine.couplings, strict=True):
        for k in (low, high):
            if not machine.layers[k].units.bounded:
                learned = [coupling.weight, *machine.layers[k].parameters()]
                slow |= {id(parameter): parameter for parameter in learned}
    return [Pace(list(slow.values()), _UNBOUNDED_PACE)] if slow else []


def _up(parts: Sequence[BoltzmannMachine], x: Tensor, generator: Generator) -> Tensor:
    """Return a sample of the layer above the last of the parts; rows that know nothing stay unknown."""
    if not parts:
        return x
    unknown = x.isnan().any(1, keepdim=True)
    with torch.no_grad():
        x = x.masked_fill(unknown, 0.0)
        for part in parts:
            x = part.layers[1].units.sample(part.inputs(1, [x, x]), generator)
    return x.masked_fill(unknown, torch.nan)
