"""The picture of a map that comes about: codes kept at several epochs of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex import plots
from tildex.apps.measure.projection import Projection
from tildex.apps.pages.markup import Picture
from tildex.apps.pages.numbers import counted
from tildex.data import Record

__all__ = ["KeptMaps", "kept_maps", "snapshots"]


@dataclass(frozen=True)
class KeptMaps:
    """The points of the same rows by epoch, shape (n, 2) each, the units of the code, and the classes if known."""

    maps: dict[int, np.ndarray]
    size: int
    labels: Any
    names: Any


def kept_maps(estimator: Any, train: Record | None) -> KeptMaps | None:
    """Return the maps of the codes that a model kept while it was trained, or None where it kept none of two units.

    Codes of more than two units are in the plane of the main axes of the last of them.
    """
    kept = getattr(estimator, "snapshots_", {})
    if not kept or next(iter(kept.values())).shape[1] < 2:
        return None
    size = next(iter(kept.values())).shape[1]
    last = Projection.of(np.asarray(kept[max(kept)], dtype=float), 2)
    maps = {epoch: Z if size == 2 else last(Z) for epoch, Z in kept.items()}
    return KeptMaps(maps, size, *_labels(train, estimator.snapshot_rows_))


def snapshots(name: str, estimator: Any, train: Record | None) -> Picture | None:
    """Return the maps of the codes a model kept while it was trained, or None where it kept none.

    Codes of more than two units are shown in the plane of the main axes of the last of them; classes have colours where
    the rows of training are given.
    """
    kept = kept_maps(estimator, train)
    if kept is None:
        return None
    plane = (
        "" if kept.size == 2 else f", in the plane of the two main axes of the last {kept.size}-unit codes"
    )
    caption = (
        f"The same {counted(len(estimator.snapshot_rows_))} rows of training after {_listed(list(kept.maps))} "
        f"epochs{plane}: what is alike "
        "comes together while the model learns. Every panel has its own scale."
    )
    drawn = plots.latent_maps(
        kept.maps,
        kept.labels,
        kept.names,
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
