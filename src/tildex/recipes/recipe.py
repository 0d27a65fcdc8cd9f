"""A recipe: a model's settings with a name, the data they were measured on, their source and what they reached."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tildex.estimators import Estimator, load
from tildex.part import Part, nearest
from tildex.recipes.written import estimator_named, setting_of

__all__ = ["Data", "Measured", "Recipe", "Source", "recipe", "recipes"]

_FILES = Path(__file__).parent / "files"

_OWN = {"random_state": None, "device": None, "verbose": None, "warm_start": None}
"""What a run was told of its own training, and another is told anew."""


@dataclass(frozen=True)
class Data:
    """What kind of data a recipe is for, and which set it was measured on."""

    kind: str
    set: str
    note: str = ""


@dataclass(frozen=True)
class Source:
    """The paper that the settings follow."""

    author: str
    year: int
    title: str


@dataclass(frozen=True)
class Measured:
    """The number that the settings reached, what it means, over how many seeds and when."""

    value: float
    unit: str
    meaning: str
    seeds: int
    date: datetime.date

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True)
class Recipe:
    """Settings that are known to work.

    Attributes
    ----------
    name : str
        What it is asked for by.
    model : str
        The estimator's name in ``tildex models``.
    settings : dict of str to value
        Of the estimator, parts as objects.
    sentence : str
        What it is good for.
    data, source, measured : Data, Source, Measured, optional
        Not known of a run's recipe.
    start : str, optional
        The recipe of the trained model that it begins with.

    Example
    -------
    >>> from tildex.recipes import recipe
    >>> found = recipe("rbm-mnist")
    >>> found.model, str(found.measured)
    ('rbm', '-83.51 nats an image')
    >>> model = found.estimator(n_iter=5, optimizer__learning_rate=0.1)
    >>> model.n_components, model.n_iter, model.optimizer.learning_rate
    (500, 5, 0.1)
    """

    name: str
    model: str
    settings: dict[str, Any]
    sentence: str
    data: Data | None = None
    source: Source | None = None
    measured: Measured | None = None
    start: str | None = None

    def estimator(self, **changes: Any) -> Any:
        """Return an unfitted estimator with these settings.

        Parameters
        ----------
        **changes
            Other settings, those of parts as ``part__name``.

        Raises
        ------
        ValueError
            If a change is of a setting that the model does not have.
        """
        whole = {name: value for name, value in changes.items() if "__" not in name}
        settings = {**self.fresh(), **whole}
        cls = Estimator.table[self.model]
        known = cls._get_param_names()
        for name in whole:
            if name not in known:
                raise ValueError(f"{cls.__name__} has no setting {name!r}; {nearest(name, known)}")
        return cls(**settings).set_params(**{k: v for k, v in changes.items() if k not in whole})

    def fresh(self) -> dict[str, Any]:
        """Return the settings with parts of their own, so that a change of one estimator is none of another."""
        return {name: _fresh(value) for name, value in self.settings.items()}

    def to_json(self) -> dict[str, Any]:
        """Return all but the settings as plain JSON values."""
        parts = {name: getattr(self, name) for name in ("data", "source", "measured")}
        told = {name: {k: _plain(v) for k, v in vars(part).items()} for name, part in parts.items() if part}
        return {
            "name": self.name,
            "model": self.model,
            "sentence": self.sentence,
            "start": self.start,
            **told,
        }


def recipe(name: str | Path) -> Recipe:
    """Return a recipe: by its name, from a file of one, or from the folder of a saved run.

    A run's recipe has the settings that the run was trained with, but for seed and device. A trained model that it
    began with is taken as it is, weights and all, for without it the run would be another model.

    Raises
    ------
    ValueError
        If there is none, or what it says is not understood.
    """
    path = Path(name)
    if (_FILES / f"{path}.toml").is_file() and path.name == str(path):
        return read_recipe(_FILES / f"{path}.toml")
    if path.suffix == ".toml" and path.is_file():
        return read_recipe(path)
    if path.is_dir():
        return _of_run(path)
    known = [file.stem for file in _FILES.glob("*.toml")]
    raise ValueError(
        f"no recipe or run is called {str(name)!r}; {nearest(str(name), known)} See `tildex recipes`."
    )


def recipes() -> list[Recipe]:
    """Return all that come with the library, by name."""
    return [read_recipe(file) for file in sorted(_FILES.glob("*.toml"))]


def read_recipe(file: Path) -> Recipe:
    """Return the recipe in a TOML file; nothing in it is executed.

    Raises
    ------
    ValueError
        If an entry is missing, unknown or not understood; the message names the file and the entry.
    """
    try:
        record = tomllib.loads(file.read_text(encoding="utf-8"))
        _require(
            record,
            ("name", "model", "sentence", "settings", "data", "source", "measured"),
            ("start",),
            "entry",
        )
        if record["name"] != file.stem:
            raise ValueError(f"the name must be the file's, {file.stem!r}, got {record['name']!r}")
        cls = estimator_named(record["model"])
        told = {key: _told(kind, record[key], key) for key, kind in _KINDS.items()}
        settings = {name: setting_of(cls, name, value) for name, value in record["settings"].items()}
        sentence, start = record["sentence"], record.get("start")
        return Recipe(record["name"], cls.slug, settings, sentence, start=start, **told)
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is not a recipe: {error}") from error


_KINDS: dict[str, type] = {"data": Data, "source": Source, "measured": Measured}


def _told(kind: type, record: Any, name: str) -> Any:
    optional = [field.name for field in fields(kind) if field.default == ""]
    needed = [field.name for field in fields(kind) if field.name not in optional]
    _require(record, needed, optional, f"entry of [{name}]")
    return kind(**record)


def _require(record: Any, needed: Any, optional: Any, what: str) -> None:
    if not isinstance(record, Mapping):
        raise ValueError(f"expected a table in place of {record!r}")
    for key in needed:
        if key not in record:
            raise ValueError(f"expected an {what} called {key}")
    for key in record:
        if key not in (known := [*needed, *optional]):
            raise ValueError(f"{key!r} is no {what}; {nearest(key, known)}")


def _of_run(path: Path) -> Recipe:
    model = load(path, device="cpu")
    settings = {name: value for name, value in model.get_params(deep=False).items() if name not in _OWN}
    return Recipe(str(path), model.slug, settings, f"The settings of the run {path}.")


def _fresh(value: Any) -> Any:
    if isinstance(value, Part):
        return value.copy()
    return tuple(_fresh(one) for one in value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
