"""The one training loop: batches, an optimiser and callbacks; it knows no model by name."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tildex import distributed
from tildex.generator import Generator
from tildex.optimizers import Optimizer
from tildex.products import autocast, fast_products
from tildex.rules import Rule, watch_due, watched
from tildex.shapes import Loss
from tildex.train.meter import Meter
from tildex.train.plan import Plan
from tildex.train.restraints import (
    Pace,
    UnitNorm,
    limit_norms,
    project,
    put_on,
    restore,
    set_paces,
    slow_down,
)

__all__ = ["Callback", "Plan", "Rows", "Trainer"]


class Rows(Protocol):
    """Data as the loop reads it."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def take(self, index: Any) -> Tensor:
        """Return the rows at ``index`` on the device, shape (batch, features)."""


class Callback(Protocol):
    """Called after every epoch; may set ``trainer.stop``. Its state goes into checkpoints."""

    def __call__(self, trainer: Trainer) -> None:
        """Inspect the trainer."""


@dataclass
class Trainer:
    """One training run: model, rule, optimiser and all state that changes from step to step.

    Attributes
    ----------
    epoch, steps : int
        Completed passes and updates.
    present : callable, optional
        Applied to every batch, with new noise, before the rule: for example, binarisation of grey values.
    paces : sequence of Pace
        Parameters that learn more slowly than the others, or later.
    restraints : sequence of UnitNorm
        Weights kept at norm one by every step.
    history : list of dict
        One record per epoch: losses by name, held-out loss, learning rate, seconds.
    stop : bool
        Set by a callback to end after this epoch.
    stages_left : int
        Stages of the same training that follow this one.
    """

    model: nn.Module
    rule: Rule
    optimizer: Optimizer
    plan: Plan
    generator: Generator
    callbacks: Sequence[Callback] = ()
    present: Callable[[Tensor, Generator], Tensor] | None = None
    paces: Sequence[Pace] = ()
    restraints: Sequence[UnitNorm] = ()
    epoch: int = 0
    steps: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stop: bool = False
    stages_left: int = 0

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        # Buffers that steps change are treated like parameters: averaged, saved and shared between processes.
        self.buffers = [buffer for buffer in self.model.buffers() if buffer.is_floating_point()]
        self.moving = [*self.parameters, *self.buffers]
        distributed.broadcast([t.data for t in self.moving])
        self.rank, self.n_processes = distributed.rank(), distributed.world_size()
        self.torch_optimizer = self.optimizer.build(self.parameters)
        if self.paces:
            set_paces(self.torch_optimizer, self.paces)
        if self.restraints:
            put_on(self.torch_optimizer, self.restraints)
        # All processes use the same order of rows and different noise.
        self.order = self.generator.spawn()
        self.validation_seed = int(self.generator.integers(2**31, 1)[0])
        self.noise = [self.generator.spawn() for _ in range(self.n_processes)][self.rank]
        self.average: list[Tensor] | None = None
        self.set_aside: list[Tensor] | None = None
        if self.plan.averaging is not None:
            self.average = [t.detach().clone() for t in self.moving]

    def fit(self, rows: Rows, held_out: Tensor | None = None) -> None:
        """Train until the plan ends or a callback stops it; the model then holds the averaged weights, if any."""
        while self.epoch < self.plan.n_iter and not self.stop:
            self.run_epoch(rows, held_out)
            self.diagnose(rows, held_out)
            for callback in self.callbacks:
                callback(self)
        self.settle()

    def settle(self) -> None:
        """Put the averaged weights, if any, into the model; the next pass continues from the unaveraged weights."""
        if self.average is not None:
            self.set_aside = [t.detach().clone() for t in self.moving]
            _copy(self.average, self.moving)
            restore(self.restraints)

    def run_epoch(self, rows: Rows, held_out: Tensor | None = None, *, batch_size: int | None = None) -> None:
        """Run one epoch, in batches of the plan's or the given size, and add its record to the history."""
        began = time.perf_counter()
        if self.set_aside is not None:
            _copy(self.set_aside, self.moving)
            self.set_aside = None
        n_rows = len(rows)
        size = batch_size or self.plan.batch_size or n_rows
        n_steps = -(-n_rows // size)
        order = self.order.permutation(n_rows) if self.plan.shuffle else None
        meter = Meter(self.epoch)
        largest = min(size, n_rows) * max(p.numel() for p in self.parameters)
        self.model.train()
        with fast_products(self.parameters[0].device, largest):
            for start in range(0, n_rows, size):
                stop = min(start + size, n_rows)
                x = rows.take(slice(start, stop) if order is None else order[start:stop])
                self.rule.progress = progress = min(1.0, self.steps / (self.plan.n_iter * n_steps))
                settings = self.optimizer.settings_at(progress)
                for group in self.torch_optimizer.param_groups:
                    group.update(settings)
                if self.paces:
                    slow_down(self.torch_optimizer, progress)
                meter.add(self.step(x), stop - start)
        self.model.eval()
        self.epoch += 1
        distributed.all_reduce_mean([*self.buffers, *(self.average or [])[len(self.parameters) :]])
        record = {"epoch": float(self.epoch), **meter.means()}
        if held_out is not None:
            record["held_out"] = self.validate(held_out)
        record["learning_rate"] = self.torch_optimizer.param_groups[0]["lr"]
        record["seconds"] = time.perf_counter() - began
        self.history.append(record)

    def step(self, x: Tensor) -> Loss:
        """Make one update on a batch, and return its loss."""
        shard = x[self.rank :: self.n_processes]
        share = len(shard) / len(x)
        # A batch smaller than the number of processes leaves some without rows: they take part with weight zero.
        shard = self._presented(shard if len(shard) else x[:1], self.noise)
        kept: list[Loss] = []

        def closure() -> Tensor:
            self.torch_optimizer.zero_grad()
            with autocast(shard.device, self.plan.precision):
                loss = self.rule(self.model, shard, self.noise)
            loss.backward()
            total = loss.total.detach()
            kept.append(self._reduce(Loss(total, loss.parts), share))
            project(self.restraints)
            return total

        self.torch_optimizer.step(closure)  # type: ignore[arg-type]
        self.steps += 1
        restore(self.restraints)
        if self.plan.max_norm is not None:
            limit_norms(self.parameters, self.plan.max_norm)
        if self.average is not None and self.plan.averaging is not None:
            # Early on, the average must forget the random initial weights.
            decay = min(self.plan.averaging, self.steps / (self.steps + 9))
            torch._foreach_lerp_(self.average, [t.detach() for t in self.moving], 1 - decay)
        return kept[0]

    @torch.no_grad()
    def validate(self, held_out: Tensor) -> float:
        """Return the rule's held-out criterion, with the same noise at every call."""
        with self.averaged(), autocast(held_out.device, self.plan.precision):
            generator = Generator(self.validation_seed, held_out.device)
            rows = self._presented(held_out, generator)
            return float(self.rule.validate(self.model, rows, generator))

    @torch.no_grad()
    def diagnose(self, rows: Rows, held_out: Tensor | None = None) -> None:
        """Add the rule's diagnostics on a few rows, with separate noise, to the newest record when due."""
        watches = type(self.rule).diagnose is not Rule.diagnose
        if not watches or not watch_due(self.epoch, self.plan.n_iter, len(rows)):
            return
        began = time.perf_counter()
        generator = Generator(self.validation_seed, self.parameters[0].device)
        x, others = self._presented(rows.take(watched(len(rows), len(rows))), generator), None
        if held_out is not None:
            index = torch.from_numpy(watched(len(held_out), len(rows)))
            others = self._presented(held_out[index], generator)
        with fast_products(generator.device, len(x) * max(p.numel() for p in self.parameters)):
            found = self.rule.diagnose(self.model, x, generator, others)
        everywhere = distributed.all_gather(found)
        means = {name: sum(one[name] for one in everywhere) / len(everywhere) for name in found}
        self.history[-1].update(means, seconds=self.history[-1]["seconds"] + time.perf_counter() - began)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged weights, if any, into the model within a ``with`` block."""
        if self.average is None:
            yield
            return
        current = [t.detach().clone() for t in self.moving]
        _copy(self.average, self.moving)
        restore(self.restraints)
        try:
            yield
        finally:
            _copy(current, self.moving)

    def get_state(self) -> dict[str, Any]:
        """Return the state that the next step depends on: numbers, lists and tensors."""
        own = {"noise": self.noise.get_state(), "rule": self.rule.get_state()}
        return {
            "epoch": self.epoch,
            "steps": self.steps,
            "history": self.history,
            "stop": self.stop,
            "parameters": list(self.moving),
            "average": self.average,
            "optimizer": self.torch_optimizer.state_dict(),
            "order": self.order.get_state(),
            "validation_seed": self.validation_seed,
            "ranks": distributed.all_gather(own),
            "callbacks": [c.get_state() if hasattr(c, "get_state") else None for c in self.callbacks],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state from :meth:`get_state`; the next steps are then bit for bit the same.

        Raises
        ------
        ValueError
            If the state belongs to another model or another number of processes.
        """
        if len(state["ranks"]) != distributed.world_size():
            raise ValueError(
                f"the checkpoint is of {len(state['ranks'])} processes and this is {distributed.world_size()}: "
                "resume with the same number"
            )
        shapes = [tuple(t.shape) for t in self.moving]
        if [tuple(t.shape) for t in state["parameters"]] != shapes:
            raise ValueError(
                f"the checkpoint's parameters do not fit this model's {shapes}: resume with the same settings"
            )
        self.epoch, self.steps, self.stop = state["epoch"], state["steps"], state["stop"]
        self.history = state["history"]
        _copy(state["parameters"], self.moving)
        if state["average"] is not None and self.average is not None:
            _copy(state["average"], self.average)
        self.torch_optimizer.load_state_dict(state["optimizer"])
        self.order.set_state(state["order"])
        self.validation_seed = state["validation_seed"]
        own = state["ranks"][distributed.rank()]
        self.noise.set_state(own["noise"])
        self.rule.set_state({name: t.to(self.parameters[0].device) for name, t in own["rule"].items()})
        # The checkpoint callback comes last and has no state to restore.
        for callback, saved in zip(self.callbacks, state["callbacks"], strict=False):
            if saved is not None:
                callback.set_state(saved)  # type: ignore[attr-defined]

    def _presented(self, x: Tensor, generator: Generator) -> Tensor:
        return x if self.present is None else self.present(x, generator)

    def _reduce(self, loss: Loss, share: float) -> Loss:
        """Sum gradients and losses over all processes, each weighted by its fraction of the batch."""
        if distributed.world_size() > 1:
            loss.parts = {name: value.clone() for name, value in loss.parts.items()}
            summed = [loss.total, *loss.parts.values()]
            summed += [p.grad for p in self.parameters if p.grad is not None]
            torch._foreach_mul_(summed, share)
            distributed.all_reduce_sum(summed)
        if self.plan.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.plan.clip_norm)
        return loss


def _copy(source: Sequence[Tensor], target: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for s, t in zip(source, target, strict=True):
            t.copy_(s)
