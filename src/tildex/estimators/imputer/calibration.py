"""The errors of an imputer, measured on known values that it did not see."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Calibration"]

# Columns with fewer measured errors use those of all columns.
_FEWEST = 20


class Calibration:
    """Quantiles of the errors of each column, in units of their expected scale.

    Parameters
    ----------
    residuals : Tensor of shape (rows, features)
        Errors; NaN where none was measured.

    Example
    -------
    >>> errors = torch.linspace(-1, 1, 39, dtype=torch.float64)[:, None]
    >>> [round(float(limit), 2) for limit in Calibration(errors).interval(0.9)]
    [-0.95, 0.95]
    """

    def __init__(self, residuals: Tensor) -> None:
        known = residuals[~residuals.isnan()]
        if not len(known):
            known = torch.zeros(1, dtype=residuals.dtype)
        self.columns = []
        for column in residuals.t():
            own = column[~column.isnan()]
            self.columns.append((own if len(own) >= _FEWEST else known).sort().values)

    def interval(self, level: float) -> Tensor:
        """Return the limits of the interval that covers a share ``level`` of new errors, shape (2, features).

        With n errors, the k-th smallest has a new one below it with probability k / (n + 1), exactly (Vovk, Gammerman &
        Shafer, 2005, "Algorithmic learning in a random world").
        """
        tail = (1 - level) / 2
        return self.at(torch.tensor([[tail], [1 - tail]]).expand(2, len(self.columns)))

    def at(self, share: Tensor) -> Tensor:
        """Return the errors below which given shares of new errors lie, both of shape (..., features)."""
        found = []
        for errors, own in zip(self.columns, share.to(self.columns[0].dtype).unbind(-1), strict=True):
            place = (own * (len(errors) + 1) - 1).clamp(0, len(errors) - 1)
            below = place.floor().long()
            above = (below + 1).clamp(max=len(errors) - 1)
            found.append(torch.lerp(errors[below], errors[above], place - below))
        return torch.stack(found, -1)
