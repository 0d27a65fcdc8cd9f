"""What transformers and predictors share: training settings, one module, one rule and the training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from tildex.corruptions import Corruption
from tildex.data import Reading
from tildex.estimators.base import saving
from tildex.estimators.base.binarised import binariser
from tildex.estimators.base.choosing import built, choose, recognise
from tildex.estimators.base.columns import (
    Columns,
    Transformed,
    open_rows,
    reader,
    require_consistent,
    some_rows,
    standard,
)
from tildex.estimators.base.settings import Default, fill_in, part, settings
from tildex.estimators.base.stopping import plan_of, stopper
from tildex.estimators.base.table import ModelRow
from tildex.estimators.base.table_units import default_units
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.optimizers import Optimizer
from tildex.rules import Rule
from tildex.train import Budget, Callback, Plan, Rows, Trainer
from tildex.train.callbacks import Snapshots
from tildex.train.restraints import Pace, UnitNorm
from tildex.train.stages import Stage, Stages, run_stages
from tildex.units import Gaussian, Units

__all__ = ["Learner"]


@settings
class Learner(BaseEstimator, ABC):
    """A scikit-learn estimator around a torch module; :class:`Autoencoder` documents the training settings.

    Attributes
    ----------
    table : dict of str to class
        Every concrete estimator by its ``slug``, the name on the command line; ``row`` is its row in that table.
    defaults : dict of str to Part or callable
        What None means for each setting that is a part.
    float_types, counts
        The dtypes that data may have, any other being converted to the first; whether data must not be negative.
    can : frozenset of str
        What the estimator does: reconstruct, sample, complete (sample given some values), predict, corrupt, columns
        (score each column); and what ``fit`` accepts: snapshots, tags.
    allows_nan, staged, gives_codes : bool
        Whether NaN in the data means unknown; training has several stages; another estimator can start from this one.
    least_passes, real_units, tones
        The smallest ``n_iter``; the default family of data outside [0, 1], and if ``tones`` of photographs inside.
    budget, before
        What None for ``n_iter`` and "auto" for ``batch_size`` mean; settings of runs saved before these existed.
    """

    table: ClassVar[dict[str, type[Learner]]] = {}
    slug: ClassVar[str]
    row: ClassVar[ModelRow]
    defaults: ClassVar[dict[str, Default]] = {}
    float_types: ClassVar[tuple[type, ...]] = (np.float32, np.float64)
    counts: ClassVar[bool] = False
    allows_nan: ClassVar[bool] = False
    can: ClassVar[frozenset[str]] = frozenset()
    least_passes: ClassVar[int] = 1
    staged: ClassVar[bool] = False
    gives_codes: ClassVar[bool] = False
    real_units: ClassVar[type[Units]] = Gaussian
    budget: ClassVar[Budget] = Budget()
    before: ClassVar[dict[str, Any]] = {}
    tones: ClassVar[bool] = False

    optimizer: Optimizer | None = None
    n_iter: int | None = None
    batch_size: int | str | None = "auto"
    shuffle: bool = True
    early_stopping: bool | str = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-4
    averaging: float | None = None
    clip_norm: float | None = None
    precision: str = "auto"
    device: str = "auto"
    warm_start: bool = False
    verbose: int = 0
    random_state: Any = None

    # Settings that only some estimators have.
    start: Any = field(init=False, default=None)
    likelihood: Units | None = field(init=False, default=None)
    rule: Rule | None = field(init=False, default=None)
    binarisation: str | None = field(init=False, default=None)
    augmentation: Corruption | None = field(init=False, default=None)
    max_norm: float | None = field(init=False, default=None)

    # Set by training.
    module_: Any = field(init=False)
    scaling_: Scaling = field(init=False)
    likelihood_: Units = field(init=False)
    device_: torch.device = field(init=False)
    n_features_in_: int = field(init=False)
    reading_: Reading = field(init=False, default=Reading())
    n_iter_: int = field(init=False)
    batch_size_: int = field(init=False)
    history_: list[dict[str, float]] = field(init=False)
    _products: torch.dtype = field(init=False)
    _digest: str = field(init=False)
    _kept: Snapshots | None = field(init=False, default=None)
    _callbacks: Sequence[Callback] = field(init=False, default=())
    _gaps: bool = field(init=False, default=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "slug" in cls.__dict__:
            cls.table[cls.slug] = cls

    @abstractmethod
    def _build(
        self, n_features: int, likelihood: Units, generator: Generator, mean: Tensor | None
    ) -> nn.Module:
        """Return the untrained module; ``mean``, of the scaled columns, may initialise its biases."""

    @abstractmethod
    def _code_size(self) -> int:
        """Return the number of columns that ``transform`` returns."""

    def _likelihood(self, columns: Columns) -> Units:
        """Return the units of the data."""
        return part(self, "likelihood") or default_units(self, columns.binary(self.tones))

    def _scaling(self, columns: Columns, likelihood: Units) -> Scaling:
        """Return the scaling of the columns to the model's units: the identity unless the family is standardised."""
        together = self.tones and self.likelihood is None and columns.in_unit_interval
        return Scaling(*standard(columns, likelihood, together=together))

    def _rule(self) -> Rule:
        """Return a new rule."""
        return part(self, "rule")

    def _paces(self) -> Sequence[Pace]:
        """Return the parameters that learn more slowly or later than the others."""
        return ()

    def _restraints(self) -> Sequence[UnitNorm]:
        """Return the weights that are kept at unit length."""
        return ()

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        """Return the random transformation of every batch before the rule sees it, or None."""
        if self.binarisation is not None:
            return binariser(self)
        return None if self.augmentation is None else part(self, "augmentation")

    def _overfits(self) -> bool:
        """Return whether held-out rows are worth losing for training: whether long training can do harm."""
        return True

    def _stages(self, data: Rows, held_out: Tensor | None) -> Stages:
        """Return the stages of the training: one by default."""
        return Stages([Stage("", lambda drawn: self._trainer_for(drawn, []), data, held_out)], self.module_)

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; ``part__name`` sets one of a part, even if the part is a default."""
        fill_in(self, params)
        return super().set_params(**params)

    def save(self, path: str | Path) -> Path:
        """Save the estimator as a folder of JSON and safetensors, or raise RunError; return the folder."""
        check_is_fitted(self, "module_")
        return saving.save(self, path)

    def _fitted(self) -> dict[str, Any]:
        """Return what training chose besides module and scaling, as JSON."""
        return {}

    def _restore(self, fitted: dict[str, Any]) -> None:
        """Restore what training chose, before the module is built; the weights include the scaling's numbers."""
        self.likelihood_ = saving.likelihood_of(fitted)
        zeros = torch.zeros(self.n_features_in_)
        self.scaling_ = Scaling(zeros, zeros + 1)

    @property
    def _goes_on(self) -> bool:
        """Whether training continues from an earlier ``fit``."""
        return self.warm_start and hasattr(self, "history_")

    def _read(self, X: Any) -> Rows:
        """Return a reader of scaled rows."""
        data = reader(X, device=self.device_, dtype=self.scaling_.offset.dtype)
        return data if self.scaling_.is_identity() else Transformed(data, self.scaling_)

    def _start(self, X: Any, generator: Generator) -> Rows:
        """Choose device, type, likelihood and scaling from the data, build the module, and return the scaled rows."""
        if self._goes_on:
            return self._go_on(X)
        self.device_ = generator.device
        data, weights = open_rows(self, X)
        mean = self._choose(data, weights)
        scaled = data if self.scaling_.is_identity() else Transformed(data, self.scaling_)
        require_consistent(self.likelihood_, scaled)
        with torch.device(self.device_):
            module = built(self, self.likelihood_, generator, mean)
        self.module_ = module.to(self.device_, weights).eval()
        self.module_.look(partial(some_rows, scaled))
        self._n_features_out = self._code_size()
        self.__dict__.pop("_trainer", None)
        return scaled

    def _choose(self, data: Rows, weights: torch.dtype) -> Tensor:
        """Choose likelihood and scaling, and return the scaled column means."""
        return choose(self, data, weights)

    def _recognise(self, data: Rows) -> None:
        """Check that further data fit the chosen likelihood and scaling."""
        recognise(self, data)

    def _go_on(self, X: Any) -> Rows:
        """Check further rows, and return a reader of them, scaled."""
        if (n := len(self.scaling_.offset)) != self.n_features_in_:
            also = f"and X has {self.n_features_in_}: set warm_start=False to start again"
            raise ValueError(f"warm_start continues a model of {n} features, {also}")
        self._recognise(reader(X, device=self.device_, dtype=self.scaling_.offset.dtype))
        return self._read(X)

    def _trainer_for(self, generator: Generator, callbacks: Sequence[Any]) -> Trainer:
        return Trainer(
            self.module_,
            present=self._present(),
            paces=self._paces(),
            restraints=self._restraints(),
            plan=self._plan(self.n_iter),
            rule=self._rule(),
            optimizer=part(self, "optimizer", self.module_),
            generator=generator,
            callbacks=callbacks,
        )

    def _plan(self, n_iter: int | None) -> Plan:
        """Return the number of epochs, the batch size and the other settings of the loop."""
        return plan_of(self, n_iter)

    def _learn(
        self, data: Rows, held_out: Tensor | None, generator: Generator, checkpoint: str | Path | None
    ) -> Self:
        """Train on ``data``, and keep the trainer and its history."""
        self.batch_size_ = self._plan(None).rows_per_step(len(data))
        history, trainer = run_stages(
            stages := self._stages(data, held_out),
            generator,
            title=type(self).__name__,
            verbose=self.verbose,
            stopping=stopper(self, len(data)),
            checkpoint=None if checkpoint is None else (Path(checkpoint), saving.identity(self, data)),
            callbacks=[*([] if self._kept is None else [self._kept]), *self._callbacks],
        )
        if stages.named:
            trainer = self._trainer_for(generator, [])
            trainer.history, trainer.epoch = history, len(history)
        self._trainer = trainer
        self._remember(trainer)
        return self

    def _remember(self, trainer: Trainer) -> None:
        self.history_, self.n_iter_ = trainer.history, trainer.epoch

    def __sklearn_clone__(self) -> Self:
        """Keep a trained start: its weights are a setting of this estimator, not something that ``fit`` learns."""
        copied = super().__sklearn_clone__()
        if self.start is not None:
            copied.start = self.start
        return copied

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = self.counts
        tags.input_tags.allow_nan = self.allows_nan
        if tags.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return a state that loads on any machine."""
        return saving.portable(self, super().__getstate__().copy())
