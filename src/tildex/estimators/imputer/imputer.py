"""The imputer: a transformer that fills unknown values, with draws and intervals."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted
from torch import Tensor

from tildex.data import Reading, Record, is_frame
from tildex.estimators.base.checks import begin, check, check_whole
from tildex.estimators.base.table import is_model
from tildex.estimators.imputer.calibration import Calibration
from tildex.estimators.imputer.coding import Coding
from tildex.estimators.imputer.completed import with_gaps_filled
from tildex.estimators.imputer.filler import Filler, GivenFiller, NormalFiller
from tildex.generator import Generator

__all__ = ["Imputer"]


class Imputer(TransformerMixin, BaseEstimator):
    """Fills the unknown cells of a table: with what is expected of them, with draws, or with intervals.

    By default the columns have one joint normal density, learned from incomplete rows (Dempster, Laird & Rubin, 1977,
    "Maximum likelihood from incomplete data via the EM algorithm"), and denoising networks that start at its
    expectations and learn what these miss, from known cells that they do not see (Vincent et al., 2008, "Extracting and
    composing robust features with denoising autoencoders"). Known cells that neither saw decide how much the networks
    count, and how wide the intervals must be to hold (Vovk, Gammerman & Shafer, 2005, "Algorithmic learning in a random
    world").

    Parameters
    ----------
    estimator : estimator, optional
        A model of this library that honours unknown values, such as ``RBM()`` or ``VariationalAutoencoder()``, to fill
        with instead; ``fit`` trains a copy.
    n_members : int
        Denoising networks, 3 by default; 0 fills from the joint normal density alone.
    random_state : int, RandomState or None
        Seed of all randomness.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of numbers.
    estimator_ : estimator
        The trained copy, if one was given.

    Example
    -------
    >>> import numpy as np
    >>> from sklearn.datasets import load_wine
    >>> from tildex import Imputer
    >>> X = load_wine().data
    >>> gaps = np.random.default_rng(0).random(X.shape) < 0.1
    >>> imputer = Imputer(n_members=0, random_state=0).fit(np.where(gaps, np.nan, X))
    >>> filled = imputer.transform(np.where(gaps, np.nan, X))
    >>> error = ((filled - X) / X.std(0))[gaps].std()
    >>> bool(error < 0.85)
    True
    """

    allows_nan: ClassVar[bool] = True
    counts: ClassVar[bool] = False
    float_types: ClassVar[tuple[type, ...]] = (np.float64, np.float32)
    reading_: Reading
    n_features_in_: int

    def __init__(self, estimator: Any = None, *, n_members: int = 3, random_state: Any = None) -> None:
        self.estimator = estimator
        self.n_members = n_members
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn how the columns of a table depend on each other.

        Parameters
        ----------
        X : array, tensor, record or frame of shape (rows, features)
            NaN, or an empty cell of a frame, means unknown. Every column needs a known cell.
        y : None
            Ignored; present for pipelines.

        Raises
        ------
        ValueError
            If a column has no known cell.
        """
        check_whole("n_members", self.n_members, 0)
        numbers = check(self, X, reset=True)
        # Tables are small: a processor is as fast as an accelerator.
        generator = begin(self, device=torch.device("cpu"))
        x = self._plain(numbers)
        self._require_known(x)
        self._coding = Coding.of(x, self.reading_.schema)
        self._filler: Filler
        if self.estimator is None:
            self._filler, residuals = NormalFiller.of(x, self._coding, self.n_members, generator)
        else:
            self.estimator_ = self._trained(numbers)
            given = GivenFiller(self.estimator_, self._coding, self._logarithms())
            self._filler, residuals = given, given.residuals(x, generator)
        self._calibration = Calibration(residuals)
        return self

    def transform(self, X: Any) -> Any:
        """Return ``X`` with unknown cells filled by what is expected of them: means, or the most likely category.

        Known cells, types and, for a frame, further columns and the index are as they were.
        """
        x = self._checked(X)
        return self._as_given(X, self._filler.expected(x))

    def draws(self, X: Any, n: int = 10, *, random_state: Any = None) -> list[Any]:
        """Return ``n`` copies of ``X`` with unknown cells drawn given the known ones of their row, as in multiple
        imputation: their spread says how uncertain an analysis is for want of these cells (Rubin, 1987, "Multiple
        imputation for nonresponse in surveys").
        """
        check_whole("n", n, 1)
        x = self._checked(X)
        generator = Generator(_seed(self, random_state))
        return [self._as_given(X, self._drawn(x, generator)) for _ in range(n)]

    def intervals(self, X: Any, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Return the limits that hold a share ``level`` of unknown cells: two arrays (rows, columns of numbers).

        Both limits of a known cell are its value. Of binary columns and categories, which have no interval, both are
        the probability.
        """
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {level!r}")
        x = self._checked(X)
        expected, spread, coding = self._filler.expected(x), self._filler.spread(x), self._coding
        limits = []
        for error in self._calibration.interval(level):
            limit = (expected + error * spread).clamp(coding.low, coding.high)
            limits.append(torch.where(x.isnan() & coding.real, limit, expected).numpy())
        return limits[0], limits[1]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns."""
        check_is_fitted(self, "_filler")
        if (schema := self.reading_.schema) is not None and input_features is None:
            return np.array([column.name for column in schema.columns], dtype=object)
        return np.asarray(_check_feature_names_in(self, input_features))

    def _drawn(self, x: Tensor, generator: Generator) -> Tensor:
        coding, expected = self._coding, self._filler.expected(x)
        scores = self._filler.scores(x, generator)
        errors = self._calibration.at(torch.special.ndtr(scores))
        real = (expected + errors * self._filler.spread(x)).clamp(coding.low, coding.high)
        # Of families other than real, what is expected is the mean.
        drawn = coding.units.sample(coding.units.inputs_for(expected), generator).to(x.dtype)
        return torch.where(x.isnan(), torch.where(coding.real, real, drawn), x)

    def _trained(self, numbers: Any) -> Any:
        model = clone(self.estimator)
        if not (is_model(model) and model.allows_nan):
            raise ValueError(
                f"expected an estimator that fills unknown values, such as RBM() or VariationalAutoencoder(), got "
                f"{model!r}"
            )
        if self.random_state is not None:
            model.set_params(random_state=self.random_state)
        reading = self.reading_
        if reading.schema is not None:
            numbers = Record(numbers, feature_names=reading.schema.names, reading=reading)
        return model.fit(numbers)

    def _checked(self, X: Any) -> Tensor:
        check_is_fitted(self, "_filler")
        return self._plain(check(self, X, reset=False))

    def _plain(self, numbers: Any) -> Tensor:
        """Return checked numbers on the table's own scale: the mean of logarithms is not the logarithm of the mean."""
        if issparse(numbers):
            raise TypeError(
                "sparse input is not supported: a sparse matrix leaves out zeros, not unknown values"
            )
        rows = numbers.detach().cpu() if isinstance(numbers, Tensor) else torch.from_numpy(np.array(numbers))
        x = rows.to(torch.float64, copy=True)
        x[:, self._logarithms()] = x[:, self._logarithms()].exp()
        return x

    def _logarithms(self) -> list[int]:
        """Return the columns of numbers that a schema gives as logarithms."""
        schema = self.reading_.schema
        return [] if schema is None else [s.start for s in schema.spans if s.kind.name == "positive"]

    def _as_given(self, X: Any, filled: Tensor) -> Any:
        """Return complete rows as ``X`` came: known values as they were."""
        schema, logarithms = self.reading_.schema, self._logarithms()
        filled[:, logarithms] = filled[:, logarithms].log()
        if schema is not None and is_frame(X):
            return with_gaps_filled(schema, X, filled.numpy())
        if isinstance(X, Tensor):
            return torch.where(X.isnan(), filled.to(X), X)
        numbers = np.asarray(check(self, X, reset=False))
        return np.where(np.isnan(numbers), filled.numpy().astype(numbers.dtype), numbers)

    def _require_known(self, x: Tensor) -> None:
        if bool((nothing := x.isnan().all(0)).any()):
            column = int(nothing.nonzero()[0, 0])
            schema = self.reading_.schema
            names = getattr(self, "feature_names_in_", None) if schema is None else schema.names
            name = f" ({names[column]})" if names is not None else ""
            raise ValueError(f"column {column}{name} has no known value: leave it out")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _seed(imputer: Imputer, random_state: Any) -> int:
    chosen = imputer.random_state if random_state is None else random_state
    return int(check_random_state(chosen).randint(np.iinfo(np.int32).max))
