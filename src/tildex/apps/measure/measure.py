"""What a trained model is worth on rows it has not seen, beside what must be beaten."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tildex.apps.measure.likelihood import measure_likelihood
from tildex.apps.measure.measurement import Measurement, Probe
from tildex.apps.measure.neighbourhoods import Neighbourhoods, neighbourhoods
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.some_rows import at_most
from tildex.data import Record
from tildex.evaluate import (
    Estimate,
    Sparsity,
    pca_squared_error,
    principal_angles,
    principal_axes,
    probe_accuracy,
    squared_error,
)
from tildex.models import BeliefNetwork, BoltzmannMachine, LatentPair, Pair, has_pseudo_likelihood
from tildex.units import Activation, Gaussian

__all__ = ["Measurement", "measure", "same_rows"]

# What keeps a measurement to seconds; every number that stands on fewer rows says so.
_HELD_OUT_ROWS = 10_000
_BASELINE_ROWS = 60_000
_SCORE_ROWS = 1_000
_PROBE_ROWS = 5_000
_NEIGHBOUR_ROWS = 2_000


def measure(name: str, estimator: Any, train: Record | None, test: Record) -> Measurement:
    """Measure a fitted estimator on held-out rows.

    Parameters
    ----------
    name : str
        What to call it.
    estimator : fitted estimator
        Any of this library.
    train : Record, optional
        What it was trained on; without it there are no baselines and no probe.
    test : Record
        Held-out rows; a fixed 10,000 of more, 2,000 for neighbours and 1,000 for the score.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If the rows are not such as the estimator was fitted on.
    """
    held_out = at_most(test, _HELD_OUT_ROWS)
    scored = at_most(test, _SCORE_ROWS)
    X_train = None if train is None else at_most(train, _BASELINE_ROWS).X
    rank = None if X_train is None else min(estimator.n_components, *X_train.shape)
    reconstruction = estimator.reconstruct(held_out.X)
    seconds = [record["seconds"] for record in estimator.history_ if "seconds" in record]
    return Measurement(
        name=name,
        model=type(estimator).__name__,
        n_components=int(estimator.n_components),
        n_features=held_out.X.shape[1],
        n_parameters=sum(weights.numel() for weights in estimator.module_.parameters()),
        rows=len(held_out),
        seconds=float(sum(seconds)) if seconds else None,
        squared_error=squared_error(held_out.X, reconstruction),
        pca=None if rank is None else pca_squared_error(X_train, held_out.X, rank),
        pca_rank=rank,
        score=Estimate.of(estimator.score_samples(scored.X)),
        score_rows=len(scored),
        score_meaning=_score_meaning(estimator),
        likelihood=measure_likelihood(estimator, X_train, scored.X),
        probe=_probe(estimator, train, held_out),
        sparsity=_sparsity(estimator, held_out.X, reconstruction),
        neighbours=_neighbours(estimator, train, at_most(test, _NEIGHBOUR_ROWS)),
        largest_angle=_largest_angle(estimator, X_train),
    )


def _score_meaning(estimator: Any) -> str:
    module = estimator.module_
    if isinstance(module, BeliefNetwork):
        return "bound on log P(x)"
    if isinstance(module, BoltzmannMachine):
        if len(module.layers) > 2:
            return "bound on log P(x) + log Z"
        return "log pseudo-likelihood" if has_pseudo_likelihood(module) else "minus free energy"
    if isinstance(module, LatentPair):
        return "bound on log P(x)"
    return "log P(x | code)"


def _code_units(estimator: Any) -> Any:
    """Return what an encoder ends in, None where there is none."""
    return getattr(getattr(estimator.module_, "encoder", None), "units", None)


def _sparsity(estimator: Any, X: Any, reconstruction: Any) -> Sparsity | None:
    """Return how a code that can be exactly zero is used."""
    if not isinstance(_code_units(estimator), Activation):
        return None
    return Sparsity.of(estimator.transform(X), X, reconstruction)


def same_rows(record: Record, other: Record) -> bool:
    """Say whether two records hold the same rows, in the same order: then nothing was held out."""
    X, Y = record.X, other.X
    if X.shape != Y.shape or type(X) is not type(Y):
        return False
    return np.array_equal(X, Y) if isinstance(X, np.ndarray) else not (X != Y).nnz


def _neighbours(estimator: Any, train: Record | None, held_out: Record) -> Neighbourhoods | None:
    known = None
    if train is not None:
        labelled = at_most(train, _PROBE_ROWS)
        known = labelled.X, labelled.y if train.target_names == held_out.target_names else None
    return neighbourhoods(estimator.transform, held_out.X, held_out.y, known, estimator.n_components)


def _largest_angle(estimator: Any, X_train: Any) -> float | None:
    """Return how far what a linear pair reconstructs lies from the subspace of PCA, in radians; None for others."""
    module = estimator.module_
    if X_train is None or not isinstance(module, Pair) or not isinstance(module.decoder.units, Gaussian):
        return None
    encoder, decoder = (half.map.affine_weight() for half in (module.encoder, module.decoder))
    if encoder is None or decoder is None or not isinstance(module.encoder.units, Gaussian):
        return None
    # Of standardised columns the axes stand in the data's own units once each is stretched.
    axes = estimator.scaling_.scale[:, None] * decoder
    wanted = principal_axes(X_train, estimator.n_components)[1]
    return float(principal_angles(axes.t(), wanted).max())


def _probe(estimator: Any, train: Record | None, held_out: Record) -> Probe | None:
    if train is None or train.y is None or held_out.y is None or train.target_names != held_out.target_names:
        return None
    known = at_most(train, _PROBE_ROWS)
    if known.n_labels < 2:
        return None

    def accuracy(encode: Callable[[Any], Any]) -> Estimate:
        with warnings.catch_warnings():
            # A regression stopped at its last iteration is a probe all the same.
            warnings.filterwarnings("ignore", message=".*failed to converge")
            return probe_accuracy(encode(known.X), known.y, encode(held_out.X), held_out.y)

    principal = Projection.of(known.X, estimator.n_components)
    return Probe(accuracy(estimator.transform), accuracy(principal), len(known))
