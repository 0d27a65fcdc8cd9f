"""How a deep belief network is trained: a stage a machine, each on samples of the layer below, then all together."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Tensor, nn

from tildex.estimators.base.binarised import BinarisedMixin
from tildex.estimators.base.checks import check_whole, layer_sizes
from tildex.estimators.base.columns import Columns, automatic, chunks
from tildex.estimators.base.labelled import LabelledMixin
from tildex.estimators.base.staged import StagedEstimator
from tildex.estimators.base.start import trained
from tildex.generator import Generator
from tildex.maps import Coupling, Scaling
from tildex.models import BeliefNetwork, BoltzmannMachine, Layer, flip
from tildex.rules import PCD, Rule
from tildex.train import Rows, Trainer
from tildex.train.stages import Stage
from tildex.units import Categorical, Units

__all__ = ["GrowingEstimator"]

_UPPER = ("flipped", "random")

Present = Callable[[Tensor, Generator], Tensor]


class GrowingEstimator(BinarisedMixin, LabelledMixin, StagedEstimator):
    """An estimator whose belief network is grown machine by machine."""

    hidden_layer_sizes: Sequence[int] | int
    n_iter_up_down: int
    upper: str
    start: Any
    module_: BeliefNetwork

    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        depths = range(len(self._sizes(n_features)) - 1)
        return BeliefNetwork.of(
            [self._machine_at(k, n_features, likelihood, generator, mean if k == 0 else None) for k in depths]
        )

    def _sizes(self, n_features: int) -> list[int]:
        return [n_features, *layer_sizes(self.hidden_layer_sizes), self.n_components]

    def _machine_at(
        self, depth: int, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> BoltzmannMachine:
        """Return the untrained machine of a depth, the last with the layer of labels if there is one."""
        joints = list(pairwise(self._sizes(n_features)))
        (low, high), units = joints[depth], likelihood if depth == 0 else self._part("hidden")
        layers = [Layer(units, low, mean=mean), Layer(self._part("hidden"), high)]
        edges = {(0, 1): Coupling(low, high, generator=generator)}
        if not self.label_layer or depth < len(joints) - 1:
            return BoltzmannMachine(layers, edges)
        classes = len(self.classes_)
        layers.append(Layer(Categorical(classes), classes))
        edges[1, 2] = Coupling(high, classes, generator=generator)
        return BoltzmannMachine(layers, edges, visible=(0, 2))

    def __sklearn_clone__(self) -> Self:
        """Keep a trained start: what it has learned is where this training begins, not what it is to learn."""
        copied = super().__sklearn_clone__()
        copied.start = self.start
        return copied

    def _likelihood(self, columns: Columns) -> Units:
        start = trained(self.start)
        return automatic(self._part("likelihood"), columns) if start is None else start.likelihood_

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        start = trained(self.start)
        return super()._scaling(columns, likelihood) if start is None else copy.deepcopy(start.scaling_)

    def _started(self) -> bool:
        """Copy the machine that training starts from into the network, if there is one; say whether."""
        start = trained(self.start)
        if start is None:
            return False
        (low, high), units, machine = (
            self._sizes(self.n_features_in_)[:2],
            self._part("hidden"),
            start.module_,
        )
        found = isinstance(machine, BoltzmannMachine) and [layer.size for layer in machine.layers] == [
            low,
            high,
        ]
        if not found or machine.layers[1].units != units:
            raise ValueError(
                f"start must be a fitted RBM of {low} features and {high} {units!r} hidden units, got {start!r}"
            )
        self._take(machine, 0)
        return True

    def _stages(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        check_whole("n_iter_up_down", self.n_iter_up_down, 0)
        together = Stage("up-down", lambda generator: self._trainer_for(generator, []), data, held_out)
        if self.warm_start and hasattr(self, "history_"):
            return [together]
        depths = range(int(self._started()), len(self.module_.pairs) + 1)
        stages = [self._layer_stage(depth, data, held_out) for depth in depths]
        return [*stages, together] if self.n_iter_up_down else stages

    def _layer_stage(self, depth: int, data: Rows, held_out: Tensor | None) -> Stage:
        """Return the stage that trains one machine and copies it into the network."""
        top = depth == len(self.module_.pairs)

        def begin(generator: Generator) -> Trainer:
            mean = self._mean_at(depth, data)
            with torch.device(self.device_):
                machine = self._machine_at(depth, self.n_features_in_, self.likelihood_, generator, mean)
            machine.to(self.device_, mean.dtype)
            flipped = self._flipped(machine, depth)
            labelled = top and self.label_layer
            # A network of nothing but its top trains on rows that hold labels.
            model = BeliefNetwork([], machine) if labelled else machine
            rule: Rule = self._part("up_down") if labelled else self._part("rule")
            present = self._present_at(depth, labelled)
            if flipped and type(rule) is PCD:
                chosen = generator.permutation(len(data))[: rule.n_chains or self.batch_size]
                _start_at(present(data.take(chosen), generator), rule, machine, generator)
            # Above the data all units are alike, and what is gentle there would be slow here.
            alike = depth > 0 and self.optimizer is None
            optimizer: Any = self.defaults["optimizer"].copy() if alike else self._part("optimizer")
            plan = self._plan(self.n_iter)
            return Trainer(model, rule, optimizer, plan, generator, present=present)

        def end(trainer: Trainer) -> None:
            model: Any = trainer.model
            machine: BoltzmannMachine = model.top if isinstance(model, BeliefNetwork) else model
            self._take(machine, depth)

        return Stage("top machine" if top else f"machine {depth + 1}", begin, data, held_out, end)

    @torch.no_grad()
    def _take(self, machine: BoltzmannMachine, depth: int) -> None:
        """Copy a trained machine into the network."""
        if depth == len(self.module_.pairs):
            self.module_.top.load_state_dict(machine.state_dict())
            return
        # Twice: recognition and generation part when they are trained together.
        ours, theirs = self.module_.pairs[depth], machine.pair()
        ours.encoder.load_state_dict(theirs.encoder.state_dict())
        ours.decoder.load_state_dict(theirs.decoder.state_dict())

    def _flipped(self, machine: BoltzmannMachine, depth: int) -> bool:
        """Start a machine as the one below turned round, where it is asked to and has room; say whether."""
        if self.upper not in _UPPER:
            raise ValueError(f"upper must be one of {', '.join(_UPPER)}, got {self.upper!r}")
        if self.upper == "random" or depth == 0:
            return False
        below, hidden = self.module_.pairs[depth - 1], machine.layers[1]
        weight = below.decoder.map.affine_weight()
        if weight is None or hidden.size < len(weight) or hidden.units != below.decoder.units:
            return False
        flip(machine, below)
        return True

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        plan, present = self._plan(self.n_iter_up_down or self.n_iter), self._present_at(0, self.label_layer)
        optimizer = self._part("up_down_optimizer")
        return Trainer(self.module_, self._rule(), optimizer, plan, generator, callbacks, present)

    def _rule(self) -> Rule:
        rule: Rule = self._part("up_down")
        return rule

    @torch.no_grad()
    def _mean_at(self, depth: int, data: Rows) -> Tensor:
        """Return the mean of a layer over all rows, each at its mean going up."""
        layers = [self.module_.up(self._without_labels(x))[depth].sum(0) for x in chunks(data)]
        return torch.stack(layers).sum(0) / len(data)

    def _present_at(self, depth: int, labelled: bool) -> Present:
        """Return what rows go through before the machine of a depth sees them: binarisation, then samples going up.

        Labels that the machine has no layer for are left behind.
        """
        binarise = self._present()

        @torch.no_grad()
        def present(x: Tensor, generator: Generator) -> Tensor:
            v = self._without_labels(x)
            layer = v if binarise is None else binarise(v, generator)
            with self._autocast():
                for pair in self.module_.pairs[:depth]:
                    layer = pair.encoder.sample(layer, generator)
            return torch.cat([layer, x[:, v.shape[1] :]], 1) if labelled else layer

        return present

    def _without_labels(self, x: Tensor) -> Tensor:
        return x[:, : self.n_features_in_]

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self._products is torch.bfloat16:
            return torch.autocast(self.device_.type, torch.bfloat16)
        return contextlib.nullcontext()


def _start_at(rows: Tensor, rule: PCD, machine: BoltzmannMachine, generator: Generator) -> None:
    """Let the chains of a rule start at data, and its offsets at their means: the machine is trained already."""
    hidden = machine.layers[1].units
    with torch.no_grad():
        inputs = machine.inputs(1, [rows, rows])
        offsets = {"offset_0": rows.mean(0), "offset_1": hidden.mean(inputs).mean(0)}
        rule.set_state({"chains": hidden.sample(inputs, generator), **offsets})
