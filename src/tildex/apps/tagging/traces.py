"""What a machine of tagged pictures dreams up: tags, and the real pictures nearest to drawn features, step by step.

As in the lecture's slides of the multimodal deep Boltzmann machine (Srivastava & Salakhutdinov, 2014, "Multimodal
learning with deep Boltzmann machines"): Gibbs chains run with a picture held fixed, with tags held fixed, or with
nothing, and are looked at every fifty steps.
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
"""The Gibbs steps at which the lecture looks."""


@dataclass(frozen=True)
class Look:
    """One chain at one step.

    Attributes
    ----------
    step : int
        How many Gibbs steps it has made.
    tags : tuple of (str, float), or None
        The tags of the highest means, with these as the model has them; None where tags are held fixed.
    row, file : int and str, or None
        The picture of the collection whose features are nearest to those that were drawn; None where a picture is held
        fixed.
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
    """Return some Gibbs chains, each at several of its steps, shape (chains, steps).

    Parameters
    ----------
    model : estimator
        ``trace(n, steps=..., given=...)`` draws both kinds of data, and ``split`` tells them apart in a row.
    collection : Collection
        Whose pictures stand for drawn features.
    given : dict of str to array of shape (1, columns), optional
        A picture's features or tags, held fixed: from :func:`tildex.apps.tagging.collection.query`. Without it, chains
        wander freely.
    chains : int
        How many, with draws of their own.
    steps : sequence of int
        The Gibbs steps at which to look.
    n_tags : int
        Tags of each look.
    random_state : int, RandomState or None
        The seed.

    Raises
    ------
    ValueError
        If both kinds are given, for then nothing is left to draw, or rows of more than one query.
    """
    given = dict(given or {})
    if len(given) > 1:
        raise ValueError(
            "a picture and its tags are both given, and nothing is left to draw: give one of them"
        )
    if any(len(rows) != 1 for rows in given.values()):
        raise ValueError("expected one picture or one set of tags: every chain holds the same fixed")
    fixed = {name: np.repeat(rows, chains, 0) for name, rows in given.items()}
    drawn = model.trace(chains, steps=steps, given=fixed or None, random_state=random_state)
    looks: list[list[Look]] = [[] for _ in range(chains)]
    for step in sorted(drawn):
        # A model that learned from one table draws rows of it.
        kinds = drawn[step] if isinstance(drawn[step], Mapping) else model.split(drawn[step])
        tags = [None] * chains if TAGS in given else _tags(kinds[TAGS], collection, n_tags)
        rows = [None] * chains if PICTURE in given else _nearest(kinds[PICTURE], collection)
        for chain, said, row in zip(looks, tags, rows, strict=True):
            chain.append(Look(step, said, row, None if row is None else collection.files[row]))
    return looks


def _tags(means: Any, collection: Collection, n: int) -> list[Any]:
    return [tuple(best) for best in best_tags(means, collection.tag_names, n)]


def _nearest(features: Any, collection: Collection) -> list[Any]:
    """Return the pictures in whose direction drawn features lie from the middle of all pictures.

    Drawn features are means, which lie nearer to the middle than any picture: their direction counts, not their length.
    """
    middle, spread = collection.features.mean(0, dtype=float), collection.features.std(0, dtype=float)
    spread = np.where(spread > 0, spread, 1.0)
    drawn, real = ((np.asarray(rows) - middle) / spread for rows in (features, collection.features))
    drawn, real = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (drawn, real)
    )
    return [int(row) for row in nearest_rows(drawn, real, 1)[0][:, 0]]
