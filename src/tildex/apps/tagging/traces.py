"""Gibbs chains of a machine of tagged pictures: sampled tags, and the pictures nearest to sampled features.

As in the lecture's slides on the multimodal deep Boltzmann machine (Srivastava & Salakhutdinov, 2014, "Multimodal
learning with deep Boltzmann machines"), chains run with a picture, tags or nothing held fixed, and are shown every
fifty steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tildex.apps.tagging.collection import PICTURE, TAGS, Collection
from tildex.apps.tagging.scores import best_tags
from tildex.evaluate.distances import nearest_rows

__all__ = ["STEPS", "Look", "trace"]

STEPS = (50, 100, 150, 200, 250)
"""The Gibbs steps shown in the lecture."""


@dataclass(frozen=True)
class Look:
    """The state of one chain at one step.

    Attributes
    ----------
    step : int
        The number of Gibbs steps so far.
    tags : tuple of (str, float), or None
        The tags with the highest means, and these means; None if tags are held fixed.
    row, file : int and str, or None
        The picture of the collection whose features are nearest to the sampled ones; None if a picture is held fixed.
    """

    step: int
    tags: tuple[tuple[str, float], ...] | None
    row: int | None
    file: str | None


def trace(
    model: Any,
    collection: Collection,
    given: Mapping[str, Any] | None = None,
    *,
    chains: int = 3,
    steps: Sequence[int] = STEPS,
    n_tags: int = 4,
    random_state: Any = None,
) -> list[list[Look]]:
    """Return states of Gibbs chains at several steps, shape (chains, steps).

    Parameters
    ----------
    model : estimator
        Its ``trace(n, steps=..., given=...)`` samples both modalities, and ``split`` separates them in a row.
    collection : Collection
        The pictures that represent sampled features.
    given : dict of str to array of shape (1, columns), optional
        A picture's features or tags to hold fixed, from :func:`tildex.apps.tagging.collection.query`; without it,
        chains run free.
    chains : int
        The number of independent chains.
    steps : sequence of int
        The Gibbs steps to return.
    n_tags : int
        Tags per state.
    random_state : int, RandomState or None
        The seed.

    Raises
    ------
    ValueError
        If both modalities are given, so that nothing is left to sample, or more than one row is given.
    """
    given = dict(given or {})
    if len(given) > 1:
        raise ValueError("a picture and tags are both given, so nothing is left to draw: give one of them")
    if any(len(rows) != 1 for rows in given.values()):
        raise ValueError("expected one picture or one set of tags: all chains hold the same values fixed")
    fixed = {name: np.repeat(rows, chains, 0) for name, rows in given.items()}
    drawn = model.trace(chains, steps=steps, given=fixed or None, random_state=random_state)
    looks: list[list[Look]] = [[] for _ in range(chains)]
    for step in sorted(drawn):
        # A model that was trained on one table draws its rows.
        kinds = drawn[step] if isinstance(drawn[step], Mapping) else model.split(drawn[step])
        tags = [None] * chains if TAGS in given else _tags(kinds[TAGS], collection, n_tags)
        rows = [None] * chains if PICTURE in given else _nearest(kinds[PICTURE], collection)
        for chain, said, row in zip(looks, tags, rows, strict=True):
            chain.append(Look(step, said, row, None if row is None else collection.files[row]))
    return looks


def _tags(means: Any, collection: Collection, n: int) -> list[Any]:
    return [tuple(best) for best in best_tags(means, collection.tag_names, n)]


def _nearest(features: Any, collection: Collection) -> list[Any]:
    """Return the pictures nearest in direction to sampled features, both centred on the mean of all pictures.

    Sampled features are means and lie nearer to that mean than any picture, so only their direction is compared.
    """
    middle, spread = collection.features.mean(0, dtype=float), collection.features.std(0, dtype=float)
    spread = np.where(spread > 0, spread, 1.0)
    drawn, real = ((np.asarray(rows) - middle) / spread for rows in (features, collection.features))
    drawn, real = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (drawn, real)
    )
    return [int(row) for row in nearest_rows(drawn, real, 1)[0][:, 0]]
