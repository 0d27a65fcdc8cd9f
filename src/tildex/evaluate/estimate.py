"""What every evaluation returns: a value and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Estimate"]


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error; zero where the value is exact.

    Example
    -------
    >>> print(Estimate.of([1.0, 2.0, 3.0]))
    2 ± 0.58
    """

    value: float
    standard_error: float = 0.0

    @classmethod
    def of(cls, values: Any) -> Estimate:
        """Return the mean of independent ``values`` and the standard error of that mean; NaN error from one value."""
        values = np.asarray(values, dtype=float)
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        return cls(float(values.mean()), float(error))

    def __str__(self) -> str:
        if self.standard_error == 0:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} ± {self.standard_error:.2g}"
