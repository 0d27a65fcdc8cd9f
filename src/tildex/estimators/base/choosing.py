"""What training chooses from the rows before it begins: likelihood, scaling, and whether values are unknown."""

from __future__ import annotations

import copy
from typing import Any, cast

import torch
from torch import Tensor, nn

from tildex.estimators.base.columns import Columns
from tildex.estimators.base.trained import trained
from tildex.generator import Generator
from tildex.models import Model
from tildex.train import Rows
from tildex.units import Units

__all__ = ["built", "choose", "recognise"]


def choose(estimator: Any, data: Rows, weights: torch.dtype) -> Tensor:
    """Choose likelihood and scaling from the rows, or copy those of ``start``; return the scaled column means."""
    columns = Columns.of(data)
    start = None if estimator.start is None else trained(estimator.start)
    estimator._digest, estimator._gaps = columns.digest, columns.gaps
    estimator.likelihood_ = estimator._likelihood(columns) if start is None else start.likelihood_
    chosen = estimator._scaling(columns, estimator.likelihood_) if start is None else start.scaling_
    estimator.scaling_ = copy.deepcopy(chosen).to(estimator.device_, weights)
    return _require(estimator, columns)


def recognise(estimator: Any, data: Rows) -> None:
    """Check that further rows fit the chosen likelihood and scaling.

    Raises
    ------
    ValueError
        If a value is outside the likelihood's range, or unknown in a model that began with complete rows.
    """
    columns = Columns.of(data)
    estimator._digest = columns.digest
    _require(estimator, columns)
    if columns.gaps and not estimator._gaps:
        raise ValueError("this model began with complete rows, and X has NaN: fit a new one, or fill them in")


def built(estimator: Any, likelihood: Units, generator: Generator, mean: Tensor | None) -> nn.Module:
    """Return the untrained module, which learns what unknown values are where the training rows have some."""
    module: nn.Module = estimator._build(estimator.n_features_in_, likelihood, generator, mean)
    if estimator._gaps:
        means = torch.zeros(estimator.n_features_in_) if mean is None else mean
        cast(Model, module).expect_unknown(means)
    return module


def _require(estimator: Any, columns: Columns) -> Tensor:
    names = getattr(estimator, "feature_names_in_", None)
    return columns.require(estimator.likelihood_, estimator.scaling_, names)
