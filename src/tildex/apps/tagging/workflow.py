"""Folders of pictures with tags as commands see them: what a run keeps of one, and how it is found again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from tildex.apps.tagging.collection import Collection
    from tildex.data import Record

__all__ = ["SIDE", "asked_for", "keep", "measured", "opened_run", "picture_rows", "shown"]

_STEPS = 1_000
"""Of training for prediction, at least."""

_KEPT, _FEATURES, _LEARNED = "collection.safetensors", "features.npz", "patches"
SIDE = 160
"""Pixels of the longer side of a picture that is shown."""


def measured(
    record: Record, kind: str, *, seed: int, device: str
) -> tuple[list[Any], np.ndarray, dict[str, Any]]:
    """Return what measures a record's pictures, rows of features and then tags, and the settings that suit them.

    Parameters
    ----------
    record : Record
        Pictures with tags.
    kind : str
        ``fixed`` features, ``learned`` ones, or ``both`` side by side.
    seed : int
        Of what is learned.
    device : str
        Where that learns.
    """
    import numpy as np

    from tildex.estimators import PatchFeatures, PictureFeatures

    parts: list[Any] = []
    if kind != "learned":
        parts.append(PictureFeatures(record.shape))
    if kind != "fixed":
        parts.append(PatchFeatures(record.shape, device=device, random_state=seed))
    pictures = np.hstack([part.fit_transform(record.X) for part in parts])
    assert record.tags is not None
    tags = record.tags if isinstance(record.tags, np.ndarray) else record.tags.toarray()
    rows = np.hstack([pictures, tags])
    return parts, rows, _recipe(len(rows), pictures.shape[1], tags.shape[1])


def keep(
    out: Path, source: tuple[str, str], record: Record, parts: Sequence[Any], rows: np.ndarray, model: Any
) -> None:
    """Write beside a run what is needed to tag and to find pictures, and to report on it like on any other.

    Parameters
    ----------
    out : Path
        The run folder.
    source : (str, str)
        What was read, and which split of it.
    record : Record
        What that gave.
    parts : sequence of PictureFeatures and PatchFeatures
        What measured it.
    rows : array of shape (pictures, features + tags)
        What was trained on.
    model : estimator
        What was trained.
    """
    import numpy as np
    from scipy import sparse

    from tildex.apps.tagging.collection import PICTURE, Collection, save_collection
    from tildex.data import read
    from tildex.files import write_whole
    from tildex.runs import provenance

    assert record.shape is not None and record.tag_names is not None and record.tags is not None
    (data, split), names = source, record.tag_names
    path, settings = Path(data), {}
    for part in parts:
        if part.learned:
            part.save(out / _LEARNED)
        else:
            settings = {name: value for name, value in part.get_params().items() if name != "shape"}
    collection = Collection(
        record.files,
        names,
        sparse.csr_array(record.tags),
        model.split(rows)[PICTURE],
        model.transform(rows),
        str(path.resolve()) if path.exists() and record.name != data else data,
        split,
        record.shape,
        settings,
    )

    def write(target: Path) -> None:
        with target.open("wb") as stream:
            np.savez(stream, X=rows)

    write_whole(out / _FEATURES, write)
    provenance(out, str(out / _FEATURES), "train", read(out / _FEATURES))
    save_collection(out / _KEPT, collection)


def opened_run(run: Path, device: str) -> tuple[Any, Collection]:
    """Return the model of a run and its collection.

    Raises
    ------
    RunError
        If it is no run, or one without a collection.
    """
    from tildex.apps.tagging.collection import load_collection
    from tildex.estimators import load
    from tildex.files import RunError

    model = load(run, device=device)
    if not (run / _KEPT).is_file():
        raise RunError(
            f"{run} is a run of {type(model).__name__} without a collection of pictures: make one with "
            "`tildex fit multimodal-dbm FOLDER --tags tags.csv --out RUN`"
        )
    return model, load_collection(run / _KEPT)


def picture_rows(
    run: Path, collection: Collection, paths: Sequence[Path], device: str
) -> tuple[list[Path], np.ndarray, list[str]]:
    """Return the pictures that can be read, their features as the run measures them, and a sentence for each other.

    Raises
    ------
    DataError
        If none can be read.
    RunError
        If the run has lost what it measures pictures by.
    """
    import numpy as np

    from tildex.data import DataError, read_picture
    from tildex.estimators import PatchFeatures, PictureFeatures
    from tildex.files import RunError

    pixels, read, skipped = [], [], []
    for path in paths:
        try:
            pixels.append(read_picture(path, collection.shape))
            read.append(path)
        except DataError as error:
            skipped.append(str(error))
    if not pixels:
        raise DataError("; ".join(skipped))
    parts: list[Any] = []
    if collection.settings:
        parts.append(PictureFeatures(collection.shape, **collection.settings))
    if (run / _LEARNED).is_dir():
        parts.append(PatchFeatures.load(run / _LEARNED, device=device))
    X = np.stack(pixels)
    features = np.hstack([np.empty((len(X), 0), X.dtype), *(part.transform(X) for part in parts)])
    if features.shape[1] != collection.features.shape[1]:
        raise RunError(
            f"{run} measured pictures by {collection.features.shape[1]} features and now has {features.shape[1]}: "
            f"restore its folder {_LEARNED!r}, or train it again"
        )
    return read, features, skipped


def asked_for(
    run: Path, collection: Collection, tags: str | None, image: Path | None, device: str
) -> dict[str, np.ndarray]:
    """Return a query from what was typed: tags apart by commas, upper and lower case alike, and a picture.

    Raises
    ------
    DataError
        If a tag is not known, with the nearest that is, or the picture cannot be read.
    """
    from tildex.apps.tagging.collection import query
    from tildex.data import DataError, tag_rows

    row = None
    if tags is not None:
        spelled = {name.lower(): name for name in collection.tag_names}
        said = [" ".join(part.split()) for part in re.split(r"[,;|]", tags) if part.strip()]
        if not said:
            raise DataError('--tags is empty: name some, as in --tags "sea, sky"')
        row = tag_rows([[spelled.get(tag.lower(), tag) for tag in said]], collection.tag_names)
    picture = None if image is None else picture_rows(run, collection, [image], device)[1]
    return query(picture=picture, tags=row)


def shown(collection: Collection, files: Sequence[str], data_dir: Path | None) -> dict[str, np.ndarray]:
    """Return small pictures of a collection by file, as far as they are still where they were."""
    import numpy as np

    from tildex.data import DataError, read, small_pictures
    from tildex.data.sets.catalogue import find

    if find(collection.source) is None:
        return small_pictures(Path(collection.source), files, SIDE)
    try:
        record = read(collection.source, split=collection.split, data_dir=data_dir)
    except DataError:
        return {}
    row = {file: k for k, file in enumerate(record.files)}
    pixels = {
        file: np.asarray(record.X[row[file]]).reshape(collection.shape) for file in files if file in row
    }
    return {
        file: image if image.ndim == 3 else np.repeat(image[..., None], 3, 2)
        for file, image in pixels.items()
    }


def _recipe(n: int, n_features: int, n_tags: int) -> dict[str, Any]:
    """Return settings under which a machine of so many tagged pictures learns at the first try.

    Features are shares, and unlike standardised ones leave room for the tags, of which 20 words weigh about as much as
    a picture. Counts of that size ask for small steps of likelihood. Few pictures are seen more often, so that every
    collection has as many steps.
    """
    from tildex.apps.tagging.collection import PICTURE, TAGS
    from tildex.estimators import Modality
    from tildex.optimizers import SGD, Adam, Cosine, Linear
    from tildex.rules import MultiPrediction
    from tildex.units import Bernoulli, ReplicatedSoftmax

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
