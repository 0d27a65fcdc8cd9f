"""The log-likelihood of a fitted estimator on rows: scaled, binarised, and with its provenance."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from tildex.data import BINARISATIONS, binarise
from tildex.evaluate import Annealing, Likelihood, enumerable, likelihood
from tildex.evaluate.ais import Progress
from tildex.generator import Generator

__all__ = ["likelihood_of", "scaled_rows"]

# A separate draw: the start of the reverse chains must not share noise with the measured rows.
_OTHER_SEED = 1


def likelihood_of(
    estimator: Any,
    X: Any,
    *,
    start: Any = None,
    binarisation: str = "auto",
    seed: int = 0,
    n_samples: int = 100,
    annealing: Annealing | None = None,
    notes: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Likelihood:
    """Return the mean log-likelihood of rows under a Boltzmann machine, belief network or variational autoencoder.

    Parameters
    ----------
    estimator : fitted estimator
        A restricted or deep Boltzmann machine, a deep belief network, or a variational autoencoder.
    X : array or CSR matrix of shape (rows, features)
        Rows in the data's units.
    start : like X, optional
        The training rows, where reverse chains begin; ``X`` when not given.
    binarisation : str
        ``frozen``, ``threshold``, ``none``, or ``auto``: frozen for binary units and none for others. Values with
        different binarisations are not comparable.
    seed : int
        Seed of the frozen draw, the chains and the importance weights.
    n_samples, annealing, progress
        As in :func:`tildex.evaluate.likelihood`.
    notes : dict of str to str, optional
        What to print with the value, such as data and split.

    Raises
    ------
    ValueError
        If the model has no likelihood, or its data cannot be made binary.
    """
    model = estimator.module_
    if not model.has_likelihood:
        raise ValueError(
            f"{type(estimator).__name__} has no log-likelihood, only a reconstruction score: "
            "train a vae, an rbm or a dbm, or use `tildex evaluate`"
        )
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"the model was trained on {estimator.n_features_in_} features, but the data have {X.shape[1]}"
        )
    units = estimator.likelihood_
    how = _choice(binarisation, units)
    x = binarise(scaled_rows(estimator, X), how, Generator(seed))
    if model.normaliser is not None and units.for_rows(x) is not units:
        raise ValueError(
            f"log Z of {units!r} units depends on the length of each row: measure a perplexity instead"
        )
    if (message := units.outside_known(x)) is not None:
        raise ValueError(f"{units!r} units expect {message}: rescale the data as for fit")
    begin = None
    if start is not None:
        begin = binarise(scaled_rows(estimator, start), how, Generator(seed + _OTHER_SEED))
    carried = {
        "model": _described(estimator),
        **(notes or {}),
        "binarisation": f"{how}, seed {seed}" if how == "frozen" else how,
        "seed": str(seed),
    }
    if model.normaliser is not None and not enumerable(model.normaliser):
        carried["reverse_chains_begin_at"] = "measured rows" if start is None else "training rows"
    return likelihood(
        model,
        x,
        Generator(seed, x.device),
        start=begin,
        n_samples=n_samples,
        annealing=annealing,
        # Scaling changes a density but not a probability; an unknown cell has none.
        log_volume=0.0 if units.finite else estimator.scaling_.log_volume(x).double(),
        notes=carried,
        progress=progress,
    )


def _choice(binarisation: str, units: Any) -> str:
    ways = [way for way in BINARISATIONS if way != "dynamic"]
    if binarisation == "auto":
        return "frozen" if units.binary else "none"
    if binarisation not in ways:
        raise ValueError(f"binarise must be one of {', '.join(['auto', *ways])}, got {binarisation!r}")
    if binarisation != "none" and not units.binary:
        raise ValueError(
            f"binarise {binarisation!r} makes rows binary, but the model has {units!r} units: use none"
        )
    return binarisation


def scaled_rows(estimator: Any, X: Any) -> Tensor:
    """Return rows in the units of a fitted estimator."""
    dense = X.toarray() if sparse.issparse(X) else np.asarray(X)
    return estimator.scaling_(torch.as_tensor(dense).to(estimator.scaling_.offset))


def _described(estimator: Any) -> str:
    """Return the estimator's class and the model's description of itself."""
    name, said = type(estimator).__name__, estimator.module_.describe()
    return f"{name}, {said}" if said else name
