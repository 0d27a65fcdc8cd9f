"""Completion: a model draws the unknown values of rows while the known values are held fixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tildex.apps.abilities import require
from tildex.part import nearest

__all__ = ["PARTS", "complete", "known_part"]


def complete(
    estimator: Any, X: Any, known: Any, *, draws: int = 1, n_steps: int = 1000, random_state: Any = None
) -> np.ndarray:
    """Return completed rows, shape (draws, rows, features): known values as given, means for the others.

    Each draw of a row is the end of its own chain: the Gibbs chain of a Boltzmann machine, or the chain of a denoising
    autoencoder. Every step resets the known values.

    Parameters
    ----------
    estimator : fitted estimator
        Its ``sample`` takes ``given`` and ``mask``.
    X : array of shape (rows, features)
        The rows; unknown values may be anything finite, or NaN.
    known : boolean array of shape (features,) or (rows, features)
        Which values are known.
    draws : int
        Completions per row.
    n_steps : int
        Steps per chain.
    random_state : int, RandomState or None
        The seed.

    Raises
    ------
    ValueError
        If the model cannot hold values fixed, a row has no known value, or the shapes do not match.

    Example
    -------
    >>> from tildex import RBM, read
    >>> digits = read("digits")
    >>> rbm = RBM(16, n_iter=2, random_state=0).fit(digits.X)
    >>> rows = complete(rbm, digits.X[:3], known_part("left", (8, 8)), draws=2, n_steps=10, random_state=0)
    >>> rows.shape, bool((rows[:, :, :4] == digits.X[:3, :4]).all())
    ((2, 3, 64), True)
    """
    require(estimator, "complete")
    X = np.asarray(X)
    if X.ndim != 2 or draws < 1:
        raise ValueError(f"expected rows x features and at least one draw, got {X.shape} and {draws}")
    mask = np.broadcast_to(np.asarray(known, dtype=bool), X.shape)
    if not mask.any(1).all():
        raise ValueError("expected at least one known value in every row: use sample for new rows")
    given = np.where(mask, X, 0)
    # One call for all draws: chains run side by side.
    rows = estimator.sample(
        draws * len(X),
        n_steps=n_steps,
        given=np.tile(given, (draws, 1)),
        mask=np.tile(mask, (draws, 1)),
        random_state=random_state,
    )
    return np.where(mask, X, rows.reshape(draws, *X.shape)).astype(np.result_type(X, np.float32), copy=False)


def known_part(part: str, shape: Sequence[int] | None) -> np.ndarray:
    """Return the mask of known values when a part of an image is given, shape (features,).

    Parameters
    ----------
    part : str
        One of ``PARTS``: the left, right, top or bottom half, all but the middle, or every other pixel.
    shape : (height, width) or (height, width, channels)
        Shape of one image.

    Raises
    ------
    ValueError
        If the part is unknown, or the rows are not images.

    Example
    -------
    >>> known_part("top", (4, 2)).tolist()
    [True, True, True, True, False, False, False, False]
    """
    if part not in PARTS:
        raise ValueError(f"no part is called {part!r}; {nearest(part, PARTS)}")
    if shape is None or len(shape) not in (2, 3):
        raise ValueError(
            "parts are defined for images only: for other rows give a mask of the known columns, and for the gaps of a "
            "table use `tildex fill`"
        )
    height, width = shape[:2]
    # Pixel centres, from 0 to 1 across the image.
    down, across = np.meshgrid(*((np.arange(n) + 0.5) / n for n in (height, width)), indexing="ij")
    known = PARTS[part](down, across)
    return np.repeat(known.ravel(), shape[2] if len(shape) == 3 else 1)


def _middle(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(down - 0.5), np.abs(across - 0.5)) > 0.25


def _chequered(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    row, column = np.indices(down.shape)
    return (row + column) % 2 == 0


PARTS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "left": lambda down, across: across < 0.5,
    "right": lambda down, across: across > 0.5,
    "top": lambda down, across: down < 0.5,
    "bottom": lambda down, across: down > 0.5,
    "frame": _middle,
    "chequered": _chequered,
}
"""Parts of an image that may be given, by name; frame is all but the middle, chequered every other pixel."""
