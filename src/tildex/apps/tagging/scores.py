"""Tag scores of pictures, for any model that infers one modality from another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tildex.apps.tagging.collection import PICTURE, TAGS
from tildex.data import DataError

__all__ = ["best_tags", "spelled_tags", "tag_scores"]


def tag_scores(model: Any, pictures: Any) -> np.ndarray:
    """Return the score of each tag for each picture, shape (pictures, tags).

    Parameters
    ----------
    model : estimator
        Its ``generate(name, given=...)`` returns expected values of one modality given others.
    pictures : array of shape (pictures, features)
        Features like those that the model was trained on.

    Returns
    -------
    array of shape (pictures, tags)
        The probability of each tag for binary tags; the expected share of words for tags as a document.
    """
    return np.asarray(model.generate(TAGS, given={PICTURE: pictures})) / _words(model)


def best_tags(scores: Any, names: Sequence[str], n: int = 5) -> list[list[tuple[str, float]]]:
    """Return the ``n`` best tags of each row with their scores, highest first.

    Parameters
    ----------
    scores : array of shape (rows, tags)
        From :func:`tag_scores`.
    names : sequence of str
        The tag of each column.
    n : int
        The number of tags; all if there are fewer.

    Raises
    ------
    ValueError
        If there is not one name per column, or ``n`` is not positive.

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
    """Return tags in their known spelling, ignoring case and repeated spaces; unknown tags are unchanged.

    Parameters
    ----------
    tags : sequence of str, or str
        In a string, tags are separated by commas, semicolons or bars.
    known : sequence of str
        All tags.

    Raises
    ------
    DataError
        If there are no tags.

    Example
    -------
    >>> spelled_tags("SEA, blue  sky", ("sea", "Blue sky"))
    ['sea', 'Blue sky']
    """
    spelling = {name.lower(): name for name in known}
    texts = re.split(r"[,;|]", tags) if isinstance(tags, str) else tags
    said = [" ".join(text.split()) for text in texts if text.strip()]
    if not said:
        raise DataError('the list of tags is empty: give tags, as in "sea, sky"')
    return [spelling.get(tag.lower(), tag) for tag in said]


def _words(model: Any) -> int:
    """Return the number of words in a model's tag documents, or 1 if tags are not documents."""
    kinds = {one.name: one.units for one in getattr(model, "modalities_", ())}
    return int(getattr(kinds.get(TAGS), "length", 1))
