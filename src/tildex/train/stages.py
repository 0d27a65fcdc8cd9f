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

__all__ = ["Stage", "run_stages"]

History = list[dict[str, float]]


@dataclass(frozen=True)
class Stage:
    """One training among several of a module.

    Attributes
    ----------
    name : str
        What progress bars and printed lines call it.
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
    module: nn.Module,
    stages: Sequence[Stage],
    generator: Generator,
    *,
    title: str,
    verbose: int = 0,
    stopping: Callable[[], EarlyStopping] | None = None,
    checkpoint: tuple[Path, dict[str, Any]] | None = None,
) -> History:
    """Run each stage to its end, or go on where a checkpoint left off, and return the records of all epochs.

    Parameters
    ----------
    module : Module
        What the stages train, or parts of what they train; its parameters and buffers are all that one stage hands
        to the next.
    stages : sequence of Stage
        In order.
    generator : Generator
        Gives each stage its own.
    title : str
        What is being trained.
    verbose : int
        Whether to print a line an epoch in place of a bar.
    stopping : callable, optional
        Makes the early stopping of a stage that has held-out rows.
    checkpoint : tuple of Path and dict, optional
        The file, renewed after every epoch, and what tells this run from others; where the file exists, the run
        ends bit for bit as if it had never stopped.

    Returns
    -------
    list of dict
        Records whose ``stage`` counts from 1 and whose ``epoch`` counts on from stage to stage.
    """
    # All at once and first: what a stage draws must not depend on how many epochs the one before it ran.
    generators = [generator.spawn() for _ in stages]
    saver = None if checkpoint is None else _StageCheckpoint(*checkpoint, generator.seed)
    saved = None if saver is None else saver.read()
    done, history = (saved["stage"], saved["history"]) if saved else (0, [])
    if saved:
        module.load_state_dict(saved["module"])
    for number in range(done, len(stages)):
        stage = stages[number]
        before = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
        trainer = stage.begin(generators[number])
        called = f"{title}, {stage.name}"
        stopper = None if stopping is None or stage.held_out is None else stopping()
        with ProgressBar(called, trainer.plan.n_iter) as bar:
            callbacks: list[Any] = [] if stopper is None else [stopper]
            callbacks.append(EpochPrinter(called) if verbose else bar)
            trainer.callbacks = callbacks
            if saved and number == done:
                trainer.set_state(saved["trainer"])
            if saver is not None:
                saver.stage, saver.before, saver.history = number, before, history
                trainer.callbacks = [*callbacks, saver]
            trainer.fit(stage.rows() if callable(stage.rows) else stage.rows, stage.held_out)
        if stopper is not None:
            stopper.restore(trainer)
        if stage.end is not None:
            with torch.no_grad():
                stage.end(trainer)
        history = history + [
            {"stage": number + 1.0, **record, "epoch": len(history) + record["epoch"]}
            for record in trainer.history
        ]
    return history
