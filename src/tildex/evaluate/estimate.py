"""The result of every evaluation: a value and its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Estimate"]


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, which is zero for an exact value.

    Example
    -------
    >>> print(Estimate.of([1.0, 2.0, 3.0]))
    2 ± 0.58
    """

    value: float
    standard_error: float = 0.0

    @classmethod
    def of(cls, values: Any) -> Estimate:
        """Return the mean of independent ``values`` and its standard error, NaN for a single value."""
        values = np.asarray(values, dtype=float)
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        return cls(float(values.mean()), float(error))

    def __str__(self) -> str:
        if self.standard_error == 0:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} ± {self.standard_error:.2g}"
