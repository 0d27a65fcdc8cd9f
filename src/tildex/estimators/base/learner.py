"""What transformers and predictors share: one module, one rule, and the one loop around them."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from tildex.estimators.base.checks import check_counts, resolve_device, resolve_precision
from tildex.estimators.base.columns import Columns, Transformed, reader, standard
from tildex.estimators.base.parts import PartsMixin
from tildex.estimators.base.saving import SavableMixin
from tildex.estimators.base.table import ModelRow
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.optimizers import Optimizer
from tildex.rules import Rule
from tildex.train import Plan, Rows, Trainer
from tildex.train.callbacks import Checkpoint, EarlyStopping, EpochPrinter, ProgressBar, Snapshots
from tildex.train.restraints import Pace, UnitNorm
from tildex.units import Units

__all__ = ["Learner"]


class Learner(SavableMixin, PartsMixin, BaseEstimator, ABC):
    """A scikit-learn estimator around a torch module.

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
    counts : bool
        Whether the data must not be negative.
    can : frozenset of str
        What it does beyond learning: verbs among reconstruct, sample, complete (sample with values given), predict and
        corrupt, and what its training takes: snapshots, tags.
    least_passes : int
        The smallest ``n_iter``; none for an estimator of which other stages are trained.
    """

    table: ClassVar[dict[str, type[Learner]]] = {}
    slug: ClassVar[str]
    row: ClassVar[ModelRow]
    float_types: ClassVar[tuple[type, ...]] = (np.float32, np.float64)
    counts: ClassVar[bool] = False
    can: ClassVar[frozenset[str]] = frozenset()
    least_passes: ClassVar[int] = 1

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
    max_norm: float | None = None
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
    _kept: Snapshots | None = None

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
    def _code_size(self) -> int:
        """Return how many columns ``transform`` gives."""

    def _likelihood(self, columns: Columns) -> Units:
        """Return the units of the data."""
        return self._part("likelihood")

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        """Return how columns are brought to the model's units: as they are where the values have a natural range."""
        return Scaling(*standard(columns, likelihood))

    def _paces(self) -> Sequence[Pace]:
        """Return which parameters learn slower than the others, or later."""
        return ()

    def _restraints(self) -> Sequence[UnitNorm]:
        """Return which weights stay at length one."""
        return ()

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, those of parts as ``part__name``, of a default part too."""
        self._choose_defaults(params)
        return super().set_params(**params)

    def _begin(self, checkpoint: str | Path | None) -> tuple[Path | None, Generator]:
        """Check the settings; return the checkpoint's path and the generator of a training."""
        check_counts(self)
        path = None if checkpoint is None else Path(checkpoint)
        return path, Generator(self._training_seed(path), resolve_device(self.device))

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
        mean = self._choose(data, weights)
        sample = self._scaled(data).take(slice(0, min(len(data), 2048)))
        if (message := self.likelihood_.outside(sample)) is not None:
            raise ValueError(f"{self.likelihood_!r} units expect {message}: encode the columns accordingly")
        with torch.device(self.device_):
            module = self._build(self.n_features_in_, self.likelihood_, generator, mean)
        self.module_ = module.to(self.device_, weights)
        self._n_features_out = self._code_size()
        self.__dict__.pop("_trainer", None)
        return data

    def _choose(self, data: Rows, weights: torch.dtype) -> Tensor:
        """Choose likelihood and scaling from the data, and return the means of the scaled columns."""
        columns = Columns.of(data)
        self._digest = columns.digest()
        self.likelihood_ = self._likelihood(columns)
        self.scaling_ = self._scaling(columns, self.likelihood_).to(self.device_, weights)
        columns.require(self.likelihood_, self.scaling_, getattr(self, "feature_names_in_", None))
        return self.scaling_(columns.mean.to(weights))

    def _recognise(self, data: Rows) -> None:
        """Make sure that more data are of the kind that likelihood and scaling were chosen for."""
        columns = Columns.of(data)
        self._digest = columns.digest()
        columns.require(self.likelihood_, self.scaling_, getattr(self, "feature_names_in_", None))

    def _go_on(self, X: Any) -> Rows:
        """Return a reader of more data for a model that is there already."""
        if len(self.scaling_.offset) != self.n_features_in_:
            raise ValueError(
                f"warm_start goes on with a model of {len(self.scaling_.offset)} features, and X has "
                f"{self.n_features_in_}: set warm_start=False to begin anew"
            )
        data = self._rows(X)
        self._recognise(data)
        return data

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        plan, optimizer = self._plan(self.n_iter), self._part("optimizer")
        return Trainer(
            self.module_,
            self._rule(),
            optimizer,
            plan,
            generator,
            callbacks,
            self._present(),
            self._paces(),
            self._restraints(),
        )

    def _plan(self, n_iter: int) -> Plan:
        """Return how long and in what portions to train."""
        return Plan(
            n_iter=n_iter,
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            clip_norm=self.clip_norm,
            averaging=self.averaging,
            max_norm=self.max_norm,
            precision=self._products,
        )

    def _learn(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: Path | None
    ) -> Self:
        """Train on what the loop reads, and remember how it went."""
        self._trainer = self._train(data, held_out, generator, checkpoint)
        self._remember(self._trainer)
        return self

    def _train(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: Path | None
    ) -> Trainer:
        name = type(self).__name__
        stopping = EarlyStopping(self.n_iter_no_change, self.tol) if self.early_stopping else None
        with ProgressBar(name, self.n_iter) as bar:
            callbacks: list[Any] = [callback for callback in (stopping, self._kept) if callback is not None]
            callbacks.append(EpochPrinter(name) if self.verbose else bar)
            trainer = self._trainer_for(generator, callbacks)
            if checkpoint is not None:
                kept = sorted(self._kept.epochs) if self._kept is not None else []
                identity = {**self._recipe(), "rows": len(data), "data": self._digest, "snapshots": kept}
                saver = Checkpoint(checkpoint, identity, generator.seed)
                saver.resume(trainer)
                trainer.callbacks = [*callbacks, saver]
            if self._kept is not None and trainer.epoch == 0:
                self._kept(trainer)
            trainer.fit(data, held_out)
        if stopping is not None:
            stopping.restore(trainer)
        return trainer

    def _remember(self, trainer: Trainer) -> None:
        self.history_, self.n_iter_ = trainer.history, trainer.epoch

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = self.counts
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
