"""The picture of a map that comes about: codes kept at several epochs of training."""

from __future__ import annotations

from typing import Any

import numpy as np

from tildex import plots
from tildex.apps.formatting import counted
from tildex.apps.markup import Picture
from tildex.apps.projection import Projection
from tildex.data import Record

__all__ = ["snapshots"]


def snapshots(name: str, estimator: Any, train: Record | None) -> Picture | None:
    """Return the maps of the codes a model kept while it was trained, or None where it kept none.

    Codes of more than two units are shown in the plane of the main axes of the last of them; classes have colours where
    the rows of training are given.
    """
    kept = getattr(estimator, "snapshots_", {})
    if not kept or next(iter(kept.values())).shape[1] < 2:
        return None
    rows = estimator.snapshot_rows_
    labels, names = _labels(train, rows)
    size = next(iter(kept.values())).shape[1]
    last = Projection.of(np.asarray(kept[max(kept)], dtype=float), 2)
    maps = {epoch: Z if size == 2 else last(Z) for epoch, Z in kept.items()}
    plane = "" if size == 2 else f", in the plane of the two main axes of the last {size}-unit codes"
    caption = (
        f"The same {counted(len(rows))} rows of training after {_listed(list(maps))} epochs{plane}: what is alike "
        "comes together while the model learns. Every panel has its own scale."
    )
    drawn = plots.latent_maps(
        maps,
        labels,
        names,
        title=f"How the map of {name} came about",
    )
    return Picture(drawn, caption, f"Maps of the codes of {name} at several epochs of training")


def _labels(train: Record | None, rows: Any) -> tuple[Any, Any]:
    """Return the labels of those rows of training and the names of classes, or nothing where they are not known."""
    if train is None or train.y is None or rows.max() >= len(train):
        return None, None
    return train.y[rows], train.target_names


def _listed(epochs: list[int]) -> str:
    *others, last = map(str, epochs)
    return f"{', '.join(others)} and {last}" if others else last
