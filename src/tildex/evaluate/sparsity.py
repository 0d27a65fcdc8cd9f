r"""Sparse codes: active units, dead units and unexplained variance.

.. math:: \mathrm{FVU} = \frac{\sum \|x - \tilde x\|^2}{\sum \|x - \bar x\|^2}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tildex.evaluate.estimate import Estimate

__all__ = ["Sparsity", "unexplained_variance"]

# A unit active on fewer than one row in ten thousand counts as rare.
_RARE = 1e-4


@dataclass(frozen=True)
class Sparsity:
    """Usage of a code whose units can be exactly zero.

    Attributes
    ----------
    l0 : Estimate
        Active units per row.
    unexplained : Estimate
        The fraction of variance not explained by reconstructions.
    dead : float
        The fraction of units inactive on all rows.
    rare : float
        The fraction of units active on fewer than one row in 10,000, including dead ones; with fewer rows, equal to
        ``dead``.
    """

    l0: Estimate
    unexplained: Estimate
    dead: float
    rare: float

    @classmethod
    def of(cls, code: Any, X: Any, reconstruction: Any) -> Self:
        """Return the measures of codes (rows, units), and of rows and their reconstructions (rows, features).

        Example
        -------
        >>> code = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0]])
        >>> found = Sparsity.of(code, [[0.0], [2.0]], [[0.5], [2.0]])
        >>> found.l0.value, round(found.dead, 3), found.unexplained.value
        (1.5, 0.333, 0.125)
        """
        used = np.asarray(code) != 0
        rates = used.mean(0)
        return cls(
            Estimate.of(used.sum(1)),
            unexplained_variance(X, reconstruction),
            dead=float((rates == 0).mean()),
            rare=float((rates < _RARE).mean()),
        )


def unexplained_variance(X: Any, reconstruction: Any) -> Estimate:
    """Return the squared error as a fraction of the rows' variance: one minus the variance-weighted R2 score.

    Parameters
    ----------
    X, reconstruction : array of shape (rows, features)
        Rows and their reconstructions.

    Returns
    -------
    Estimate
        With the standard error of a ratio of means; NaN if rows do not vary.
    """
    X = np.asarray(X, dtype=float)
    errors = ((X - np.asarray(reconstruction, dtype=float)) ** 2).sum(1)
    spread = ((X - X.mean(0)) ** 2).sum(1)
    if not spread.any():
        return Estimate(float("nan"), float("nan"))
    ratio = errors.mean() / spread.mean()
    # To first order, a row changes the ratio by its error minus the ratio times its variance.
    return Estimate(float(ratio), Estimate.of(errors - ratio * spread).standard_error / float(spread.mean()))
