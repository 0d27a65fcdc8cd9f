r"""The score field of a denoising model: the gradient of the data's log-density.

.. math:: \frac{r(x) - x}{\sigma^2} = \nabla_x \log p_\sigma(x), \qquad p_\sigma = p * N(0, \sigma^2 I)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.evaluate.estimate import Estimate

__all__ = ["relative_error", "score_field"]


def score_field(model: Any, x: Tensor, scale: float | Tensor) -> Tensor:
    """Return each row's change by reconstruction divided by the noise's variance, shape (rows, features).

    If the model gives the mean of clean data given noisy ones, this is the gradient of the log-density of *noisy*
    data, exactly, for noise of any size (Miyasawa, 1961, "An empirical Bayes estimator of the mean of a normal
    population"; Alain & Bengio, 2014, "What regularized auto-encoders learn from the data generating distribution",
    for small noise).

    Parameters
    ----------
    model : Pair
        A model trained to undo Gaussian noise, whose decoder mean estimates the clean rows.
    x : Tensor of shape (rows, features)
        Points in the model's units.
    scale : float or Tensor
        The noise's standard deviation, or one per column.

    Raises
    ------
    ValueError
        If the noise has scale zero.

    Example
    -------
    >>> from tildex.evaluate import GaussianMixture
    >>> class Exact:
    ...     reconstruct = staticmethod(lambda x: x / (1 + 0.5**2))
    >>> x = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    >>> noisy = GaussianMixture.of([1.0], [[0.0, 0.0]], [1.0]).smoothed(0.5)
    >>> torch.allclose(score_field(Exact(), x, 0.5), noisy.score(x))
    True
    """
    variance = torch.as_tensor(scale).to(x).square()
    if not bool((variance > 0).all()):
        raise ValueError("a score field needs noise of positive scale in every column, got zero")
    return (model.reconstruct(x) - x) / variance


def relative_error(found: Any, exact: Any) -> Estimate:
    """Return the norm of the error divided by the norm of the exact vectors, both root mean squares over rows.

    Parameters
    ----------
    found, exact : array of shape (rows, features)
        Vectors, independent rows.

    Example
    -------
    >>> relative_error([[1.1, 0.0]] * 2, [[1.0, 0.0]] * 2).value
    0.10000000000000009
    """
    found, exact = (np.asarray(values, dtype=float) for values in (found, exact))
    wrong, right = ((values**2).sum(1) for values in (found - exact, exact))
    ratio = wrong.mean() / right.mean()
    # The delta method, for the root of a ratio of two means over the same rows.
    spread = (wrong - ratio * right).std(ddof=1) / np.sqrt(len(wrong)) / right.mean()
    return Estimate(float(np.sqrt(ratio)), float(spread / (2 * np.sqrt(ratio))) if ratio > 0 else 0.0)
