"""Features of tagged pictures, and settings of a machine that learns from them."""

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
"""Minimum number of steps of prediction training."""


def choose_features(
    record: Record, kind: FeatureKind = "fixed", *, device: str = "auto", random_state: Any = None
) -> tuple[Any, ...]:
    """Return fitted transformers that compute features of a record's pictures.

    Parameters
    ----------
    record : Record
        Pictures with tags.
    kind : str
        ``fixed``, colours and edges by region; ``learned``, codes of patches; or ``both``.
    device : str
        Where to train the patch features.
    random_state : int, RandomState or None
        The seed of the learned features.

    Raises
    ------
    ValueError
        If the kind is unknown.
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
    """Return the concatenated features of pictures, shape (pictures, features).

    Parameters
    ----------
    measures : sequence of transformers
        From :func:`choose_features`.
    X : array of shape (pictures, pixels)
        Pictures of the shape that the transformers were fitted on.
    """
    return np.hstack([np.empty((len(X), 0), X.dtype), *(one.transform(X) for one in measures)])


def tags_of(record: Record) -> np.ndarray:
    """Return the tags of a record as an array, shape (pictures, tags)."""
    assert record.tags is not None
    return record.tags if isinstance(record.tags, np.ndarray) else record.tags.toarray()


def machine_settings(n: int, n_features: int, n_tags: int) -> dict[str, Any]:
    """Return default settings of a :class:`~tildex.MultimodalDBM` of tagged pictures.

    Features are shares in [0, 1]; unlike standardised features, they do not outweigh the tags, whose 20 words weigh
    about as much as a picture. Counts of that size need a small learning rate in likelihood training. Small collections
    get more epochs, so that every collection has as many steps.

    Parameters
    ----------
    n, n_features, n_tags : int
        Numbers of pictures, features and tags.

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
        # On Corel5k, one mean-field pass ranks tags better than two or four.
        "prediction_rule": MultiPrediction(1, values=0.0),
        "prediction_optimizer": Adam(6e-3, schedule=Cosine(warmup=0.05)),
        "batch_size": batch_size,
    }
