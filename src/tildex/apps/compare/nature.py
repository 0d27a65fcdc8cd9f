"""What kind of rows are compared, and what follows: the models, their settings and the unit of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.part import encode
from tildex.units import Poisson, Units

__all__ = ["BINARY", "COUNTS", "REAL", "Nature", "kind_of", "nature_of"]

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
        Whether errors are measured in standard deviations of each column.
    unit : str
        The unit of squared errors, in words.
    rows : str
        What likelihoods are of, in words.
    """

    kind: str
    models: tuple[str, ...]
    unit: str
    rows: str
    settings: Mapping[str, Any]
    standardised: bool = False


BINARY = Nature(
    "binary",
    ("linear", *_NEURAL, "rbm"),
    unit="the data's units",
    rows="rows made binary by one frozen draw, values being probabilities",
    settings=_SETTINGS,
)
REAL = Nature(
    "real",
    ("linear", *_NEURAL, "gaussian-rbm"),
    unit="standard deviations of each column",
    rows="densities in the data's units",
    settings={**_SETTINGS, "columns": "standardised"},
    standardised=True,
)
COUNTS = Nature(
    "Poisson",
    ("linear", *_NEURAL, "replicated-softmax"),
    unit="the data's units",
    rows="probabilities of counts",
    settings={**_SETTINGS, "likelihood": Poisson()},
)


def nature_of(X: np.ndarray, *, in_unit_interval: bool) -> Nature:
    """Return the kind of rows: values in [0, 1]; counts, whole numbers most of which are 0; or real columns.

    Parameters
    ----------
    X : array of shape (rows, features)
        Some of the rows.
    in_unit_interval : bool
        Whether all values of all rows lie in [0, 1].

    Example
    -------
    >>> nature_of(np.array([[0.0, 3.0, 0.0], [1.0, 0.0, 0.0]]), in_unit_interval=False).kind
    'Poisson'
    """
    if in_unit_interval:
        return BINARY
    counts = (X >= 0).all() and (np.floor(X) == X).all() and (X == 0).mean() > 0.5
    return COUNTS if counts else REAL


def kind_of(units: Units) -> str:
    """Return what likelihoods of these units are comparable with: "binary", "real", or the name of the family."""
    if units.binary:
        return "binary"
    return "real" if units.real else str(encode(units)["units"])
