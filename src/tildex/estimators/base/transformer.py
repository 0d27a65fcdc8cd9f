"""What every transformer shares: rows to codes and codes to rows, learned without labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from tildex.estimators.base.binarised import binary_rows
from tildex.estimators.base.checks import begin, check, check_whole, drawing
from tildex.estimators.base.columns import apply, hold_out
from tildex.estimators.base.frames import as_frame
from tildex.estimators.base.learner import Learner
from tildex.estimators.base.settings import settings
from tildex.estimators.base.snapshots import begin_snapshots, end_snapshots
from tildex.estimators.base.stopping import holds_out
from tildex.estimators.base.whole import whole
from tildex.generator import Generator
from tildex.train import Callback, Rows

__all__ = ["Estimator"]


@settings
class Estimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Learner):
    """A scikit-learn transformer around a torch module, trained without labels.

    Attributes
    ----------
    snapshots_ : dict of int to array of shape (n, n_components)
        Codes by epoch, 0 being before training; set if ``fit`` was called with ``snapshots``.
    snapshot_rows_ : array of shape (n,)
        Indices of the training rows that these codes belong to, at most 1,500.
    """

    can = frozenset({"reconstruct", "snapshots"})
    gives_codes: ClassVar[bool] = True

    n_components: int = field(init=False)
    snapshots_: dict[int, np.ndarray] = field(init=False)
    snapshot_rows_: np.ndarray = field(init=False)

    @abstractmethod
    def _encode(self, x: Tensor) -> Tensor:
        """Return the code of scaled rows."""

    @abstractmethod
    def _decode(self, z: Tensor) -> Tensor:
        """Return the mean scaled rows given codes."""

    @abstractmethod
    def _log_score(self, x: Tensor) -> Tensor:
        """Return one value per scaled row, in nats; higher is better."""

    def _log_probs(self, x: Tensor) -> Tensor:
        """Return log P of each variable of scaled rows given their codes, shape (rows, variables)."""
        raise ValueError(f"{type(self).__name__} has no log-probabilities by column")

    def _code_size(self) -> int:
        return self.n_components

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return the data checked by :func:`check`, which also stores the columns if ``reset``."""
        return check(self, X, reset=reset)

    def _as_given(self, rows: Any, given: Any = None) -> Any:
        """Return rows in the form of ``given``, or of the training data: as a frame, if that was one."""
        return as_frame(self.reading_.schema, rows, given)

    def _with_labels(self, data: Rows) -> Rows:
        """Return the scaled rows, with labels as further columns where the model learns them."""
        return data

    def _training_rows(self, data: Rows) -> Rows:
        """Return the rows that the training loop reads, given the scaled rows."""
        return data if self.binarisation is None else binary_rows(self, data)

    def _finish(self, data: Rows) -> None:
        """Finish the module after training."""

    def _stand(self, data: Rows, held_out: Tensor | None) -> None:
        """Measure the trained module beside a baseline, and warn of a loss, where the class does."""

    def _pass_size(self, n_rows: int) -> int:
        """Return the number of rows per step of :meth:`partial_fit`."""
        return self._plan(None).rows_per_step(n_rows)

    @whole
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        X_val: Any = None,
        checkpoint: str | Path | None = None,
        snapshots: Sequence[int] = (),
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Train on the rows of ``X``.

        Parameters
        ----------
        X : array, sparse matrix, memory map, tensor, record or frame of shape (rows, features)
            The data; a pandas, polars or pyarrow table may have columns of any kind. Never changed,
            and read a batch at a time.
        y : None
            Ignored; present for pipelines.
        X_val : like X, optional
            Held-out rows; by default, if ``early_stopping``, a share ``validation_fraction`` of ``X``.
        checkpoint : path, optional
            A file for the state of training, rewritten after every epoch. If it exists, training resumes from it and
            gives the same result, bit for bit, as a run without interruption.
        snapshots : sequence of int
            Epochs at which to keep the codes of up to 1,500 rows, 0 for before training: see ``snapshots_``.
        callbacks : sequence of callable
            Called with the trainer once before the first epoch of each stage and after every epoch.

        Returns
        -------
        self
        """
        X = self._checked(X, reset=True)
        generator = begin(self, checkpoint)
        data = self._with_labels(self._start(X, generator))
        for name in ("_kept", "snapshots_", "snapshot_rows_"):
            self.__dict__.pop(name, None)
        if len(snapshots):
            begin_snapshots(self, data, snapshots)
        held_out = None
        if X_val is not None:
            held_out = self._read(self._checked(X_val, reset=False)).take(slice(None))
        elif holds_out(self, len(data)):
            data, held_out = hold_out(data, self.validation_fraction, generator)
        self._callbacks = callbacks
        self._learn(self._training_rows(data), held_out, generator, checkpoint)
        del self._callbacks
        self._finish(data)
        self._stand(data, held_out)
        if len(snapshots):
            end_snapshots(self)
        return self

    @whole
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Train for one epoch on ``X``, continuing from the last call.

        The first call fixes the scaling of the columns and, unless it was given, the likelihood.
        """
        if self.early_stopping is True:
            raise ValueError("partial_fit cannot honour early_stopping, which needs several epochs: use fit")
        first = not hasattr(self, "module_")
        X = self._checked(X, reset=first)
        generator = begin(self, device=None if first else self.device_)
        data = self._start(X, generator) if first else self._go_on(X)
        if not hasattr(self, "_trainer"):
            self._trainer = self._trainer_for(generator, [])
            self._trainer.history = getattr(self, "history_", [])
            self._trainer.epoch = getattr(self, "n_iter_", 0)
        self._trainer.run_epoch(self._with_labels(data), batch_size=self._pass_size(len(data)))
        self._trainer.settle()
        self._remember(self._trainer)
        return self

    def transform(self, X: Any) -> Any:
        """Return the mean codes, shape (rows, n_components)."""
        return self._over(X, lambda x: self._encode(self.scaling_(x)))

    def inverse_transform(self, X: Any) -> Any:
        """Return the mean rows given codes ``X``, in the data's units, shape (rows, features)."""
        check_is_fitted(self, "module_")
        if not isinstance(X, Tensor):
            X = check_array(X, dtype=[np.float32, np.float64])
        if X.ndim != 2 or X.shape[1] != self.n_components:
            raise ValueError(f"expected codes of shape (rows, {self.n_components}), got {tuple(X.shape)}")
        rows = apply(lambda z: self.scaling_.inverse(self._decode(z)), X, like=self.scaling_.offset)
        return self._as_given(rows)

    def reconstruct(self, X: Any) -> Any:
        """Return the mean row given the mean code of each row, in the data's units, shape (rows, features).

        Rows are complete: unknown values, NaN, are those that the model expects given the known ones.
        """
        rows = self._over(X, lambda x: self.scaling_.inverse(self._decode(self._encode(self.scaling_(x)))))
        return self._as_given(rows, X)

    def impute(self, X: Any, *, draws: int | None = None, random_state: Any = None) -> Any:
        """Return rows with unknown values, NaN, filled and known values as they are, shape (rows, features).

        Parameters
        ----------
        X : array, tensor, record or frame
            The rows.
        draws : int, optional
            Number of draws given the known values, shape (draws, rows, features); when not given, the mean.
        random_state : int, RandomState or None
            The seed of draws; None continues the estimator's own random stream.

        Raises
        ------
        ValueError
            If the estimator refuses unknown values.
        """
        if not self.allows_nan:
            raise ValueError(f"{type(self).__name__} does not know unknown values: use Imputer()")
        check_is_fitted(self, "module_")
        generator = None if draws is None else drawing(self, random_state)

        def fill(x: Tensor) -> Tensor:
            filled = self.scaling_.inverse(self._filled(self.scaling_(x), generator))
            return torch.where(x.isnan(), filled, x)

        if draws is None:
            return self._as_given(self._over(X, fill), X)
        check_whole("draws", draws, 1)
        X = self._checked(X, reset=False)
        rows = [apply(fill, X, like=self.scaling_.offset) for _ in range(draws)]
        return torch.stack(rows) if isinstance(X, Tensor) else np.stack(rows)

    def _filled(self, x: Tensor, generator: Generator | None) -> Tensor:
        """Return scaled rows with means, or draws given a generator, of unknown values; others are not looked at."""
        return self._decode(self._encode(x))

    def score_samples(self, X: Any) -> Any:
        """Return one score per row, shape (rows,), in nats and the data's own units; higher is better.

        The score of a row with unknown values, NaN, is that of its known values alone.
        Each model's docstring says what the score is, such as log P(x | code), a bound on log P(x) or a
        pseudo-likelihood. It is deterministic, and a row's score does not depend on the other rows.
        """

        def score(x: Tensor) -> Tensor:
            x = self.scaling_(x)
            if (message := self.likelihood_.outside_known(x)) is not None:
                raise ValueError(f"{self.likelihood_!r} units expect {message}: rescale the data as for fit")
            return self._log_score(x) + self.scaling_.log_volume(x)

        return self._over(X, score)

    def score_columns(self, X: Any) -> Any:
        """Return log P(column | code) at the mean code of each row, shape (rows, features), in nats.

        Like :meth:`score_samples`, it is in the data's own units. Of several columns that are one variable, as those of
        a category are, the first has its value and the others 0.

        Example
        -------
        >>> from tildex import Autoencoder, read
        >>> X = read("digits").X
        >>> model = Autoencoder(8, n_iter=2, random_state=0).fit(X)
        >>> bool(np.allclose(model.score_columns(X).sum(1), model.score_samples(X), rtol=1e-4))
        True
        """

        def columns(x: Tensor) -> Tensor:
            x = self.scaling_(x)
            each, variable = self._log_probs(x), self.likelihood_.variable_of(x.shape[1]).to(x.device)
            first = torch.ones_like(variable, dtype=torch.bool)
            first[1:] = variable[1:] != variable[:-1]
            values = torch.where(first, each[:, variable], 0.0)
            return values - torch.where(x.isnan(), 0.0, self.scaling_.scale.log())

        return self._over(X, columns)

    def in_range(self, X: Any) -> Any:
        """Return whether each value is a possible one for the model's units, shape (rows, features).

        Example
        -------
        >>> from tildex import Autoencoder
        >>> X = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(np.float32)
        >>> Autoencoder(2, n_iter=1).fit(X).in_range([[0.5, 0.5, 3.0]])
        array([[ True,  True, False]])
        """

        def within(x: Tensor) -> Tensor:
            x = self.scaling_(x)
            low, high = self.likelihood_.limits(x)
            return (x >= low) & (x <= high) | x.isnan()

        return self._over(X, within) > 0

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of :meth:`score_samples`."""
        return float(self.score_samples(X).mean())

    def _over(self, X: Any, function: Callable[[Tensor], Tensor]) -> Any:
        check_is_fitted(self, "module_")
        return apply(function, self._checked(X, reset=False), like=self.scaling_.offset)
