"""Queries of a multimodal machine: clamps from known values, and inference by mean field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tildex.estimators.base.machine import known_values
from tildex.estimators.base.settings import part
from tildex.estimators.multimodal.arrays import table_row
from tildex.models import CONVERGED, Clamp, infer
from tildex.models.boltzmann.mean_field import Passes

__all__ = ["clamp_of", "inferred", "passes_of"]


def passes_of(dbm: Any) -> Passes:
    """Return the number of mean-field updates in use: until convergence, or as many as the prediction stage made.

    A machine trained to predict in a fixed number of updates may move to other means after more.
    """
    passes = part(dbm, "prediction_rule").passes
    if passes is not None and any("prediction" in record for record in dbm.history_):
        return {"n_steps": passes, "tol": 0.0}
    return CONVERGED


def inferred(dbm: Any, x: Tensor) -> Tensor:
    """Return rows in the data's units, with unknown values replaced by their expected values."""
    scaled = dbm.scaling_(x)
    state = infer(dbm.module_, scaled, **passes_of(dbm))
    means = dbm.scaling_.inverse(torch.cat([state[k] for k in dbm.module_.visible], 1))
    return torch.where(scaled.isnan(), means, x)


def clamp_of(dbm: Any, n: int, given: Any, mask: Any) -> Clamp | None:
    """Return the clamp per visible layer, from a dict of modalities or from rows of all columns.

    Raises
    ------
    ValueError
        If a mask is given with a dict, or only some words of a document are known.
    """
    if isinstance(given, Mapping):
        if mask is not None:
            raise ValueError("mask goes with an array; in a dict, NaN means unknown")
        given = table_row(dbm, n, given)
    found = known_values(dbm, n, given, mask)
    if found is None:
        return None
    values, known = found
    layers = {}
    for k, (one, field) in enumerate(zip(dbm.modalities_, dbm._fields, strict=True)):
        own, there = field.of(values), field.of(known)
        if one.units.counts_words:
            if (there.any(1) != there.all(1)).any():
                raise ValueError(f"{one.name}: word counts of a row must be known as a whole or not at all")
            # A document without words is unknown.
            there = there & ~own.isnan()
            own = own.nan_to_num()
        if there.any():
            layers[k] = (own, there)
    return layers or None
