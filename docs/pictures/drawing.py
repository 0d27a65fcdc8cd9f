"""Shared by the pictures: the digits, a quick optimiser, tiles and panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tildex import Adam, Cosine, read
from tildex.plots.mosaic import compose, gap_of, show, to_rgb
from tildex.plots.paper import INK, WIDTH, blank, quiet

train, test = read("digits"), read("digits", split="test")
fast = Adam(1e-2, schedule=Cosine(warmup=0.05))


def one_of_each() -> np.ndarray:
    """Return a held-out row of each digit, in order."""
    return np.stack([test.X[np.flatnonzero(test.y == digit)[1]] for digit in range(10)])


def grey(X: np.ndarray) -> np.ndarray:
    """Return rows as grey tiles."""
    return to_rgb(np.asarray(X, dtype=float).reshape(-1, 8, 8), (0.0, 1.0))


def signed(W: np.ndarray, side: int = 8) -> np.ndarray:
    """Return rows as square tiles in red and blue, each on its own scale."""
    images = np.asarray(W, dtype=float).reshape(-1, side, side)
    largest = np.abs(images).max((1, 2), keepdims=True)
    return mpl.colormaps["RdBu_r"]((1 + images / largest) / 2)[..., :3]


def sheet(title: str, rows: Mapping[str, np.ndarray]) -> Figure:
    """Return a figure of rows of tiles with a word to the left of each."""
    images = list(rows.values())
    columns, (h, w) = len(images[0]), images[0].shape[1:3]
    whole = compose(np.concatenate(images), columns)
    labels = {k * (h + gap_of(w)) + (h - 1) / 2: label for k, label in enumerate(rows)}
    return show(whole, columns, title, labels)


def halves(*titles: str) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure of two panels with their titles."""
    figure = blank(2.85, width=WIDTH, layout="constrained")
    both = figure.subplots(1, 2)
    for axes, title in zip(both, titles, strict=True):
        axes.set_title(title, loc="left", fontsize=9.5, color=INK)
        quiet(axes)
    return figure, both


def tiles(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Lay tiles out in a panel."""
    axes.imshow(compose(images, columns, ground=0.82))
    axes.set_axis_off()
