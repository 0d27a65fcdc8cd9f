"""What tagged pictures are measured by, and the settings under which a machine learns from such rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from tildex.apps.tagging.collection import PICTURE, TAGS
from tildex.data import DataError, Record
from tildex.estimators import Modality, PatchFeatures, PictureFeatures
from tildex.optimizers import SGD, Adam, Cosine, Linear
from tildex.rules import MultiPrediction
from tildex.units import Bernoulli, ReplicatedSoftmax

__all__ = ["FeatureKind", "choose_features", "features_of", "machine_settings", "tags_of"]

FeatureKind = Literal["fixed", "learned", "both"]

_STEPS = 1_000
"""Of training for prediction, at least."""


def choose_features(
    record: Record, kind: FeatureKind = "fixed", *, device: str = "auto", random_state: Any = None
) -> tuple[Any, ...]:
    """Return transformers that measure the pictures of a record, those that learn already trained.

    Parameters
    ----------
    record : Record
        Pictures with tags.
    kind : str
        ``fixed``, colours and edges by region; ``learned``, codes of patches; or ``both`` side by side.
    device : str
        Where patches are learned.
    random_state : int, RandomState or None
        The seed of what is learned.

    Raises
    ------
    ValueError
        If there is no such kind.
    DataError
        If the record has no pictures or no tags.

    Example
    -------
    >>> from tildex.data import tag_rows
    >>> draws = np.random.default_rng(0).random((4, 16 * 16 * 3), dtype="float32")
    >>> record = Record(draws, shape=(16, 16, 3), tags=tag_rows([["sea"]] * 4, ("sea",)), tag_names=("sea",))
    >>> [type(one).__name__ for one in choose_features(record)]
    ['PictureFeatures']
    """
    if kind not in ("fixed", "learned", "both"):
        raise ValueError(f"features must be 'fixed', 'learned' or 'both', got {kind!r}")
    if record.shape is None or record.tags is None or record.tag_names is None:
        raise DataError(f"{record.name or 'the record'} holds no pictures with tags: give a table of tags")
    chosen: list[Any] = []
    if kind != "learned":
        chosen.append(PictureFeatures(record.shape))
    if kind != "fixed":
        chosen.append(PatchFeatures(record.shape, device=device, random_state=random_state))
    return tuple(one.fit(record.X) for one in chosen)


def features_of(measures: Sequence[Any], X: np.ndarray) -> np.ndarray:
    """Return what transformers measure of pictures, side by side, shape (pictures, features).

    Parameters
    ----------
    measures : sequence of transformers
        From :func:`choose_features`.
    X : array of shape (pictures, pixels)
        Of the shape that they were chosen for.
    """
    return np.hstack([np.empty((len(X), 0), X.dtype), *(one.transform(X) for one in measures)])


def tags_of(record: Record) -> np.ndarray:
    """Return the tags of a record as an array, shape (pictures, tags)."""
    assert record.tags is not None
    return record.tags if isinstance(record.tags, np.ndarray) else record.tags.toarray()


def machine_settings(n: int, n_features: int, n_tags: int) -> dict[str, Any]:
    """Return settings of a :class:`~tildex.MultimodalDBM` that learns from tagged pictures at the first try.

    Features are shares, and unlike standardised ones leave room for the tags, of which 20 words weigh about as much as
    a picture. Counts of that size ask for small steps of likelihood. Few pictures are seen more often, so that every
    collection has as many steps.

    Parameters
    ----------
    n, n_features, n_tags : int
        How many pictures, features of each, and tags there are.

    Example
    -------
    >>> settings = machine_settings(90, 200, 5)
    >>> settings["batch_size"], settings["n_iter_prediction"]
    (10, 111)
    """
    batch_size = min(100, max(10, n // 20))
    return {
        "n_components": 512,
        "modalities": (
            Modality(PICTURE, n_features, units=Bernoulli(), hidden_layer_sizes=(), binarisation="none"),
            Modality(TAGS, n_tags, units=ReplicatedSoftmax(n_tags, 20), hidden_layer_sizes=()),
        ),
        "n_iter": max(10, _STEPS // 4 * batch_size // n),
        "n_iter_prediction": max(60, _STEPS * batch_size // n),
        "optimizer": SGD(0.005, schedule=Linear()),
        # On photographs of Corel5k, tags of a machine trained with one pass are ranked better than with two or four.
        "prediction_rule": MultiPrediction(1, values=0.0),
        "prediction_optimizer": Adam(6e-3, schedule=Cosine(warmup=0.05)),
        "batch_size": batch_size,
    }
