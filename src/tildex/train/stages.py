"""Training in stages: one trainer after another, with one history and one checkpoint from which any of them goes on."""

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
    """One training among several of a module.

    Attributes
    ----------
    name : str
        What progress bars and printed lines call it; a training of one stage needs none.
    begin : callable
        From the stage's generator to its trainer. It is called when the stages before have ended, or in a resumed run
        when the module is as they left it; so it may look at the module and change it, and must draw only from the
        generator.
    rows : Rows or callable
        What the trainer reads, or what returns it once the trainer has begun.
    held_out : Tensor, optional
        What it validates on.
    end : callable, optional
        Puts what the trainer has learned into the module, if it is not there already.
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
        A single one without a name is a training that has no stages.
    carried : Module
        What one stage hands to the next: its parameters and buffers, and nothing else.
    """

    stages: Sequence[Stage]
    carried: nn.Module

    @property
    def named(self) -> bool:
        """Whether the records of a training tell its stages apart."""
        return any(stage.name for stage in self.stages)


class _StageCheckpoint(Checkpoint):
    """A checkpoint that also knows the stage, the records of those before and the module as they left it."""

    stage: int
    before: dict[str, Tensor]
    history: History

    def state_of(self, trainer: Trainer) -> dict[str, Any]:
        """Return everything that the rest of the run depends on."""
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
    """Run each stage to its end, or go on where a checkpoint left off.

    Parameters
    ----------
    plan : Stages
        What to run.
    generator : Generator
        Gives each stage its own, or a training without stages itself.
    title : str
        What is being trained.
    verbose : int
        Whether to print a line an epoch in place of a bar.
    stopping : callable, optional
        Makes the early stopping of a stage that has held-out rows.
    checkpoint : tuple of Path and dict, optional
        The file, renewed after every epoch, and what tells this run from others; where the file exists, the run
        ends bit for bit as if it had never stopped.
    callbacks : sequence of callable
        Called after every epoch of every stage, and once before the first.

    Returns
    -------
    history : list of dict
        Records of all epochs; ``stage`` counts from 1 and ``epoch`` counts on from stage to stage.
    trainer : Trainer
        That of the last stage.
    """
    # All at once and first: what a stage draws must not depend on how many epochs the one before it ran.
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
            saver.stage, saver.history = number, history
            saver.before = {name: t.detach().clone() for name, t in plan.carried.state_dict().items()}
        trainer = stage.begin(generators[number])
        called = f"{title}, {stage.name}" if stage.name else title
        stopper = None if stopping is None or stage.held_out is None else stopping()
        with ProgressBar(called, trainer.plan.n_iter) as bar:
            watching = [*([] if stopper is None else [stopper]), *callbacks]
            trainer.callbacks = [*watching, EpochPrinter(called) if verbose else bar]
            if saved and number == done:
                trainer.set_state(saved["trainer"])
            if saver is not None:
                trainer.callbacks = [*trainer.callbacks, saver]
            if trainer.epoch == 0:
                for callback in callbacks:
                    callback(trainer)
            trainer.fit(stage.rows() if callable(stage.rows) else stage.rows, stage.held_out)
        if stopper is not None:
            stopper.restore(trainer)
        if stage.end is not None:
            with torch.no_grad():
                stage.end(trainer)
        history = history + [
            {
                **({"stage": number + 1.0} if stage.name else {}),
                **record,
                "epoch": len(history) + record["epoch"],
            }
            for record in trainer.history
        ]
    return history, trainer
