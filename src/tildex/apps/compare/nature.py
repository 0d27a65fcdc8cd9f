"""What kind of rows are compared, and what follows: the models, their settings and the unit of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tildex.data import Schema
from tildex.estimators.base.table_units import units_of
from tildex.part import encode
from tildex.units import Gaussian, Poisson, Units

__all__ = ["BINARY", "COUNTS", "MIXED", "REAL", "Nature", "kind_of", "nature_of"]

# The linear model needs no steps to find its optimum.
_SETTINGS = {"solver": "closed-form"}
_NEURAL = ("autoencoder", "sparse", "denoising", "contractive", "dropout", "deep", "vae")


@dataclass(frozen=True)
class Nature:
    """A kind of rows.

    Attributes
    ----------
    kind : str
        What :func:`kind_of` says of the units whose likelihoods are comparable.
    models : tuple of str
        The models compared by default, simple ones first.
    settings : mapping of str to value
        Settings that every model which has them is given.
    standardised : bool
        Whether errors are measured in standard deviations of columns of real numbers and counts.
    rows : str
        What likelihoods are of, in words.
    """

    kind: str
    models: tuple[str, ...]
    rows: str
    settings: Mapping[str, Any]
    standardised: bool = False


BINARY = Nature(
    "binary",
    ("linear", *_NEURAL, "rbm"),
    rows="rows made binary by one frozen draw, values being probabilities",
    settings=_SETTINGS,
)
REAL = Nature(
    "real",
    ("linear", *_NEURAL, "gaussian-rbm"),
    rows="densities in the data's units",
    settings={**_SETTINGS, "columns": "standardised"},
    standardised=True,
)
COUNTS = Nature(
    "Poisson",
    ("linear", *_NEURAL, "replicated-softmax"),
    rows="probabilities of counts",
    settings={**_SETTINGS, "likelihood": Poisson()},
)
MIXED = Nature(
    "Mixed",
    ("linear", *_NEURAL, "rbm"),
    rows="known cells: probabilities of categories and counts, densities of numbers",
    settings=_SETTINGS,
    standardised=True,
)


def nature_of(X: np.ndarray, *, in_unit_interval: bool, schema: Schema | None = None) -> Nature:
    """Return the kind of rows: columns of several kinds; values in [0, 1]; counts, whole numbers most of which are 0;
    or real columns.

    Parameters
    ----------
    X : array of shape (rows, features)
        Some of the rows.
    in_unit_interval : bool
        Whether all known values of all rows lie in [0, 1].
    schema : Schema, optional
        What the columns of a table are.

    Example
    -------
    >>> nature_of(np.array([[0.0, 3.0, 0.0], [1.0, 0.0, 0.0]]), in_unit_interval=False).kind
    'Poisson'
    """
    units = units_of(schema, Gaussian)
    if units is not None and not units.binary:
        return replace(MIXED, kind=kind_of(units))
    if in_unit_interval:
        return BINARY
    X = X[~np.isnan(X)]
    counts = (X >= 0).all() and (np.floor(X) == X).all() and (X == 0).mean() > 0.5
    return COUNTS if counts else REAL


def kind_of(units: Units) -> str:
    """Return what likelihoods of these units are comparable with: "binary", "real", or the name of the family."""
    if units.binary:
        return "binary"
    return "real" if units.real else str(encode(units)["units"])
