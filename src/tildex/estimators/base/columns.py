"""Column statistics, computed chunk by chunk, and what follows from them: scaling, unit families, held-out rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.data import rows
from tildex.estimators.base.joined import JoinedArrays
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.products import fast_products
from tildex.train import Rows
from tildex.units import Units

__all__ = [
    "PRECISIONS",
    "Columns",
    "Transformed",
    "apply",
    "chunks",
    "hold_out",
    "open_rows",
    "reader",
    "require_consistent",
    "some_rows",
    "standard",
]

_CHUNK = 2048


@dataclass
class Columns:
    """Statistics of the known values per column, shape (features,) each; whether all lie in [0, 1]; a checksum.

    ``gaps`` says whether any value is unknown, NaN.
    """

    low: Tensor
    high: Tensor
    mean: Tensor
    std: Tensor
    in_unit_interval: bool
    digest: str
    gaps: bool = False

    @classmethod
    def of(cls, data: Rows) -> Columns:
        """Return the statistics of all rows; a column that varies only by rounding has std 0.

        Sums within a chunk use the data's dtype, sums over chunks float64: converting every value to float64 takes
        eight times as long.
        """
        n = len(data)
        origin = data.take(slice(0, 1))[0].clone()
        low, high, first = origin, origin, origin.double()
        total, square = torch.zeros_like(first), torch.zeros_like(first)
        for start in range(0, n, _CHUNK):
            x = data.take(slice(start, min(start + _CHUNK, n)))
            # Two passes: torch.aminmax along rows takes four times as long as both.
            low, high = torch.minimum(low, x.amin(0)), torch.maximum(high, x.amax(0))
            # Moments about the first row: no cancellation where the mean is far from zero.
            shifted = x - origin
            total += shifted.sum(0)
            square += shifted.square_().sum(0)
        # A minimum is NaN if one of the values is.
        if bool(low.isnan().any()):
            return cls._with_gaps(data)
        shift = total / n
        return cls._from(low, high, first, shift, square / n)

    @classmethod
    def _with_gaps(cls, data: Rows) -> Columns:
        """Return the statistics of rows with unknown values."""
        first = data.take(slice(0, 1))[0].new_full((data.take(slice(0, 1)).shape[1],), torch.nan)
        for x in chunks(data):
            # The first known value of each column.
            place = (~x.isnan()).to(torch.uint8).argmax(0)
            first = torch.where(first.isnan(), x.gather(0, place[None])[0], first)
        if bool(first.isnan().any()):
            return cls(*(first.double(),) * 4, False, "", gaps=True)
        low, high = first.double(), first.double()
        count, total, square = (torch.zeros_like(low) for _ in range(3))
        for x in chunks(data):
            shifted = torch.where(x.isnan(), 0.0, x - first).double()
            low, high = (
                torch.minimum(low, first + shifted.amin(0)),
                torch.maximum(high, first + shifted.amax(0)),
            )
            count += (~x.isnan()).sum(0)
            total += shifted.sum(0)
            square += shifted.square().sum(0)
        return cls._from(low, high, first.double(), total / count, square / count, gaps=True)

    @classmethod
    def _from(
        cls, low: Tensor, high: Tensor, first: Tensor, shift: Tensor, square: Tensor, *, gaps: bool = False
    ) -> Columns:
        """Return statistics from moments about the ``first`` values."""
        std = (square - shift.square()).clamp_min(0).sqrt()
        std[(std <= 1e-7 * (first + shift).abs()) | (low == high)] = 0
        inside = bool((low >= 0).all() and (high <= 1).all())
        values = [low.double(), high.double(), first + shift, std]
        digest = hashlib.sha256(torch.cat(values).cpu().numpy().tobytes()).hexdigest()
        return cls(values[0], values[1], values[2], values[3], inside, digest, gaps)

    def require(self, units: Units, scaling: Scaling, names: Any = None) -> Tensor:
        """Return the scaled means; raise an error that names the first column outside the range of ``units``."""
        if bool(self.mean.isnan().any()):
            column = int(self.mean.isnan().nonzero()[0, 0])
            raise ValueError(f"column {column}{_named(names, column)} has no known value: leave it out")
        if self.gaps and units.counts_words:
            raise ValueError(
                "the words of a document are all known or all unknown, and X has NaN: fill them in"
            )
        low, high, mean = scaling(torch.stack([self.low, self.high, self.mean]).to(scaling.offset))
        smallest, largest = units.limits(mean)
        wrong = ((low < smallest) | (high > largest)).nonzero()
        if len(wrong):
            column = int(wrong[0])
            raise ValueError(
                f"{units!r} units expect values from {smallest[column]:g} to {largest[column]:g}, but column "
                f"{column}{_named(names, column)} has {float(self.low[column]):g} to {float(self.high[column]):g}: "
                "rescale it, or choose another likelihood such as Gaussian()"
            )
        return mean


class Transformed:
    """Rows, or a subset of them, passed through a function as they are read."""

    def __init__(
        self, data: Rows, function: Callable[[Tensor], Tensor], index: np.ndarray | None = None
    ) -> None:
        self.data = data
        self.function = function
        self.index = index

    def __len__(self) -> int:
        return len(self.data) if self.index is None else len(self.index)

    def take(self, index: Any) -> Tensor:
        """Return the rows at ``index``, transformed."""
        return self.function(self.data.take(index if self.index is None else self.index[index]))


def _named(names: Any, column: int) -> str:
    return "" if names is None else f" ({names[column]})"


def standard(columns: Columns, units: Units) -> tuple[Tensor, Tensor]:
    """Return offset and scale of columns of one unit family: zeros and ones where they are not standardised."""
    real = units.standardised_columns(len(columns.mean)).to(columns.mean.device)
    return torch.where(real, columns.mean, 0.0), torch.where(real & (columns.std > 0), columns.std, 1.0)


def some_rows(data: Rows, n: int = _CHUNK) -> Tensor:
    """Return at most ``n`` rows from all over the data."""
    return data.take(np.unique(np.linspace(0, len(data) - 1, n).astype(np.int64)))


def chunks(data: Rows, size: int = _CHUNK) -> Any:
    """Yield all rows in order, ``size`` at a time."""
    for start in range(0, len(data), size):
        yield data.take(slice(start, min(start + size, len(data))))


def hold_out(data: Rows, fraction: float, generator: Generator) -> tuple[Rows, Tensor]:
    """Return the training rows, in their order, and a random held-out share.

    Raises
    ------
    ValueError
        If either part would be empty.
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
    """Return a reader of the rows of ``X`` in ``dtype``; a wider dtype than the data's is converted per batch."""
    if isinstance(X, JoinedArrays):
        return X.read(lambda part: reader(part, device=device, dtype=dtype), device, dtype)
    if dtype is torch.float64 and str(X.dtype).endswith("float32"):
        return Transformed(rows(X, device=device, dtype=torch.float32), Tensor.double)
    return rows(X, device=device, dtype=dtype)


