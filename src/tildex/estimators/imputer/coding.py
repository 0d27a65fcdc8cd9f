"""The columns of a table as an imputer sees them: one family a column, and standard scores."""

from __future__ import annotations

from typing import NamedTuple, Self

import torch
from torch import Tensor

from tildex.data import Schema
from tildex.units import Bernoulli, Categorical, Gaussian, Mixed, Units

__all__ = ["Coding"]


class Coding(NamedTuple):
    """Families, scales and ranges of columns of numbers, shape (features,) each.

    ``real`` says which columns are real. ``low`` and ``high`` are the smallest and largest known values.
    """

    units: Units
    real: Tensor
    mean: Tensor
    std: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, x: Tensor, schema: Schema | None) -> Self:
        """Return the coding of rows with unknown values, NaN; without a schema every column is real."""
        units = Mixed([Gaussian()], [x.shape[1]]) if schema is None else _families(schema)
        real = units.real_columns(x.shape[1])
        mean = x.nanmean(0)
        std = (x - mean).square().nanmean(0).sqrt()
        std = torch.where(std > 1e-7 * mean.abs(), std, 1.0)
        low = torch.where(x.isnan(), torch.inf, x).amin(0)
        high = torch.where(x.isnan(), -torch.inf, x).amax(0)
        return cls(units.sized(x.shape[1]), real, mean, std, low, high)

    def scores(self, x: Tensor) -> Tensor:
        """Return standard scores."""
        return (x - self.mean) / self.std

    def own(self, z: Tensor) -> Tensor:
        """Return standard scores of real columns, and values of the others, given standard scores of all."""
        return torch.where(self.real, z, z * self.std + self.mean)

    def values(self, own: Tensor) -> Tensor:
        """Undo the scores of :meth:`own`, within the range of the known values."""
        x = torch.where(self.real, own * self.std + self.mean, own)
        return x.clamp(self.low, self.high)


def _families(schema: Schema) -> Units:
    parts: list[Units] = []
    for span in schema.spans:
        width = span.stop - span.start
        family = {"binary": Bernoulli(), "category": Categorical(max(2, width))}.get(span.kind.units or "")
        # The mean of a count is real.
        parts.append(Gaussian() if family is None else family)
    return Mixed(parts, [span.stop - span.start for span in schema.spans])
