r"""Means over held-out rows with standard errors; rows of one group count as one observation.

.. math:: \hat\sigma^2 = \frac{G}{G - 1} \frac{1}{n^2} \sum_g \Bigl(\sum_{i \in g} (x_i - \bar x)\Bigr)^2
"""

from __future__ import annotations

import numpy as np

from tildex.evaluate import Estimate

__all__ = ["pooled", "ratio"]


def pooled(values: np.ndarray, groups: np.ndarray | None = None) -> Estimate:
    """Return the mean of one value per row and its standard error, NaN for a single group.

    Parameters
    ----------
    values : array of shape (rows,)
        The values.
    groups : array of shape (rows,), optional
        The group of each row; by default each row is its own.

    Example
    -------
    >>> print(pooled(np.array([1.0, 2.0, 3.0])))
    2 ± 0.58
    >>> print(pooled(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1])))
    2 ± 1
    """
    values = np.asarray(values, dtype=float)
    return Estimate(float(values.mean()), _error(values - values.mean(), groups))


def ratio(values: np.ndarray, reference: np.ndarray, groups: np.ndarray | None = None) -> Estimate:
    """Return the mean of ``values`` relative to that of ``reference``, both measured on the same rows.

    The standard error is that of the paired differences: what makes a row hard for both cancels.

    Parameters
    ----------
    values, reference : array of shape (rows,)
        The values; the reference has a positive mean.
    groups : array of shape (rows,), optional
        As in :func:`pooled`.

    Example
    -------
    >>> print(ratio(np.array([1.0, 2.0]), np.array([2.0, 4.0])))
    0.5
    """
    share = float(np.mean(values) / np.mean(reference))
    return Estimate(share, _error(values - share * reference, groups) / float(np.mean(reference)))


def _error(residuals: np.ndarray, groups: np.ndarray | None) -> float:
    """Return the standard error of the mean of residuals that sum to zero."""
    sums = residuals if groups is None else np.bincount(np.unique(groups, return_inverse=True)[1], residuals)
    n_groups = len(sums)
    if n_groups < 2:
        return float("nan")
    return float(np.sqrt(n_groups / (n_groups - 1) * (sums**2).sum()) / len(residuals))
