"""Where users' data comes in and results go out: validation, column statistics, chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_non_negative, validate_data
from torch import Tensor

from tildex.data import rows
from tildex.estimators.side_by_side import SideBySide
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.products import fast_products
from tildex.train import Rows
from tildex.units import Units

__all__ = [
    "Columns",
    "Transformed",
    "apply",
    "check",
    "check_counts",
    "check_whole",
    "hold_out",
    "layer_sizes",
    "reader",
    "resolve_device",
    "resolve_precision",
    "standard",
]

_CHUNK = 2048


def check(estimator: Any, X: Any, *, reset: bool, finite: bool | str = True) -> Any:
    """Return ``X`` as a float array, memory map, CSR matrix or tensor, checked as scikit-learn checks it.

    ``finite`` is ``"allow-nan"`` where NaN stands for what is not known.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no rows, values that are not finite, or other columns than were fitted; or
        negative ones where counts are wanted.
    """
    if not isinstance(X, Tensor):
        kinds = {"dtype": estimator.float_types, "accept_sparse": "csr", "ensure_all_finite": finite}
        X = validate_data(estimator, X, reset=reset, **kinds)
        if estimator.counts:
            check_non_negative(X, type(estimator).__name__)
        return X
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"expected a tensor of shape (rows, features), got {tuple(X.shape)}")
    if not X.dtype.is_floating_point:
        X = X.float()
    if not (X.isfinite() | (X.isnan() & (finite is not True))).all():
        raise ValueError("the tensor contains NaN or infinity: fill in or drop those rows")
    if estimator.counts and float(X.min()) < 0:
        raise ValueError(
            f"Negative values in data passed to {type(estimator).__name__}, which expects counts"
        )
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )
    return X


def check_counts(estimator: Any) -> None:
    """Refuse numbers of units, passes and rows that are not whole and positive; no batch size means all rows."""
    for name in ("n_components", "n_iter", "batch_size"):
        if not hasattr(estimator, name):
            continue
        value = getattr(estimator, name)
        if name == "batch_size" and value is None:
            continue
        least = estimator.least_passes if name == "n_iter" else 1
        check_whole(name, value, least)


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse a setting that is not a whole number, or is below the least that makes sense."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def layer_sizes(value: Any) -> list[int]:
    """Return the sizes of hidden layers from a sequence of them, or from the size of one."""
    sizes = [value] if isinstance(value, int | np.integer) else value
    if isinstance(sizes, str) or not all(isinstance(size, int | np.integer) and size >= 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers of at least 1, got {value!r}")
    return [int(size) for size in sizes]


@dataclass
class Columns:
    """Statistics of each column, gathered a chunk at a time, shape (features,) each."""

    low: Tensor
    high: Tensor
    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, data: Rows) -> Columns:
        """Return the statistics of all rows; a column that only rounds differently has std 0.

        Sums of a chunk are taken in the type of the rows, those of all chunks in float64: a sum that converts every
        value takes eight times as long.
        """
        origin = data.take(slice(0, 1))[0].clone()
        low, high, first = origin, origin, origin.double()
        total, square = torch.zeros_like(first), torch.zeros_like(first)
        for x in chunks(data):
            # Two passes: torch.aminmax along rows takes four times as long as both.
            low, high = torch.minimum(low, x.amin(0)), torch.maximum(high, x.amax(0))
            # Moments about the first row: no cancellation where the mean is far from zero.
            shifted = x - origin
            total += shifted.sum(0)
            square += shifted.square_().sum(0)
        shift = total / len(data)
        std = (square / len(data) - shift.square()).clamp_min(0).sqrt()
        std[(std <= 1e-7 * (first + shift).abs()) | (low == high)] = 0
        return cls(low.double(), high.double(), first + shift, std)

    def in_unit_interval(self) -> bool:
        """Say whether all values lie between 0 and 1."""
        return bool((self.low >= 0).all() and (self.high <= 1).all())

    def digest(self) -> str:
        """Return a checksum that other data will not have."""
        values = torch.cat([self.low, self.high, self.mean, self.std])
        return hashlib.sha256(values.cpu().numpy().tobytes()).hexdigest()

    def require(self, units: Units, scaling: Scaling, names: Any = None) -> None:
        """Raise an error naming the first column that ``units`` cannot take, once scaled."""
        low, high = scaling(self.low.to(scaling.offset)), scaling(self.high.to(scaling.offset))
        wrong = ((low < units.low) | (high > units.high)).nonzero()
        if len(wrong):
            column = int(wrong[0])
            name = f" ({names[column]})" if names is not None else ""
            raise ValueError(
                f"{units!r} units expect values from {units.low:g} to {units.high:g}, but column {column}{name} "
                f"has {float(self.low[column]):g} to {float(self.high[column]):g}: rescale it, or choose another "
                "likelihood such as Gaussian()"
            )


class Transformed:
    """Rows that go through a function as they are read, and may be a subset."""

    def __init__(
        self, data: Rows, function: Callable[[Tensor], Tensor], index: np.ndarray | None = None
    ) -> None:
        self.data = data
        self.function = function
        self.index = index

    def __len__(self) -> int:
        return len(self.data) if self.index is None else len(self.index)

    def take(self, index: Any) -> Tensor:
        """Return those rows, transformed."""
        return self.function(self.data.take(index if self.index is None else self.index[index]))


def standard(columns: Columns, units: Units) -> tuple[Tensor, Tensor]:
    """Return offset and scale of columns of one unit family: zeros and ones for one that takes them as they are."""
    if not units.standardised:
        return torch.zeros_like(columns.mean), torch.ones_like(columns.mean)
    return columns.mean, torch.where(columns.std > 0, columns.std, 1.0)


def chunks(data: Rows, size: int = _CHUNK) -> Any:
    """Yield all rows in order, ``size`` at a time."""
    for start in range(0, len(data), size):
        yield data.take(slice(start, min(start + size, len(data))))


def hold_out(data: Rows, fraction: float, generator: Generator) -> tuple[Rows, Tensor]:
    """Return the rows to train on, in their order, and a random share of the others.

    Raises
    ------
    ValueError
        If either would be empty.
    """
    n_held = round(fraction * len(data))
    if not 1 <= n_held < len(data):
        raise ValueError(
            f"validation_fraction={fraction} of {len(data)} rows holds out {n_held}: "
            "give more rows, or early_stopping=False"
        )
    order = generator.permutation(len(data))
    return Transformed(data, lambda x: x, np.sort(order[n_held:])), data.take(order[:n_held])


def reader(X: Any, *, device: torch.device, dtype: torch.dtype) -> Rows:
    """Return a reader of the rows of ``X`` in a type; a larger one than theirs is made a batch at a time."""
    if isinstance(X, SideBySide):
        return X.read(lambda part: reader(part, device=device, dtype=dtype), device, dtype)
    if dtype is torch.float64 and str(X.dtype).endswith("float32"):
        return Transformed(rows(X, device=device, dtype=torch.float32), Tensor.double)
    return rows(X, device=device, dtype=dtype)


def apply(function: Callable[[Tensor], Tensor], X: Any, *, like: Tensor, rows: int = _CHUNK) -> Any:
    """Return ``function`` of all rows of ``X``: an array for arrays, a tensor on its own device for a tensor.

    Parameters
    ----------
    function : callable
        From a batch to one value or row a row.
    X : array, CSR matrix or Tensor
        The rows, already checked.
    like : Tensor
        A parameter of the model, whose device and type the function computes in.
    rows : int
        Rows at a time.
    """
    data = reader(X, device=like.device, dtype=like.dtype)
    with torch.no_grad(), fast_products(like.device):
        result = torch.cat([function(x) for x in chunks(data, rows)])
    if isinstance(X, Tensor):
        return result.to(X.device, X.dtype)
    return result.cpu().numpy().astype(X.dtype, copy=False)


def resolve_device(device: str) -> torch.device:
    """Return the device of that name; ``auto`` is a GPU where there is one.

    Raises
    ------
    ValueError
        If the device is unknown or absent.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"expected a device such as 'auto', 'cpu' or 'cuda:0', got {device!r}") from error
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {device!r} asks for a GPU that is not here, where there are {torch.cuda.device_count()}: "
            "use device='cpu'"
        )
    return chosen


PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


def resolve_precision(precision: str, X: Any) -> tuple[torch.dtype, torch.dtype]:
    """Return the types of the weights and of the matrix products; ``auto`` follows the data.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if precision == "auto":
        precision = "float64" if str(X.dtype).endswith("float64") else "float32"
    if precision not in PRECISIONS:
        raise ValueError(f"expected precision 'auto' or one of {sorted(PRECISIONS)}, got {precision!r}")
    products = PRECISIONS[precision]
    return (torch.float32 if products is torch.bfloat16 else products), products