def apply(function: Callable[[Tensor], Tensor], X: Any, *, like: Tensor, rows: int = _CHUNK) -> Any:
    """Return ``function`` of all rows of ``X``: an array for an array, a tensor on the same device for a tensor.

    Parameters
    ----------
    function : callable
        Maps a batch to one value or one row per row.
    X : array, CSR matrix or Tensor
        The checked rows.
    like : Tensor
        A parameter of the model; the function computes on its device and in its dtype.
    rows : int
        Rows per chunk.
    """
    data = reader(X, device=like.device, dtype=like.dtype)
    with torch.no_grad(), fast_products(like.device):
        result = torch.cat([function(x) for x in chunks(data, rows)])
    if isinstance(X, Tensor):
        return result.to(X.device, X.dtype)
    return result.cpu().numpy().astype(X.dtype, copy=False)


def require_consistent(units: Units, data: Rows) -> None:
    """Refuse scaled rows whose values are not consistent, such as classes that do not add up to one."""
    if units.constrained and (message := units.outside_known(data.take(slice(0, min(len(data), _CHUNK))))):
        raise ValueError(f"{units!r} units expect {message}: encode the columns accordingly")


PRECISIONS = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


def open_rows(estimator: Any, X: Any) -> tuple[Rows, torch.dtype]:
    """Return a reader of the rows of ``X`` and the dtype of the weights; sets the dtype of the matrix products.

    Raises
    ------
    ValueError
        If ``precision`` is unknown.
    """
    precision = estimator.precision
    if precision == "auto":
        precision = "float64" if str(X.dtype).endswith("float64") else "float32"
    if precision not in PRECISIONS:
        raise ValueError(f"expected precision 'auto' or one of {sorted(PRECISIONS)}, got {precision!r}")
    products = estimator._products = PRECISIONS[precision]
    weights = torch.float32 if products is torch.bfloat16 else products
    return reader(X, device=estimator.device_, dtype=weights), weights
