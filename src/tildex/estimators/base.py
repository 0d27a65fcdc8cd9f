"""What every estimator shares: scikit-learn's contract around one module, one rule and the one loop."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from torch import Tensor, nn

from tildex.callbacks import Checkpoint, EarlyStopping, EpochPrinter, ProgressBar
from tildex.estimators.inputs import (
    Columns,
    Transformed,
    check,
    check_counts,
    hold_out,
    reader,
    resolve_device,
    resolve_precision,
)
from tildex.estimators.parts import PartsMixin
from tildex.estimators.saving import SavableMixin
from tildex.estimators.table import ModelRow, rows_of
from tildex.estimators.using import UsingMixin
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.optimizers import Optimizer
from tildex.rules import Rule
from tildex.train import Plan, Rows, Trainer
from tildex.units import Units

__all__ = ["Estimator", "model_table"]


class Estimator(
    UsingMixin,
    SavableMixin,
    PartsMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    ABC,
):
    """A scikit-learn transformer around a torch module.

    Attributes
    ----------
    table : dict of str to class
        Every concrete estimator by the name the command line uses.
    slug : str
        That name.
    row : ModelRow
        The estimator's line in the table of models.
    float_types : tuple of numpy types
        What data may be; all else becomes the first.
    """

    table: ClassVar[dict[str, type[Estimator]]] = {}
    slug: ClassVar[str]
    row: ClassVar[ModelRow]
    float_types: ClassVar[tuple[type, ...]] = (np.float32, np.float64)

    n_components: int
    optimizer: Optimizer | None
    n_iter: int
    batch_size: int | None
    shuffle: bool
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    tol: float
    averaging: float | None
    clip_norm: float | None
    precision: str
    device: str
    warm_start: bool
    verbose: int
    random_state: Any

    module_: Any
    scaling_: Scaling
    likelihood_: Units
    n_features_in_: int
    history_: list[dict[str, float]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "slug" in cls.__dict__:
            cls.table[cls.slug] = cls

    @abstractmethod
    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        """Return the untrained module; ``mean`` of the scaled columns may start its biases."""

    @abstractmethod
    def _rule(self) -> Rule:
        """Return a fresh rule."""

    @abstractmethod
    def _encode(self, x: Tensor) -> Tensor:
        """Return the code of scaled rows."""

    @abstractmethod
    def _decode(self, z: Tensor) -> Tensor:
        """Return the mean scaled rows of codes."""

    @abstractmethod
    def _log_score(self, x: Tensor) -> Tensor:
        """Return one value a scaled row, in nats, higher is better."""

    def _likelihood(self, columns: Columns) -> Units:
        """Return the units of the data."""
        return self._part("likelihood")

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        """Return how columns are brought to the model's units: as they are where the values have a natural range."""
        offset, scale = torch.zeros_like(columns.mean), torch.ones_like(columns.mean)
        if likelihood.low == -np.inf:
            offset, scale = columns.mean, torch.where(columns.std > 0, columns.std, 1.0)
        return Scaling(offset, scale)

    def _training_rows(self, data: Rows) -> Rows:
        """Return what the loop reads, given the scaled rows."""
        return data

    def _pass_size(self, n_rows: int) -> int:
        """Return the rows a step of :meth:`partial_fit` takes."""
        return self.batch_size or n_rows

    def _finish(self, data: Rows) -> None:
        """Tidy up the trained module."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, those of parts as ``part__name``, of a default part too."""
        self._choose_defaults(params)
        return super().set_params(**params)

    def fit(self, X: Any, y: Any = None, *, X_val: Any = None, checkpoint: str | Path | None = None) -> Self:
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

        Returns
        -------
        self
        """
        X = check(self, X, reset=True)
        check_counts(self)
        checkpoint = None if checkpoint is None else Path(checkpoint)
        generator = Generator(self._training_seed(checkpoint), resolve_device(self.device))
        data = self._scaled(self._start(X, generator))
        held_out = None
        if X_val is not None:
            held_out = self._scaled(self._rows(check(self, X_val, reset=False))).take(slice(None))
        elif self.early_stopping:
            data, held_out = hold_out(data, self.validation_fraction, generator)
        self._trainer = self._train(self._training_rows(data), held_out, generator, checkpoint)
        self._remember(self._trainer)
        self._finish(data)
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Make one pass over ``X`` in batches, going on from where the last call left the model.

        The first call fixes the columns' scaling and, where it is chosen automatically, the likelihood.
        """
        for name in ("early_stopping", "averaging"):
            if getattr(self, name):
                raise ValueError(f"partial_fit cannot honour {name}, which needs a whole training: use fit")
        first = not hasattr(self, "module_")
        X = check(self, X, reset=first)
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
        self._trainer.run_epoch(self._scaled(data), batch_size=self._pass_size(len(data)))
        self._remember(self._trainer)
        return self

    def _rows(self, X: Any) -> Rows:
        return reader(X, device=self.device_, dtype=self.scaling_.offset.dtype)

    def _scaled(self, data: Rows) -> Rows:
        return data if self.scaling_.is_identity() else Transformed(data, self.scaling_)

    def _start(self, X: Any, generator: Generator) -> Rows:
        """Choose device, type, likelihood and scaling from the data, and build the module."""
        if self.warm_start and hasattr(self, "module_"):
            return self._go_on(X)
        self.device_ = generator.device
        weights, self._products = resolve_precision(self.precision, X)
        data = reader(X, device=self.device_, dtype=weights)
        columns = Columns.of(data)
        self._digest = columns.digest()
        self.likelihood_ = self._likelihood(columns)
        self.scaling_ = self._scaling(columns, self.likelihood_).to(self.device_, weights)
        columns.require(self.likelihood_, self.scaling_, getattr(self, "feature_names_in_", None))
        sample = self._scaled(data).take(slice(0, min(len(data), 2048)))
        if (message := self.likelihood_.outside(sample)) is not None:
            raise ValueError(f"{self.likelihood_!r} units expect {message}: encode the columns accordingly")
        mean = self.scaling_(columns.mean.to(weights))
        with torch.device(self.device_):
            module = self._build(self.n_features_in_, self.likelihood_, generator, mean)
        self.module_ = module.to(self.device_, weights)
        self._n_features_out = self.n_components
        self.__dict__.pop("_trainer", None)
        return data

    def _go_on(self, X: Any) -> Rows:
        """Return a reader of more data for a model that is there already."""
        if len(self.scaling_.offset) != self.n_features_in_:
            raise ValueError(
                f"warm_start goes on with a model of {len(self.scaling_.offset)} features, and X has "
                f"{self.n_features_in_}: set warm_start=False to begin anew"
            )
        data = self._rows(X)
        columns = Columns.of(data)
        self._digest = columns.digest()
        columns.require(self.likelihood_, self.scaling_, getattr(self, "feature_names_in_", None))
        return data

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        plan = Plan(
            n_iter=self.n_iter,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            clip_norm=self.clip_norm,
            averaging=self.averaging,
            precision=self._products,
        )
        return Trainer(self.module_, self._rule(), self._part("optimizer"), plan, generator, callbacks)

    def _train(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: Path | None
    ) -> Trainer:
        name = type(self).__name__
        stopping = EarlyStopping(self.n_iter_no_change, self.tol) if self.early_stopping else None
        with ProgressBar(name, self.n_iter) as bar:
            callbacks: list[Any] = [stopping] if stopping else []
            callbacks.append(EpochPrinter(name) if self.verbose else bar)
            trainer = self._trainer_for(generator, callbacks)
            if checkpoint is not None:
                identity = {**self._recipe(), "rows": len(data), "data": self._digest}
                saver = Checkpoint(checkpoint, identity, generator.seed)
                saver.resume(trainer)
                trainer.callbacks = [*callbacks, saver]
            trainer.fit(data, held_out)
        if stopping is not None:
            stopping.restore(trainer)
        return trainer

    def _remember(self, trainer: Trainer) -> None:
        self.history_, self.n_iter_ = trainer.history, trainer.epoch

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Leave the optimiser behind and bring the module to the processor: a pickle must load anywhere."""
        state = super().__getstate__().copy()
        state.pop("_trainer", None)
        state.pop("_sampling", None)
        if "device_" in state and self.device_.type != "cpu":
            state["module_"] = copy.deepcopy(self.module_).cpu()
            state["scaling_"] = copy.deepcopy(self.scaling_).cpu()
            state["device_"] = torch.device("cpu")
        return state


def model_table() -> list[dict[str, str]]:
    """Return the table of models from the estimators themselves, a dictionary of column to cell a row."""
    return rows_of(Estimator.table)
