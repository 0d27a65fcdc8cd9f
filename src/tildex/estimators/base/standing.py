"""Where a trained model stands beside PCA of equal rank, which costs a closed form."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.estimators.base.columns import Transformed, chunks
from tildex.estimators.base.principal import principal_axes
from tildex.products import fast_products
from tildex.train import Rows

__all__ = ["LosesToBaseline", "Standing", "stand", "warn_if_lost", "warn_of_copies"]

# Rows that PCA is fitted to, and values among them: together about a second.
_ROWS, _VALUES = 5000, 10_000_000

# Rows that are reconstructed.
_JUDGED = 2000

# How much of PCA's error a model may add before it is said to lose.
_MARGIN = 1.05

# Units of rounding by which a reconstruction may miss a value that it has found; and the share of the variance that
# training may leave where PCA, with an axis for every column, leaves nothing.
_ROUNDINGS, _NOTHING = 100, 1e-6


class LosesToBaseline(UserWarning):
    """A model trained at its defaults does worse than the baseline that a user would compare it with."""


@dataclass(frozen=True)
class Standing:
    """The squared error a row of a model and of PCA of equal rank, in the units in which the model reads its rows.

    Attributes
    ----------
    error, baseline : float
        Of the model and of PCA.
    tolerance : float
        The squared error that counts as none.
    rows : str
        Which rows were reconstructed: held-out or training.
    """

    error: float
    baseline: float
    tolerance: float
    rows: str

    @property
    def loses(self) -> bool:
        """Whether the model's error is clearly above PCA's."""
        return self.error > _MARGIN * self.baseline + self.tolerance

    @property
    def sentence(self) -> str:
        """One line that says where the model stands."""
        return (
            f"squared error a row {self.error:.4g}, PCA of equal rank {self.baseline:.4g} ({self.rows} rows)"
        )


@torch.no_grad()
def stand(estimator: Any, data: Rows, held_out: Tensor | None) -> Standing | None:
    """Return where a model stands, on scaled rows, or None where PCA would not be cheap."""
    some = Transformed(
        data, lambda x: x, np.linspace(0, len(data) - 1, min(len(data), _ROWS)).astype(np.int64)
    )
    if len(some) * estimator.n_features_in_ > _VALUES:
        return None
    judged = some.take(slice(0, _JUDGED)) if held_out is None else held_out[:_JUDGED]
    mean = sum(x.double().sum(0) for x in chunks(some)) / len(some)
    _, axes = principal_axes(Transformed(some, lambda x: x.double() - mean), estimator.n_components)
    with fast_products(estimator.device_):
        ours = estimator._decode(estimator._encode(judged)).double()
    unit = _ROUNDINGS * torch.finfo(judged.dtype).eps
    judged = judged.double()
    theirs = mean + (judged - mean) @ axes.t() @ axes
    error, baseline = (float((judged - found).square().sum(1).mean()) for found in (ours, theirs))
    tolerance = float((unit * judged).square().sum(1).mean())
    if baseline <= tolerance:
        tolerance = _NOTHING * float((judged - mean).square().sum(1).mean())
    if not np.isfinite([error, baseline]).all():
        return None
    return Standing(error, baseline, tolerance, "training" if held_out is None else "held-out")


def warn_if_lost(estimator: Any, standing: Standing, cure: str) -> None:
    """Warn where a model loses to PCA although nothing in its settings asks for it."""
    if standing.loses:
        warnings.warn(
            f"{type(estimator).__name__} loses to PCA: {standing.sentence}; {cure}",
            LosesToBaseline,
            stacklevel=4,
        )


def warn_of_copies(estimator: Any) -> None:
    """Warn of a code that can copy the rows: it has a unit for every column, and nothing keeps it from copying."""
    size, width = estimator.n_components, estimator.n_features_in_
    if size >= width > 1:
        warnings.warn(
            f"n_components={size} of {width} columns: the code can copy the rows and need not learn anything about "
            f"them; choose fewer than {width}, or a corruption or penalty",
            stacklevel=4,
        )
