"""A collection of pictures with tags, and their joint codes under a multimodal machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse

from tildex.data import Reading
from tildex.data.reading import ANY_READING
from tildex.evaluate.distances import nearest_rows
from tildex.files import RunError, load_state, save_state

__all__ = ["PICTURE", "TAGS", "Collection", "Hit", "load_collection", "query", "save_collection", "search"]

PICTURE, TAGS = "picture", "tags"
"""Names of the two modalities."""


@dataclass(frozen=True, eq=False)
class Collection:
    """Files, tags, features and codes of pictures, without their pixels.

    Attributes
    ----------
    files : tuple of str
        Path of each picture in ``source``, with slashes.
    tag_names : tuple of str
        All tags, one per column.
    tags : CSR matrix of shape (pictures, tags)
        The tags of each picture.
    features : float array of shape (pictures, features)
        The features of each picture.
    codes : float array of shape (pictures, components)
        The joint code of each picture.
    source : str
        The folder, archive or known data set of the pictures.
    split : str
        The part of a known data set.
    shape : tuple of int
        Size to which pictures are resized before features are computed: (height, width), or (height, width, 3) in
        colour.
    settings : mapping
        Settings of the fixed features; empty if all features are learned.
    reading : Reading
        How pictures are brought to ``shape``.
    """

    files: tuple[str, ...]
    tag_names: tuple[str, ...]
    tags: sparse.csr_array
    features: np.ndarray
    codes: np.ndarray
    source: str = ""
    split: str = "train"
    shape: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading = ANY_READING

    def __post_init__(self) -> None:
        n = len(self.files)
        wanted = {"tags": (n, len(self.tag_names)), "features": (n, -1), "codes": (n, -1)}
        for name, (rows, columns) in wanted.items():
            shape = getattr(self, name).shape
            if len(shape) != 2 or shape[0] != rows or columns not in (-1, shape[1]):
                raise ValueError(f"expected {name} of {n} files and {columns} columns, got {shape}")

    def __len__(self) -> int:
        return len(self.files)

    def tags_of(self, row: int) -> tuple[str, ...]:
        """Return the tags of a picture."""
        start, stop = self.tags.indptr[row : row + 2]
        return tuple(self.tag_names[k] for k in self.tags.indices[start:stop])


@dataclass(frozen=True)
class Hit:
    """A picture found by a query.

    Attributes
    ----------
    row : int
        Its row in the collection.
    file : str
        Its file.
    tags : tuple of str
        Its tags.
    likeness : float
        The cosine similarity of its code and the query's, both centred on the mean of all codes: 1 for the same code,
        about 0 for unrelated pictures.
    """

    row: int
    file: str
    tags: tuple[str, ...]
    likeness: float


def query(*, picture: Any = None, tags: Any = None) -> dict[str, np.ndarray]:
    """Return a query as a dictionary of modalities: either one or both, of one row or more.

    Parameters
    ----------
    picture : array of shape (features,) or (n, features), optional
        Features, computed like those of the collection.
    tags : array or sparse matrix of shape (tags,) or (n, tags), optional
        1 for each queried tag.

    Raises
    ------
    ValueError
        If neither is given.

    Example
    -------
    >>> {name: rows.shape for name, rows in query(tags=[0, 1, 0]).items()}
    {'tags': (1, 3)}
    """
    given = {PICTURE: picture, TAGS: tags}
    rows = {name: part for name, part in given.items() if part is not None}
    if not rows:
        raise ValueError("the query is empty: give a picture, tags, or both")
    return {
        name: np.atleast_2d(part.toarray() if sparse.issparse(part) else np.asarray(part, dtype=float))
        for name, part in rows.items()
    }


def search(model: Any, collection: Collection, asked: Mapping[str, Any], n: int = 4) -> list[list[Hit]]:
    """Return the pictures with the joint codes most similar to each query's, most similar first.

    Parameters
    ----------
    model : estimator
        Its ``transform`` maps a dictionary of known modalities to the joint code.
    collection : Collection
        The pictures to search.
    asked : dict of str to array
        From :func:`query`; a missing modality is inferred.
    n : int
        The number of pictures; all if there are fewer.
    """
    # Codes are centred: what all pictures share does not distinguish them.
    middle = collection.codes.mean(0, dtype=float)
    looked_for, codes = (
        _directions(rows - middle) for rows in (np.asarray(model.transform(dict(asked))), collection.codes)
    )
    index, distance = nearest_rows(looked_for, codes, n)
    return [
        [
            Hit(int(k), collection.files[k], collection.tags_of(k), float(1 - d**2 / 2))
            for k, d in zip(rows, far, strict=True)
        ]
        for rows, far in zip(index, distance, strict=True)
    ]


def save_collection(path: Path, collection: Collection) -> None:
    """Write a collection to one file, with names and settings in its header; no picture is copied."""
    tags = collection.tags
    tree = {
        **{name: getattr(collection, name) for name in _PLAIN},
        "settings": dict(collection.settings),
        "reading": collection.reading.to_json(),
        "features": np.asarray(collection.features, dtype=np.float32),
        "codes": np.asarray(collection.codes, dtype=np.float32),
        "tags": [np.asarray(part) for part in (tags.data, tags.indices, tags.indptr)],
    }
    save_state(path, tree)


def load_collection(path: Path) -> Collection:
    """Read a collection; nothing in the file is executed.

    Raises
    ------
    RunError
        If the file is missing, damaged or of another kind.
    """
    tree = load_state(path)
    try:
        plain = {name: tree[name] for name in _PLAIN}
        for name in ("files", "tag_names"):
            _require_texts(plain[name])
        files, names = tuple(plain["files"]), tuple(plain["tag_names"])
        tags = sparse.csr_array(tuple(_array(part) for part in tree["tags"]), shape=(len(files), len(names)))
        # Indices outside the matrix would make scipy read out of bounds.
        tags.check_format(full_check=True)
        return Collection(
            files,
            names,
            tags,
            _array(tree["features"]),
            _array(tree["codes"]),
            str(plain["source"]),
            str(plain["split"]),
            tuple(int(n) for n in plain["shape"]),
            dict(tree["settings"]),
            # Earlier versions stretched all pictures and did not note it.
            Reading.from_json(tree.get("reading", {"resize": "stretch"})),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{path} is not a complete collection of pictures ({error}): train it again"
        ) from error


_PLAIN = ("files", "tag_names", "source", "split", "shape")


def _array(part: Any) -> np.ndarray:
    if not isinstance(part, torch.Tensor):
        raise ValueError(f"expected an array, got {type(part).__name__}")
    return part.numpy()


def _require_texts(names: Any) -> None:
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ValueError("expected a list of names")


def _directions(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
