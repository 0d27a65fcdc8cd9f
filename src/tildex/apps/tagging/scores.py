"""Tags for pictures and pictures for tags, by any model that infers one kind of data from another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tildex.apps.tagging.collection import PICTURE, TAGS
from tildex.data import DataError

__all__ = ["best_tags", "spelled_tags", "tag_scores"]


def tag_scores(model: Any, pictures: Any) -> np.ndarray:
    """Return how much each tag belongs to each picture, shape (pictures, tags).

    Parameters
    ----------
    model : estimator
        ``generate(name, given=...)`` returns expected values of a kind of data given others.
    pictures : array of shape (pictures, features)
        Features of the kind that the model was trained on.

    Returns
    -------
    array of shape (pictures, tags)
        The probability of each tag, where the model has binary tags; where they are words of a document, the share of
        its words that each is expected to be.
    """
    return np.asarray(model.generate(TAGS, given={PICTURE: pictures})) / _words(model)


def best_tags(scores: Any, names: Sequence[str], n: int = 5) -> list[list[tuple[str, float]]]:
    """Return the ``n`` tags of the highest scores of each row, with their scores, the highest first.

    Parameters
    ----------
    scores : array of shape (rows, tags)
        From :func:`tag_scores`.
    names : sequence of str
        What each column is called.
    n : int
        How many; all where there are fewer.

    Raises
    ------
    ValueError
        If there is not a name for each column, or ``n`` is not positive.

    Example
    -------
    >>> best_tags([[0.1, 0.7, 0.2]], ("sea", "sky", "snow"), 2)
    [[('sky', 0.7), ('snow', 0.2)]]
    """
    scores = np.atleast_2d(np.asarray(scores, dtype=float))
    if scores.shape[1] != len(names) or n < 1:
        raise ValueError(
            f"expected scores of {len(names)} tags and n of at least 1, got {scores.shape} and {n}"
        )
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return [[(names[k], float(row[k])) for k in best] for row, best in zip(scores, order, strict=True)]


def spelled_tags(tags: str | Sequence[str], known: Sequence[str]) -> list[str]:
    """Return tags as they are known, upper and lower case and spaces alike; one that is not known stays as it is.

    Parameters
    ----------
    tags : sequence of str, or str
        In a text they are apart by commas, semicolons or bars.
    known : sequence of str
        All tags.

    Raises
    ------
    DataError
        If none is named.

    Example
    -------
    >>> spelled_tags("SEA, blue  sky", ("sea", "Blue sky"))
    ['sea', 'Blue sky']
    """
    spelling = {name.lower(): name for name in known}
    texts = re.split(r"[,;|]", tags) if isinstance(tags, str) else tags
    said = [" ".join(text.split()) for text in texts if text.strip()]
    if not said:
        raise DataError('the list of tags is empty: name some, as in "sea, sky"')
    return [spelling.get(tag.lower(), tag) for tag in said]


def _words(model: Any) -> int:
    """Return how many words a document of tags has in a model, or 1 where tags are no documents."""
    kinds = {one.name: one.units for one in getattr(model, "modalities_", ())}
    return int(getattr(kinds.get(TAGS), "length", 1))
