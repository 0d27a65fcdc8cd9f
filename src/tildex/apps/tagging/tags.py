"""Tags of pictures and pictures of tags, by a trained machine of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tildex.part import nearest

__all__ = ["generate_image_features", "generate_tags", "tag_counts", "top_tags"]


def generate_tags(
    estimator: Any, images: Any, *, image: str = "image", tags: str = "tags", n_steps: int | None = None
) -> np.ndarray:
    """Return how often each tag is expected of each image, shape (rows, tags).

    Parameters
    ----------
    estimator : fitted MultimodalDBM
        Of two modalities or more.
    images : array of shape (rows, features)
        As the machine was trained on them.
    image, tags : str
        What the two modalities are called.
    n_steps : int, optional
        The step of a Gibbs chain an image at which to look; mean field when not given.
    """
    found: np.ndarray = estimator.generate(tags, given={image: images}, n_steps=n_steps, random_state=0)
    return found


def generate_image_features(
    estimator: Any, counts: Any, *, image: str = "image", tags: str = "tags", n_steps: int | None = None
) -> np.ndarray:
    """Return the features expected of a picture with such tags, shape (rows, features).

    Parameters
    ----------
    estimator, image, tags, n_steps
        As in :func:`generate_tags`.
    counts : array of shape (rows, tags)
        How often each tag is given; see :func:`tag_counts`.
    """
    found: np.ndarray = estimator.generate(image, given={tags: counts}, n_steps=n_steps, random_state=0)
    return found


def tag_counts(given: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
    """Return one row that counts tags, in the order of a vocabulary, upper and lower case alike.

    Raises
    ------
    ValueError
        If the vocabulary lacks a tag; the message offers the nearest.

    Example
    -------
    >>> tag_counts(["sea", "Sky"], ["sky", "sea", "tree"])
    array([[1., 1., 0.]])
    """
    places = {word.lower(): k for k, word in enumerate(vocabulary)}
    counts = np.zeros((1, len(vocabulary)))
    for tag in given:
        if tag.strip().lower() not in places:
            raise ValueError(f"no tag is called {tag.strip()!r}; {nearest(tag.strip(), vocabulary)}")
        counts[0, places[tag.strip().lower()]] += 1
    return counts


def top_tags(found: np.ndarray, vocabulary: Sequence[str], n: int = 5) -> list[list[str]]:
    """Return the tags expected most often of each row, the first the most.

    Example
    -------
    >>> top_tags(np.array([[0.1, 2.0, 0.7]]), ["sky", "sea", "tree"], 2)
    [['sea', 'tree']]
    """
    order = np.argsort(-np.asarray(found), axis=1, kind="stable")[:, :n]
    return [[vocabulary[column] for column in row] for row in order]
