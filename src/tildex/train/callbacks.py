"""Callbacks after an epoch: early stopping, checkpoints, progress bars."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.errors import LiveError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from tildex import distributed
from tildex.files import RunError, load_state, save_state
from tildex.train.loop import Trainer

__all__ = [
    "Checkpoint",
    "EarlyStopping",
    "EpochPrinter",
    "ProgressBar",
    "Snapshots",
    "begun_from",
    "without_bars",
]

_SILENT: ContextVar[bool] = ContextVar("_SILENT", default=False)


class EarlyStopping:
    """Ends training when the held-out criterion has stopped improving, and restores the best weights.

    Parameters
    ----------
    patience : int
        Epochs without improvement that end training.
    tol : float
        The smallest improvement that counts, in units of the criterion.
    """

    def __init__(self, patience: int = 10, tol: float = 1e-4) -> None:
        self.patience = patience
        self.tol = tol
        self.best = math.inf
        self.waited = 0
        self.weights: list[Tensor] = []

    def __call__(self, trainer: Trainer) -> None:
        """Compare the newest record with the best one."""
        criterion = trainer.history[-1]["held_out"]
        if criterion < self.best - self.tol:
            self.best, self.waited = criterion, 0
            with trainer.averaged():
                self.weights = [t.detach().clone() for t in trainer.moving]
        else:
            self.waited += 1
        trainer.stop = trainer.stop or self.waited >= self.patience

    def restore(self, trainer: Trainer) -> None:
        """Restore the best weights and buffers into the model."""
        for tensor, best in zip(trainer.moving, self.weights, strict=False):
            tensor.data.copy_(best)

    def get_state(self) -> dict[str, Any]:
        """Return the state that the next decision depends on."""
        return {"best": self.best, "waited": self.waited, "weights": self.weights}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state."""
        self.best, self.waited, self.weights = state["best"], state["waited"], state["weights"]


class Checkpoint:
    """Writes the whole training state to one file, atomically, so that a killed run can resume.

    Parameters
    ----------
    path : Path
        The file, replaced at every write.
    identity : dict
        JSON that identifies model and data; a file with a different identity is refused.
    seed : int
        The run's seed, for :func:`begun_from`.
    every : int
        Epochs between writes.
    """

    def __init__(self, path: Path, identity: dict[str, Any], seed: int, every: int = 1) -> None:
        self.path = path
        self.identity = identity
        self.seed = seed
        self.every = every

    def __call__(self, trainer: Trainer) -> None:
        """Write when due, and always at the end."""
        if trainer.epoch % self.every and not trainer.stop and trainer.epoch < trainer.plan.n_iter:
            return
        state = {"identity": json.dumps(self.identity), "seed": self.seed, **self.state_of(trainer)}
        if distributed.rank() == 0:
            save_state(self.path, state)

    def state_of(self, trainer: Trainer) -> dict[str, Any]:
        """Return the state that the rest of the run depends on."""
        return {"trainer": trainer.get_state()}

    def read(self) -> dict[str, Any] | None:
        """Return the file's content, or None if there is no file.

        Raises
        ------
        RunError
            If the file is damaged, or belongs to other settings or data.
        """
        if not self.path.exists():
            return None
        state = load_state(self.path)
        saved = json.loads(state["identity"])
        ours = json.loads(json.dumps(self.identity))
        if changed := [key for key in ours if saved.get(key) != ours[key]]:
            raise RunError(
                f"{self.path} was written with other settings ({', '.join(changed)}): resume with the same model, "
                "settings and data, or start a new run in another folder"
            )
        return state

    def resume(self, trainer: Trainer) -> bool:
        """Restore the trainer from the file; return False if there is none, raise errors as :meth:`read` does."""
        state = self.read()
        if state is not None:
            trainer.set_state(state["trainer"])
        return state is not None


def begun_from(path: Path) -> int | None:
    """Return the seed of the run with a checkpoint at ``path``; it also chose the held-out rows."""
    return int(load_state(path)["seed"]) if path.exists() else None


class Snapshots:
    """Keeps the codes of some rows at chosen epochs, 0 being before training, to show how a map develops.

    Parameters
    ----------
    epochs : sequence of int
        The epochs at which to keep codes; later than the end of training has no effect.
    encode : callable
        From rows to codes.
    rows : Tensor of shape (n, features)
        The rows, the same at every epoch, as the model reads them.

    Attributes
    ----------
    codes : dict of int to Tensor
        The codes by epoch, shape (n, components) each.
    """

    def __init__(self, epochs: Sequence[int], encode: Callable[[Tensor], Tensor], rows: Tensor) -> None:
        self.epochs = frozenset(epochs)
        self.encode = encode
        self.rows = rows
        self.codes: dict[int, Tensor] = {}

    @torch.no_grad()
    def __call__(self, trainer: Trainer) -> None:
        """Keep the codes when due, encoded with averaged weights if there are any."""
        if trainer.epoch in self.epochs:
            with trainer.averaged():
                self.codes[trainer.epoch] = self.encode(self.rows).detach().cpu()

    def get_state(self) -> dict[str, Any]:
        """Return the codes kept so far."""
        return {"codes": self.codes}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state."""
        self.codes = state["codes"]


class EpochPrinter:
    """Prints one line per epoch."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __call__(self, trainer: Trainer) -> None:
        """Print the newest record."""
        record = dict(trainer.history[-1])
        epoch = int(record.pop("epoch"))
        values = ", ".join(f"{name} = {value:.5g}" for name, value in record.items())
        print(f"[{self.title}] Iteration {epoch}, {values}")


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """Show no progress bars within a ``with`` block, whose caller shows the progress of the whole."""
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


class ProgressBar:
    """A progress bar on standard error, one tick per epoch; silent without a terminal.

    Parameters
    ----------
    title : str
        What is being trained.
    n_iter : int
        Epochs.
    """

    def __init__(self, title: str, n_iter: int) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty() or distributed.rank() != 0 or _SILENT.get(),
        )
        self.task = self.progress.add_task(title, total=n_iter, loss="")

    def __enter__(self) -> ProgressBar:
        # Another live display, such as a caller's progress bar, leaves no room for a second one.
        with contextlib.suppress(LiveError):
            self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def __call__(self, trainer: Trainer) -> None:
        """Advance the bar, and show the newest loss."""
        record = trainer.history[-1]
        shown = "held_out" if "held_out" in record else "loss"
        self.progress.update(
            self.task, completed=trainer.epoch, loss=f"{shown.replace('_', ' ')} {record[shown]:.4g}"
        )
