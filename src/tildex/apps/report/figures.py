"""The figures of one model, each with a caption that says how to read it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tildex import plots
from tildex.apps.measure.projection import Projection
from tildex.apps.measure.some_rows import at_most, spread
from tildex.apps.pages.markup import Picture
from tildex.apps.pages.numbers import counted
from tildex.apps.report.snapshots import snapshots
from tildex.apps.report.tables import rows_called
from tildex.corruptions import Corruption
from tildex.data import Record
from tildex.generator import Generator
from tildex.part import part

__all__ = ["learning", "pictures", "plane"]

_SHOWN, _FILTERS, _SAMPLES, _POINTS, _FEWEST_POINTS = 10, 64, 40, 1500, 3


def learning(name: str, estimator: Any) -> Picture | None:
    """Return the learning curve, or None for a model without a history."""
    if not estimator.history_:
        return None
    if (said := estimator.module_.curve) is not None:
        caption = said
    elif any("held_out" in record for record in estimator.history_):
        caption = "Training helps while the held-out loss falls; where it starts to rise, the model begins to overfit."
    else:
        caption = "The mean training loss of each epoch; if the curve is still falling, train longer."
    return Picture(plots.curves({name: estimator.history_}, columns=1), caption, f"Learning curve of {name}")


def pictures(name: str, estimator: Any, test: Record, train: Record | None = None) -> list[Picture]:
    """Return a model's reconstructions, filters, samples and latent map of the measured rows, as far as it has them.

    Snapshots of codes during training are coloured by the labels of ``train``.
    """
    called = rows_called(train, test)
    drawn = [
        _reconstructions(name, estimator, test, called),
        _filters(name, estimator, test),
        _samples(name, estimator, test),
        _latent_map(name, estimator, test, called),
        snapshots(name, estimator, train),
    ]
    return [picture for picture in drawn if picture is not None]


def _reconstructions(name: str, estimator: Any, test: Record, called: str) -> Picture:
    rows = called.capitalize()
    X = spread(test, _SHOWN).X
    corruption = _corruption(estimator)
    shown = X if corruption is None else _corrupted(estimator, corruption, X)
    if corruption is not None:
        caption = f"{rows}, the same rows under {corruption!r}, and their reconstructions by the model."
    elif estimator.n_components < X.shape[1]:
        caption = (
            f"{rows} above their reconstructions: {counted(X.shape[1])} features from a code of "
            f"{estimator.n_components} units. What is missing or blurred did not fit into the code."
        )
    else:
        caption = (
            f"{rows} above their reconstructions from {estimator.n_components} units. A code at least as long "
            "as the row could copy it; only the training criterion prevents that."
        )
    if np.isnan(X).any():
        caption += " Unknown cells are grey."
    drawn = plots.reconstructions(
        X,
        estimator.reconstruct(shown),
        test.shape,
        corrupted=None if corruption is None else shown,
        feature_names=test.feature_names,
        title=f"{rows} and reconstructions by {name}",
    )
    return Picture(drawn, caption, f"{rows} and their reconstructions by {name}")


def _corruption(estimator: Any) -> Corruption | None:
    return part(estimator, "corruption") if "corruption" in estimator.get_params(deep=False) else None


def _corrupted(estimator: Any, corruption: Corruption, X: np.ndarray) -> np.ndarray:
    """Return rows corrupted as in training, on the model's scale."""
    scaled = estimator.scaling_(torch.as_tensor(X).to(estimator.scaling_.offset))
    whole = corruption.whole(estimator.likelihood_.together(scaled.shape[1]))
    noisy = whole(scaled, Generator(0, scaled.device))
    return estimator.scaling_.inverse(noisy).cpu().numpy().astype(X.dtype)


def _filters(name: str, estimator: Any, test: Record) -> Picture | None:
    filters = estimator.module_.first_layer_filters()
    if filters is None or filters.shape[1] != test.X.shape[1]:
        return None
    weights = filters.detach().float().cpu().numpy()
    strongest = np.argsort(-np.linalg.norm(weights, axis=1), kind="stable")[:_FILTERS]
    of = "" if len(weights) <= _FILTERS else f" The {_FILTERS} strongest of {len(weights)} are shown."
    tile = "row" if test.shape is None else "tile"
    caption = (
        f"Each {tile} shows the weights of one first-layer unit: red is positive, blue is negative, each on its own "
        f"scale, strongest first.{of}"
    )
    drawn = plots.filters(
        weights[strongest], test.shape, feature_names=test.feature_names, title=f"Filters of {name}"
    )
    return Picture(drawn, caption, f"First-layer filters of {name}")


def _samples(name: str, estimator: Any, test: Record) -> Picture | None:
    if "sample" not in estimator.can:
        return None
    X = estimator.sample(_SAMPLES, random_state=0)
    drawn = plots.samples(X, test.shape, feature_names=test.feature_names, title=f"Samples from {name}")
    return Picture(drawn, estimator.module_.draws, f"Samples drawn from {name}")


def _latent_map(name: str, estimator: Any, test: Record, called: str) -> Picture | None:
    rows = at_most(test, _POINTS)
    if len(rows) < _FEWEST_POINTS:
        return None
    Z, axes_names, where = plane(np.asarray(estimator.transform(rows.X), dtype=float))
    together = (
        "Training used no labels: classes that lie apart were separated without them."
        if rows.y is not None
        else "Clusters are groups of rows that the model found without labels."
    )
    drawn = plots.latent_map(
        Z,
        rows.y,
        rows.target_names,
        axes_names=axes_names,
        title=f"Latent map of {name}: {counted(len(rows))} {called}",
    )
    return Picture(drawn, f"{where} {together}", f"Map of the codes of {name}")


def plane(Z: np.ndarray) -> tuple[np.ndarray, tuple[str, str], str]:
    """Return two coordinates per code, the axis names, and a sentence on both."""
    if Z.shape[1] == 1:
        height = Generator(0).uniform(len(Z)).numpy()
        return (
            np.column_stack([Z[:, 0], height]),
            ("code unit 1", "no meaning"),
            (
                "Each point is a row at the value of its one code unit; the vertical axis only separates points."
            ),
        )
    if Z.shape[1] == 2:
        return Z, ("code unit 1", "code unit 2"), "Each point is a row, at the values of its two code units."
    principal = Projection.of(Z, 2)
    first, second = (f"{share:.0%}" for share in principal.shares)
    return (
        principal(Z),
        (f"first principal axis of the code ({first} of its variance)", f"second ({second})"),
        f"Each point is a row, in the plane of the first two principal axes of its {Z.shape[1]}-unit code.",
    )
