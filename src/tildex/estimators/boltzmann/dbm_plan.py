"""The stages in which a deep Boltzmann machine is trained: its couplings apart, or layer upon layer, then the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tildex.estimators.base.labels import digest
from tildex.estimators.base.staged import StagedEstimator
from tildex.estimators.base.start import trained
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, attach, join, lower, parts_of
from tildex.rules import Rule
from tildex.train import Plan, Rows, Trainer
from tildex.train.stages import Stage

__all__ = ["DeepeningEstimator"]

_PRETRAININGS = ("halving", "growing", "two-stage", "none")


class DeepeningEstimator(StagedEstimator):
    """An estimator whose module is a chain of layers, with the settings of :class:`DeepBoltzmannMachine`."""

    pretraining: str
    n_iter_pretraining: int
    start: Any

    def _stages(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        if self.pretraining not in _PRETRAININGS:
            known = ", ".join(_PRETRAININGS)
            raise ValueError(f"pretraining must be one of {known}, got {self.pretraining!r}")
        if self.start is not None and self.pretraining != "growing":
            raise ValueError(f"start is what growing goes on from, and pretraining is {self.pretraining!r}")
        joint = partial(self._trainer_for, callbacks=[])
        last = Stage("joint", joint, data, held_out)
        if self.pretraining == "growing":
            return self._growing(data, held_out)
        if self.pretraining == "none" or self.n_iter_pretraining == 0:
            return [last]
        parts = parts_of(self.module_, doubled=self.pretraining == "halving")
        self._held = nn.ModuleList([self.module_, *parts])
        stages = [
            Stage(f"coupling {k + 1}", partial(self._pretrainer, parts, k), data) for k in range(len(parts))
        ]

        def joined(generator: Generator) -> Trainer:
            join(parts, self.module_)
            return joint(generator)

        if self.pretraining == "halving":
            return [*stages, Stage("joint", joined, data, held_out)]
        return [*stages, Stage("held layers", partial(self._held_layers, parts), data), last]

    def _growing(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        """Return a stage for each size of the machine, from what ``start`` brings."""
        depth, begun = len(self.module_.layers) - 1, 0
        if (start := trained(self.start)) is not None:
            begun = self._take(start)

        def grown(size: int, generator: Generator) -> Trainer:
            if size > 1:
                attach(self.module_, size)
            if size == depth:
                return self._trainer_for(generator, [])
            rule = self._part("pretraining_rule" if size == 1 else "rule")
            return self._pretraining(lower(self.module_, size), rule, generator)

        return [
            Stage(f"{size} hidden", partial(grown, size), data, held_out if size == depth else None)
            for size in range(begun + 1, depth + 1)
        ]

    def _take(self, start: Any) -> int:
        """Put the layers of a trained machine in the place of the lowest, and return how many are hidden."""
        theirs = start.module_
        if not isinstance(theirs, BoltzmannMachine):
            raise ValueError(f"start must be an RBM or a DeepBoltzmannMachine, got {type(start).__name__}")
        sizes, wanted = ([layer.size for layer in machine.layers] for machine in (theirs, self.module_))
        if len(sizes) >= len(wanted) or sizes != wanted[: len(sizes)]:
            raise ValueError(
                f"start has layers of {sizes} units and this machine of {wanted}: the first must begin the second, "
                "which has more"
            )
        lower(self.module_, len(sizes) - 1).load_state_dict(theirs.state_dict())
        # A checkpoint must not be resumed from another start.
        weights = [tensor.detach().cpu().numpy() for tensor in start._weights().values()]
        self._digest = ":".join([self._digest, *map(digest, weights)])
        return len(sizes) - 1

    def _pretrainer(self, parts: Sequence[BoltzmannMachine], k: int, generator: Generator) -> Trainer:
        """Return the training of one coupling on samples of the layer below it."""
        return self._pretraining(parts[k], self._part("pretraining_rule"), generator, partial(_up, parts[:k]))

    def _held_layers(self, parts: Sequence[BoltzmannMachine], generator: Generator) -> Trainer:
        """Return the training of the deep machine whose even layers are held at samples from the parts."""
        join(parts, self.module_)
        machine = self.module_
        even = BoltzmannMachine(
            machine.layers,
            dict(zip(machine.edges, machine.couplings, strict=True)),
            visible=range(0, len(machine.layers), 2),
        )

        def hold(x: Tensor, generator: Generator) -> Tensor:
            values = [x]
            for part in parts:
                values.append(_up([part], values[-1], generator))
            return torch.cat(values[::2], 1)

        return self._pretraining(even, self._part("rule"), generator, hold)

    def _pretraining(
        self,
        module: nn.Module,
        rule: Rule,
        generator: Generator,
        then: Callable[[Tensor, Generator], Tensor] | None = None,
    ) -> Trainer:
        plan = Plan(
            n_iter=self.n_iter_pretraining,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            clip_norm=self.clip_norm,
            max_norm=self.max_norm,
            averaging=self.averaging,
            precision=self._products,
        )
        binary = self._present()

        def present(x: Tensor, generator: Generator) -> Tensor:
            x = x if binary is None else binary(x, generator)
            return x if then is None else then(x, generator)

        optimizer = self._part("pretraining_optimizer")
        return Trainer(module, rule, optimizer, plan, generator, present=present)


def _up(parts: Sequence[BoltzmannMachine], x: Tensor, generator: Generator) -> Tensor:
    """Return a sample of the layer above the last of the parts, given values of the lowest."""
    with torch.no_grad():
        for part in parts:
            x = part.layers[1].units.sample(part.inputs(1, [x, x]), generator)
    return x
