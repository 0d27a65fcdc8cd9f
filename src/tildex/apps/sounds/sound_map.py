"""A map of sounds in which similar sounds lie close together, and a search for similar sounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from tildex.apps.kept_rows import KEPT_ROWS, keep_rows
from tildex.corruptions import GaussianNoise
from tildex.data import DataError, Record, read, read_sound
from tildex.estimators import Autoencoder, SoundFeatures, load
from tildex.evaluate.distances import nearest_rows
from tildex.files import RunError, write_json
from tildex.optimizers import Adam, Cosine
from tildex.penalties import Neighbours

__all__ = ["SoundHit", "SoundMap", "map_settings"]

_NOTES = "sounds.json"


@dataclass(frozen=True)
class SoundHit:
    """A sound that was found.

    Attributes
    ----------
    row : int
        Its row in the map.
    file : str
        Its file.
    kind : str, optional
        Its class, if classes have names.
    distance : float
        The distance of its code from the query's code.
    """

    row: int
    file: str
    kind: str | None
    distance: float


@dataclass(frozen=True, eq=False)
class SoundMap:
    """An autoencoder of sounds whose code preserves neighbourhoods, with its training sounds.

    Make one with :meth:`fit`, or open a saved one with :meth:`load`.

    Attributes
    ----------
    model : estimator
        Maps features to codes.
    features : SoundFeatures
        Maps samples to features.
    rows : array of shape (sounds, features)
        The features.
    files : tuple of str
        One name per sound.
    labels : array of shape (sounds,), optional
        Classes, as names or numbers.
    source : str
        Where the sounds came from.
    seconds : float
        Seconds read of each sound.
    skipped : tuple of str
        One sentence for each file that could not be used.

    Example
    -------
    >>> from tildex.data import Record
    >>> draws, t = np.random.default_rng(0), np.arange(4000) / 8000
    >>> tones = [np.sin(2 * np.pi * hertz * t) for hertz in draws.uniform(300, 500, 30)]
    >>> noises = [draws.normal(size=4000) for _ in range(30)]
    >>> kinds = {"y": np.repeat([0, 1], 30), "target_names": ("tone", "noise")}
    >>> record = Record(np.array(tones + noises, dtype=np.float32), rate=8000, **kinds)
    >>> sounds = SoundMap.fit(record, n_iter=10, random_state=0)
    >>> sounds.codes.shape
    (60, 2)
    >>> new = np.sin(2 * np.pi * 410 * t)
    >>> {hit.kind for hit in sounds.find(new, n=5)}
    {'tone'}
    """

    model: Any
    features: SoundFeatures
    rows: np.ndarray
    files: tuple[str, ...]
    labels: np.ndarray | None
    source: str
    seconds: float
    skipped: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        data: Record | str | Path,
        *,
        slices: int = 4,
        source: str | None = None,
        model: Callable[..., Any] = Autoencoder,
        checkpoint: Path | None = None,
        random_state: Any = None,
        device: str = "auto",
        **settings: Any,
    ) -> Self:
        """Train a map of sounds.

        Parameters
        ----------
        data : Record, str or Path
            Sounds, or the folder, archive or known name to read them from.
        slices : int
            Parts into which a sound is divided: 1 for textures such as rain, more where order matters, as in words.
        source : str, optional
            The name of the sounds, if the record has none.
        model : callable
            Makes the untrained model from its settings.
        checkpoint : Path, optional
            The checkpoint file; an interrupted training resumes from it.
        random_state : int, RandomState or None
            The seed.
        device : str
            Where to compute.
        **settings
            Settings of the model, such as ``n_components``, which override those of :func:`map_settings`.

        Raises
        ------
        DataError
            If there are no sounds.
        """
        record = data if isinstance(data, Record) else read(data)
        name = record.name or source or ("" if isinstance(data, Record) else str(data))
        if record.rate is None:
            raise DataError(f"{source or name} holds no sounds: expected a folder or a .zip of them")
        features = SoundFeatures(record.rate, slices=slices)
        rows = features.fit_transform(record.X)
        trained = model(**{**map_settings(), **settings}, random_state=random_state, device=device)
        trained.fit(rows, checkpoint=checkpoint)
        names, y = record.target_names, record.y
        labels = y if y is None or names is None else np.array(names)[y]
        files = record.files or tuple(f"sound {k + 1}" for k in range(len(record)))
        seconds = record.X.shape[1] / record.rate
        return cls(trained, features, rows, files, labels, name, seconds, record.skipped)

    @property
    def codes(self) -> np.ndarray:
        """The code of each sound, shape (sounds, components)."""
        codes: np.ndarray = self.model.transform(self.rows)
        return codes

    def find(self, sound: str | Path | Sequence[float] | np.ndarray, n: int = 5) -> list[SoundHit]:
        """Return the sounds of the map most similar to a sound, nearest first.

        Parameters
        ----------
        sound : path, or array of shape (samples,)
            A file with any rate, or samples at the rate of ``features``.
        n : int
            The number of sounds.

        Raises
        ------
        DataError
            If the file is not a sound.
        """
        if isinstance(sound, str | Path):
            sound = read_sound(Path(sound), self.features.rate, self.seconds)
        heard = np.atleast_2d(np.asarray(sound, dtype=np.float32))
        code = self.model.transform(self.features.transform(heard))
        index, distances = nearest_rows(code, self.codes, n)
        return [
            SoundHit(int(k), self.files[k], self._kind(k), float(d))
            for k, d in zip(index[0], distances[0], strict=True)
        ]

    def save(self, folder: str | Path) -> Path:
        """Save the map as a run folder, usable with ``tildex report``, and return it; no sound is copied.

        Raises
        ------
        RunError
            If the folder holds something else or cannot be written.
        """
        folder = Path(self.model.save(folder))
        noted = {
            "source": self.source,
            "seconds": self.seconds,
            "features": self.features.get_params(),
            "files": list(self.files),
            "skipped": list(self.skipped),
        }
        write_json(folder / _NOTES, noted)
        keep_rows(folder, self.rows, self.labels)
        return folder

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "auto") -> Self:
        """Open a saved map, or a run of ``tildex sounds``; nothing in the folder is executed.

        Raises
        ------
        RunError
            If the folder is not a run, or not a map of sounds.
        """
        folder = Path(folder)
        model, noted = load(folder, device=device), _noted(folder)
        known = read(folder / KEPT_ROWS)
        names, y = known.target_names, known.y
        return cls(
            model,
            SoundFeatures(**noted["features"]),
            np.asarray(known.X),
            tuple(noted["files"]),
            y if y is None or names is None else np.array(names)[y],
            noted["source"],
            noted["seconds"],
            tuple(noted.get("skipped", ())),
        )

    def _kind(self, row: int) -> str | None:
        named = self.labels is not None and self.labels.dtype.kind == "U"
        return str(self.labels[row]) if named and self.labels is not None else None


def map_settings() -> dict[str, Any]:
    """Return settings of an :class:`~tildex.Autoencoder` whose two-unit code is a map.

    Example
    -------
    >>> map_settings()["n_components"]
    2
    """
    return {
        "n_components": 2,
        "hidden_layer_sizes": (500, 250),
        "activation": "silu",
        "corruption": GaussianNoise(0.5),
        "penalty": Neighbours(1000.0, perplexity=10),
        "optimizer": Adam(2e-3, schedule=Cosine(warmup=0.05)),
        "n_iter": 200,
        "batch_size": 500,
    }


def _noted(folder: Path) -> dict[str, Any]:
    try:
        noted = json.loads((folder / _NOTES).read_text(encoding="utf-8"))
        if not {"source", "seconds", "features", "files"} <= noted.keys():
            raise KeyError("a key is missing")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise RunError(f"{folder} is not a map of sounds ({error}): make one with `tildex sounds`") from error
    result: dict[str, Any] = noted
    return result
