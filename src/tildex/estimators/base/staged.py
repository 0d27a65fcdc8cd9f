"""Training in stages: one trainer after another, with one history and one checkpoint from which any of them goes on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from tildex.estimators.base.transformer import Estimator
from tildex.generator import Generator
from tildex.train import Rows, Trainer
from tildex.train.callbacks import EarlyStopping
from tildex.train.stages import Stage, run_stages

__all__ = ["StagedEstimator"]


class StagedEstimator(Estimator):
    """An estimator that is trained in stages; ``_trainer_for`` is its joint training, with which it goes on.

    Attributes
    ----------
    _held : Module, optional
        What one stage hands to the next, where that is more than the module; :meth:`_stages` may set it.
    """

    _held: nn.Module | None = None

    def _watch(self, data: Rows, epochs: Sequence[int]) -> None:
        if len(epochs):
            raise ValueError(
                f"{type(self).__name__} is trained in stages, each with codes of its own: snapshots are of models "
                "trained in one"
            )

    @abstractmethod
    def _stages(self, data: Rows, held_out: Tensor | None) -> list[Stage]:
        """Return the stages of a training on scaled rows."""

    def _train(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: Path | None
    ) -> Trainer:
        self._held = None
        stages = self._stages(data, held_out)
        identity = {**self._recipe(), "rows": len(data), "data": self._digest}
        history = run_stages(
            self.module_ if self._held is None else self._held,
            stages,
            generator,
            title=type(self).__name__,
            verbose=self.verbose,
            stopping=(lambda: EarlyStopping(self.n_iter_no_change, self.tol))
            if self.early_stopping
            else None,
            checkpoint=None if checkpoint is None else (checkpoint, identity),
        )
        self._held = None
        trainer = self._trainer_for(generator, [])
        trainer.history, trainer.epoch = history, len(history)
        return trainer
