"""What every transformer shares: codes of rows, learned without labels, and rows of codes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from torch import Tensor

from tildex.estimators.base.checks import check_counts, resolve_device
from tildex.estimators.base.columns import hold_out
from tildex.estimators.base.learner import Learner
from tildex.estimators.base.snapshots import SnapshotsMixin
from tildex.estimators.base.table import rows_of
from tildex.estimators.base.verbs import UsingMixin
from tildex.generator import Generator
from tildex.train import Rows

__all__ = ["Estimator", "model_table"]


class Estimator(UsingMixin, SnapshotsMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, Learner):
    """A scikit-learn transformer around a torch module, trained without labels."""

    can = frozenset({"reconstruct", "snapshots"})
    n_components: int

    @abstractmethod
    def _encode(self, x: Tensor) -> Tensor:
        """Return the code of scaled rows."""

    @abstractmethod
    def _decode(self, z: Tensor) -> Tensor:
        """Return the mean scaled rows of codes."""

    @abstractmethod
    def _log_score(self, x: Tensor) -> Tensor:
        """Return one value a scaled row, in nats, higher is better."""

    def _code_size(self) -> int:
        return self.n_components

    def _training_rows(self, data: Rows) -> Rows:
        """Return what the loop reads, given the scaled rows."""
        return data

    def _with_labels(self, data: Rows) -> Rows:
        """Return the scaled rows with what else of each the model learns."""
        return data

    def _finish(self, data: Rows) -> None:
        """Tidy up the trained module."""

    def _pass_size(self, n_rows: int) -> int:
        """Return the rows a step of :meth:`partial_fit` takes."""
        return self.batch_size or n_rows

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        X_val: Any = None,
        checkpoint: str | Path | None = None,
        snapshots: Sequence[int] = (),
    ) -> Self:
        """Train on the rows of ``X``.

        Parameters
        ----------
        X : array, sparse matrix, memory map or tensor of shape (rows, features)
            The data; never changed, and read a batch at a time.
        y : None
            Ignored; there for pipelines.
        X_val : like X, optional
            Held-out rows; with ``early_stopping`` and none given, a share ``validation_fraction`` of ``X``.
        checkpoint : path, optional
            A file for the state of training, renewed after every epoch. If it exists, training goes on from it and
            ends as if it had never stopped, bit for bit.
        snapshots : sequence of int
            Epochs at which to keep the codes of some rows, 0 for before training: see ``snapshots_``.

        Returns
        -------
        self
        """
        X = self._checked(X, reset=True)
        path, generator = self._begin(checkpoint)
        data = self._with_labels(self._scaled(self._start(X, generator)))
        self._watch(data, snapshots)
        held_out = None
        if X_val is not None:
            held_out = self._scaled(self._rows(self._checked(X_val, reset=False))).take(slice(None))
        elif self.early_stopping:
            data, held_out = hold_out(data, self.validation_fraction, generator)
        self._learn(self._training_rows(data), held_out, generator, path)
        self._finish(data)
        self._keep()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Make one pass over ``X`` in batches, going on from where the last call left the model.

        The first call fixes the columns' scaling and, where it is chosen automatically, the likelihood.
        """
        if self.early_stopping:
            raise ValueError(
                "partial_fit cannot honour early_stopping, which needs a whole training: use fit"
            )
        first = not hasattr(self, "module_")
        X = self._checked(X, reset=first)
        check_counts(self)
        device = resolve_device(self.device) if first else self.device_
        generator = Generator(self._training_seed(None), device)
        data = self._start(X, generator) if first else self._go_on(X)
        if not hasattr(self, "_trainer"):
            self._trainer = self._trainer_for(generator, [])
            self._trainer.history, self._trainer.epoch = (
                getattr(self, "history_", []),
                getattr(self, "n_iter_", 0),
            )
        scaled = self._with_labels(self._scaled(data))
        self._trainer.run_epoch(scaled, batch_size=self._pass_size(len(data)))
        self._trainer.settle()
        self._remember(self._trainer)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def model_table() -> list[dict[str, str]]:
    """Return the table of models from the estimators themselves, a dictionary of column to cell a row."""
    return rows_of(Estimator.table)
