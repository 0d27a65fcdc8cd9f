"""Originals above their reconstructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.mosaic import as_images, columns_for, common_range, compose, gap_of, show, to_rgb
from tildex.plots.strips import standardised, strips

__all__ = ["reconstructions", "versions"]

_COLUMNS = 10


def reconstructions(
    X: Any,
    X_hat: Any,
    shape: Sequence[int] | None = None,
    *,
    corrupted: Any = None,
    feature_names: Sequence[str] | None = None,
    title: str = "Rows and their reconstructions",
) -> Figure:
    """Draw originals above reconstructions as images, or as heat maps with their difference if rows are not images.

    Parameters
    ----------
    X, X_hat : array of shape (n, features)
        Originals and reconstructions.
    shape : sequence of int, optional
        Shape of one sample: (h, w) or (h, w, channels).
    corrupted : array of shape (n, features), optional
        The model's input, drawn between them.
    feature_names : sequence of str, optional
        Names of a table's columns.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If the arrays disagree in shape.

    Example
    -------
    >>> X = np.random.default_rng(0).random((12, 64))
    >>> len(reconstructions(X, X / 2, (8, 8)).axes)
    1
    """
    rows = {"original": np.asarray(X, dtype=float)}
    if corrupted is not None:
        rows["corrupted"] = np.asarray(corrupted, dtype=float)
    rows["reconstruction"] = np.asarray(X_hat, dtype=float)
    if len({array.shape for array in rows.values()}) > 1:
        raise ValueError(f"expected arrays of one shape, got { {k: a.shape for k, a in rows.items()} }")
    if as_images(rows["original"], shape) is None:
        return _table(rows, feature_names, title)
    return _images({label: as_images(array, shape) for label, array in rows.items()}, title)


def versions(
    rows: Mapping[str, Any],
    shape: Sequence[int] | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    title: str = "Rows and versions of them",
) -> Figure:
    """Draw several versions of the same rows above each other: as images, or as heat maps if rows are not images.

    Parameters
    ----------
    rows : mapping of str to array of shape (n, features)
        The versions by label; the first sets the scale.
    shape, feature_names, title
        As in :func:`reconstructions`.

    Raises
    ------
    ValueError
        If there is none, or the arrays disagree in shape.

    Example
    -------
    >>> X = np.random.default_rng(0).random((6, 64))
    >>> len(versions({"original": X, "half": X / 2, "none": 0 * X}, (8, 8)).axes)
    1
    """
    arrays = {label: np.asarray(array, dtype=float) for label, array in rows.items()}
    if len({array.shape for array in arrays.values()}) != 1:
        raise ValueError(f"expected arrays of one shape, got { {k: a.shape for k, a in arrays.items()} }")
    first = next(iter(arrays.values()))
    if as_images(first, shape) is not None:
        return _images({label: as_images(array, shape) for label, array in arrays.items()}, title)
    panels = {label: standardised(array, first) for label, array in arrays.items()}
    return strips(
        panels, title=title, unit="standard deviations of each column from its mean", names=feature_names
    )


def _images(rows: dict[str, Any], title: str) -> Figure:
    limits = common_range(next(iter(rows.values())))
    rgb = [to_rgb(images, limits) for images in rows.values()]
    n, h, w, _ = rgb[0].shape
    gap = gap_of(w)
    # Each column of a block becomes one tall tile, so that it stays together when there are several blocks.
    tall = np.ones((n, len(rgb) * (h + gap) - gap, w, 3))
    for k, images in enumerate(rgb):
        tall[:, k * (h + gap) : k * (h + gap) + h] = images
    columns, row_gap = columns_for(n, _COLUMNS), 4 * gap
    sheet = compose(tall, columns, row_gap=row_gap)
    labels = {
        top + k * (h + gap) + (h - 1) / 2: label
        for top in range(0, len(sheet), tall.shape[1] + row_gap)
        for k, label in enumerate(rows)
    }
    return show(sheet, columns, title, labels)


def _table(rows: dict[str, np.ndarray], names: Sequence[str] | None, title: str) -> Figure:
    X = rows["original"]
    panels = {label: standardised(array, X) for label, array in rows.items()}
    panels["reconstruction minus original"] = panels["reconstruction"] - panels["original"]
    return strips(panels, title=title, unit="standard deviations of each column from its mean", names=names)
