"""The figure of a latent map during training: codes saved at several epochs."""

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
    """Points of the same rows by epoch, shape (n, 2) each, the number of code units, and the classes if known."""

    maps: dict[int, np.ndarray]
    size: int
    labels: Any
    names: Any


def kept_maps(estimator: Any, train: Record | None) -> KeptMaps | None:
    """Return the maps of a model's saved codes, or None for codes of fewer than two units or no codes.

    Codes of more than two units are projected on the first two principal axes of the last ones.
    """
    kept = getattr(estimator, "snapshots_", {})
    if not kept or next(iter(kept.values())).shape[1] < 2:
        return None
    size = next(iter(kept.values())).shape[1]
    last = Projection.of(np.asarray(kept[max(kept)], dtype=float), 2)
    maps = {epoch: Z if size == 2 else last(Z) for epoch, Z in kept.items()}
    return KeptMaps(maps, size, *_labels(train, estimator.snapshot_rows_))


def snapshots(name: str, estimator: Any, train: Record | None) -> Picture | None:
    """Return the figure of the maps of a model's saved codes, or None if there are none.

    Codes of more than two units are projected on the first two principal axes of the last ones; points are coloured by
    class if the training rows are given.
    """
    kept = kept_maps(estimator, train)
    if kept is None:
        return None
    plane = (
        ""
        if kept.size == 2
        else f", in the plane of the first two principal axes of the last {kept.size}-unit codes"
    )
    caption = (
        f"The same {counted(len(estimator.snapshot_rows_))} training rows after {_listed(list(kept.maps))} "
        f"epochs{plane}: similar rows "
        "move together as the model learns. Every panel has its own scale."
    )
    drawn = plots.latent_maps(
        kept.maps,
        kept.labels,
        kept.names,
        title=f"Latent map of {name} during training",
    )
    return Picture(drawn, caption, f"Maps of the codes of {name} at several epochs of training")


def _labels(train: Record | None, rows: Any) -> tuple[Any, Any]:
    """Return the labels of those training rows and the class names, or None where they are unknown."""
    if train is None or train.y is None or rows.max() >= len(train):
        return None, None
    return train.y[rows], train.target_names


def _listed(epochs: list[int]) -> str:
    *others, last = map(str, epochs)
    return f"{', '.join(others)} and {last}" if others else last
