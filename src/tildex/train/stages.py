"""Training in stages: consecutive trainers with one history and one checkpoint, from which any stage can resume."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tildex.generator import Generator
from tildex.train.callbacks import Checkpoint, EarlyStopping, EpochPrinter, ProgressBar
from tildex.train.loop import Rows, Trainer

__all__ = ["Stage", "Stages", "run_stages"]

History = list[dict[str, float]]


@dataclass(frozen=True)
class Stage:
    """One stage of a module's training.

    Attributes
    ----------
    name : str
        The name in progress bars and printed lines; a single stage needs none.
    begin : callable
        From the stage's generator to its trainer. Called after the previous stages have ended or, on resume, with the
        module restored to that state; so it may read and change the module, but must draw only from the generator.
    rows : Rows or callable
        The training rows, or a function that returns them once the trainer exists.
    held_out : Tensor, optional
        Held-out rows for validation.
    end : callable, optional
        Copies the trainer's result into the module, if it is not already there.
    """

    name: str
    begin: Callable[[Generator], Trainer]
    rows: Rows | Callable[[], Rows]
    held_out: Tensor | None = None
    end: Callable[[Trainer], None] | None = None


@dataclass(frozen=True)
class Stages:
    """A plan: the stages of a training, in order.

    Attributes
    ----------
    stages : sequence of Stage
        A single stage without a name is training without stages.
    carried : Module
        The module passed from stage to stage: its parameters and buffers, and nothing else.
    """

    stages: Sequence[Stage]
    carried: nn.Module

    @property
    def named(self) -> bool:
        """Whether history records name their stage."""
        return any(stage.name for stage in self.stages)


class _StageCheckpoint(Checkpoint):
    """A checkpoint that also holds the stage, the history of earlier stages and the module as they left it."""

    stage: int
    before: dict[str, Tensor]
    history: History

    def note(self, stage: int, history: History, module: nn.Module) -> None:
        """Keep what the next stage starts from."""
        self.stage, self.history = stage, history
        self.before = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    def state_of(self, trainer: Trainer) -> dict[str, Any]:
        """Return the state that the rest of the run depends on."""
        own = {"stage": self.stage, "module": self.before, "history": self.history}
        return {**super().state_of(trainer), **own}


def run_stages(
    plan: Stages,
    generator: Generator,
    *,
    title: str,
    verbose: int = 0,
    stopping: Callable[[], EarlyStopping] | None = None,
    checkpoint: tuple[Path, dict[str, Any]] | None = None,
    callbacks: Sequence[Any] = (),
) -> tuple[History, Trainer]:
    """Run each stage to its end, or resume from a checkpoint.

    Parameters
    ----------
    plan : Stages
        What to run.
    generator : Generator
        Spawns one generator per stage; used directly for training without stages.
    title : str
        What is being trained.
    verbose : int
        Whether to print one line per epoch instead of a progress bar.
    stopping : callable, optional
        Makes the early-stopping callback of a stage with held-out rows.
    checkpoint : tuple of Path and dict, optional
        The file, rewritten after every epoch, and the run's identity. If the file exists, the run resumes and ends
        bit for bit as if it had never stopped.
    callbacks : sequence of callable
        Called after every epoch of every stage, and once before the first.

    Returns
    -------
    history : list of dict
        Records of all epochs; ``stage`` counts from 1, and ``epoch`` continues across stages.
    trainer : Trainer
        The trainer of the last stage.
    """
    # All generators are spawned first, so that a stage's draws do not depend on the epochs of earlier stages.
    generators = [generator.spawn() for _ in plan.stages] if plan.named else [generator]
    saver = None
    if checkpoint is not None:
        saver = (_StageCheckpoint if plan.named else Checkpoint)(*checkpoint, generator.seed)
    saved = None if saver is None else saver.read()
    done, history = (saved.get("stage", 0), saved.get("history", [])) if saved else (0, [])
    if saved and "module" in saved:
        plan.carried.load_state_dict(saved["module"])
    for number in range(done, len(plan.stages)):
        stage = plan.stages[number]
        if isinstance(saver, _StageCheckpoint):
            saver.note(number, history, plan.carried)
        trainer = stage.begin(generators[number])
        trainer.stages_left = len(plan.stages) - number - 1
        called = f"{title}, {stage.name}" if stage.name else title
        stopper = None if stopping is None or stage.held_out is None else stopping()
        with ProgressBar(called, trainer.plan.n_iter) as bar:
            shown = EpochPrinter(called) if verbose else bar
            trainer.callbacks = [*([] if stopper is None else [stopper]), *callbacks, shown]
            if saved and number == done:
                trainer.set_state(saved["trainer"])
            if saver is not None:
                trainer.callbacks = [*trainer.callbacks, saver]
            _run(stage, trainer, callbacks)
        _end(stage, trainer, stopper)
        history = [*history, *_records(trainer, stage, number + 1, len(history))]
    return history, trainer


def _run(stage: Stage, trainer: Trainer, callbacks: Sequence[Any]) -> None:
    if trainer.epoch == 0:
        for callback in callbacks:
            callback(trainer)
    trainer.fit(stage.rows() if callable(stage.rows) else stage.rows, stage.held_out)


@torch.no_grad()
def _end(stage: Stage, trainer: Trainer, stopper: EarlyStopping | None) -> None:
    """Restore the best weights, and put what the trainer has learned into the module."""
    if stopper is not None:
        stopper.restore(trainer)
    if stage.end is not None:
        stage.end(trainer)


def _records(trainer: Trainer, stage: Stage, number: int, epochs: int) -> History:
    """Return the trainer's records, counted on from earlier stages."""
    named = {"stage": float(number)} if stage.name else {}
    return [{**named, **record, "epoch": epochs + record["epoch"]} for record in trainer.history]
