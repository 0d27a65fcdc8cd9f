"""One machine of pictures and tags, which tags new pictures, finds pictures and samples both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy import sparse

from tildex.apps.kept_rows import keep_rows
from tildex.apps.tagging.collection import (
    Collection,
    Hit,
    load_collection,
    query,
    save_collection,
    search,
)
from tildex.apps.tagging.features import (
    FeatureKind,
    choose_features,
    features_of,
    machine_settings,
    tags_of,
)
from tildex.apps.tagging.pictures import THUMBNAIL, one_picture, place_of, read_pictures, thumbnails
from tildex.apps.tagging.scores import best_tags, spelled_tags, tag_scores
from tildex.apps.tagging.tag_table import TagTable
from tildex.apps.tagging.traces import STEPS, Look, trace
from tildex.data import Record, read, tag_rows
from tildex.estimators import MultimodalDBM, PatchFeatures, PictureFeatures, load
from tildex.files import RunError

__all__ = ["TaggedPictures"]

_KEPT, _LEARNED = "collection.safetensors", "patches"


@dataclass(frozen=True, eq=False)
class TaggedPictures:
    """A machine trained on pictures and their tags, with the collection of those pictures.

    Make one with :meth:`fit`, or open a saved one with :meth:`load`.

    Attributes
    ----------
    machine : MultimodalDBM
        Its modalities are ``picture``, which holds features, and ``tags``.
    collection : Collection
        Files, tags, features and joint codes of the pictures; no pixels.
    measures : tuple of transformers
        Map pixels to features, which are concatenated in this order.

    Example
    -------
    >>> from dataclasses import replace
    >>> from tildex import read
    >>> from tildex.data import tag_rows
    >>> names = ("even", "odd", *"0123456789")
    >>> def tagged(digits):
    ...     tags = [(names[y % 2], str(y)) for y in digits.y]
    ...     return replace(digits, tags=tag_rows(tags, names), tag_names=names)
    >>> train, test = tagged(read("digits")), tagged(read("digits", split="test"))
    >>> digits = TaggedPictures.fit(train, n_components=64, n_iter_prediction=20, random_state=0)
    >>> tags = digits.tag(test.X, n=2).tags
    >>> bool(np.mean([str(y) in dict(two) for two, y in zip(tags, test.y)]) > 0.7)
    True
    >>> [hit.tags for hit in digits.find(tags="odd, 7", n=2)]
    [('odd', '7'), ('odd', '7')]
    >>> [look.step for look in digits.trace(tags="7", chains=1, steps=(10, 20), random_state=0)[0]]
    [10, 20]
    """

    machine: Any
    collection: Collection
    measures: tuple[Any, ...]

    @classmethod
    def fit(
        cls,
        data: Record | str | Path,
        *,
        tags: str | Path | None = None,
        features: FeatureKind = "fixed",
        source: str | None = None,
        split: str = "train",
        machine: Callable[..., Any] = MultimodalDBM,
        checkpoint: Path | None = None,
        snapshots: Sequence[int] = (),
        random_state: Any = None,
        device: str = "auto",
        **settings: Any,
    ) -> Self:
        """Train a machine of tagged pictures.

        Parameters
        ----------
        data : Record, str or Path
            Pictures with tags, or the folder, archive or known name to read them from.
        tags : path, optional
            A .csv table of the tags of a folder's pictures, one row per picture: its file, then its tags.
        features : str
            The features of pictures: ``fixed``, colours and edges by region; ``learned``, codes of patches; or
            ``both``.
        source : str, optional
            Where the pictures of a record are, for thumbnails; the record's name when not given.
        split : str
            The part of a known data set.
        machine : callable
            Makes the untrained machine from its settings.
        checkpoint : Path, optional
            The checkpoint file; an interrupted training resumes from it.
        snapshots : sequence of int
            Epochs at which codes of some pictures are saved.
        random_state : int, RandomState or None
            The seed.
        device : str
            Where to compute.
        **settings
            Settings of the machine, such as ``n_components``, which override those of
            :func:`~tildex.apps.tagging.features.machine_settings`.

        Raises
        ------
        DataError
            If the pictures cannot be read, or have no tags.
        """
        record = data if isinstance(data, Record) else read(data, tags=tags, split=split)
        measures = choose_features(record, features, device=device, random_state=random_state)
        pictures, known = features_of(measures, np.asarray(record.X)), tags_of(record)
        rows = np.hstack([pictures, known])
        advised = machine_settings(len(rows), pictures.shape[1], known.shape[1])
        model = machine(**{**advised, **settings}, random_state=random_state, device=device)
        model.fit(rows, checkpoint=checkpoint, **({"snapshots": tuple(snapshots)} if snapshots else {}))
        assert record.shape is not None and record.tag_names is not None
        fixed = next((one for one in measures if not one.learned), None)
        collection = Collection(
            record.files or tuple(f"picture {k + 1}" for k in range(len(record))),
            record.tag_names,
            sparse.csr_array(record.tags),
            pictures,
            model.transform(rows),
            place_of(record, source if source is not None or isinstance(data, Record) else str(data)),
            split,
            record.shape,
            {} if fixed is None else {k: v for k, v in fixed.get_params().items() if k != "shape"},
            record.reading,
        )
        return cls(model, collection, measures)

    def save(self, folder: str | Path) -> Path:
        """Save everything but the pixels as a run folder, usable with ``tildex report``, and return it.

        Raises
        ------
        RunError
            If the folder holds something else or cannot be written.
        """
        folder = Path(self.machine.save(folder))
        for one in self.measures:
            if one.learned:
                one.save(folder / _LEARNED)
        keep_rows(folder, np.hstack([self.collection.features, self.collection.tags.toarray()]))
        save_collection(folder / _KEPT, self.collection)
        return folder

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "auto") -> Self:
        """Open a saved object, or a run of ``tildex fit multimodal-dbm``; nothing in the folder is executed.

        Raises
        ------
        RunError
            If the folder is not a run, or has no collection.
        """
        folder = Path(folder)
        machine = load(folder, device=device)
        if not (folder / _KEPT).is_file():
            raise RunError(
                f"{folder} is a run of {type(machine).__name__} without a collection of pictures: make one with "
                "`tildex fit multimodal-dbm FOLDER --tags tags.csv --out RUN`"
            )
        collection = load_collection(folder / _KEPT)
        measures: list[Any] = []
        if collection.settings:
            measures.append(PictureFeatures(collection.shape, **collection.settings))
        if (folder / _LEARNED).is_dir():
            measures.append(PatchFeatures.load(folder / _LEARNED, device=device))
        return cls(machine, collection, tuple(measures))

    def tag(self, pictures: Any, n: int = 5) -> TagTable:
        """Return the best tags of new pictures with their scores, best first.

        Parameters
        ----------
        pictures : path, sequence of paths, or array of shape (pictures, pixels)
            Files, folders and zip archives, of any size, or rows of pixels from 0 to 1 in the collection's shape.
        n : int
            Tags per picture.

        Returns
        -------
        TagTable
            Unreadable files are listed in ``skipped``.

        Raises
        ------
        DataError
            If no picture can be read.
        """
        files, X, skipped = read_pictures(pictures, self.collection.shape, self.collection.reading)
        best = best_tags(tag_scores(self.machine, self._measured(X)), self.collection.tag_names, n)
        return TagTable(files, tuple(map(tuple, best)), skipped)

    def find(self, *, tags: str | Sequence[str] | None = None, picture: Any = None, n: int = 4) -> list[Hit]:
        """Return the pictures of the collection that match tags, a picture, or both together, best first.

        A missing modality is inferred, so a query by tags also finds untagged pictures.

        Parameters
        ----------
        tags : sequence of str, or str
            Tags, in a string separated by commas; case is ignored.
        picture : path, or array of shape (pixels,)
            A picture, as in :meth:`tag`.
        n : int
            The number of pictures.

        Raises
        ------
        DataError
            If a tag is unknown (the message names the nearest known one), or the picture cannot be read.
        """
        return search(self.machine, self.collection, self._query(tags, picture), n)[0]

    def trace(
        self,
        *,
        tags: str | Sequence[str] | None = None,
        picture: Any = None,
        chains: int = 3,
        steps: Sequence[int] = STEPS,
        random_state: Any = None,
    ) -> list[list[Look]]:
        """Return states of Gibbs chains with tags, a picture or nothing held fixed, shape (chains, steps).

        Parameters
        ----------
        tags, picture
            As in :meth:`find`; at most one of them.
        chains : int
            The number of chains.
        steps : sequence of int
            The steps to return.
        random_state : int, RandomState or None
            The seed.
        """
        given = {} if tags is None and picture is None else self._query(tags, picture)
        return trace(
            self.machine, self.collection, given, chains=chains, steps=steps, random_state=random_state
        )

    def thumbnails(
        self, files: Sequence[str], *, data_dir: str | Path | None = None, side: int = THUMBNAIL
    ) -> dict[str, np.ndarray]:
        """Return thumbnails of the collection's pictures by file, for the files that still exist.

        Parameters
        ----------
        files : sequence of str
            Files, such as ``hit.file``.
        data_dir : path, optional
            The folder of known data sets.
        side : int
            Longer side in pixels, for pictures in a folder.
        """
        return thumbnails(self.collection, files, data_dir=data_dir, side=side)

    def _query(self, tags: str | Sequence[str] | None, picture: Any) -> dict[str, np.ndarray]:
        row = (
            None
            if tags is None
            else tag_rows([spelled_tags(tags, self.collection.tag_names)], self.collection.tag_names)
        )
        if picture is None:
            return query(tags=row)
        X = one_picture(picture, self.collection.shape, self.collection.reading)
        return query(picture=self._measured(X), tags=row)

    def _measured(self, X: np.ndarray) -> np.ndarray:
        features, known = features_of(self.measures, X), self.collection.features.shape[1]
        if features.shape[1] != known:
            raise RunError(
                f"the run was trained on {known} features per picture and now has {features.shape[1]}: "
                f"restore its folder {_LEARNED!r}, or train it again"
            )
        return features
