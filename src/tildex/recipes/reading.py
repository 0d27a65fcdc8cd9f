"""Read recipes by name, from a file or from a saved run."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tildex.estimators import load
from tildex.part import nearest
from tildex.recipes.recipe import Data, Measured, Recipe, Source
from tildex.recipes.written import estimator_named, setting_of

__all__ = ["read_recipe", "recipe", "recipes"]

_FILES = Path(__file__).parent / "files"

_OWN = {"random_state": None, "device": None, "verbose": None, "warm_start": None}
"""Settings of one particular training, which its recipe leaves out."""

_KINDS: dict[str, type] = {"data": Data, "source": Source, "measured": Measured}


def recipe(name: str | Path) -> Recipe:
    """Return a recipe: by name, from a recipe file, or from the folder of a saved run.

    A run's recipe has the run's settings, except seed and device. If the run started from a trained model, the recipe
    includes that model with its weights.

    Raises
    ------
    ValueError
        If there is no such recipe, or it is invalid.
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
    """Return all recipes of the library, sorted by name."""
    return [read_recipe(file) for file in sorted(_FILES.glob("*.toml"))]


def read_recipe(file: Path) -> Recipe:
    """Return the recipe in a TOML file; nothing in it is executed.

    Raises
    ------
    ValueError
        If an entry is missing, unknown or invalid; the message names the file and the entry.
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
            raise ValueError(f"the name must be that of the file, {file.stem!r}, got {record['name']!r}")
        cls = estimator_named(record["model"])
        told = {key: _told(kind, record[key], key) for key, kind in _KINDS.items()}
        settings = {name: setting_of(cls, name, value) for name, value in record["settings"].items()}
        sentence, start = record["sentence"], record.get("start")
        return Recipe(record["name"], cls.slug, settings, sentence, start=start, **told)
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is not a recipe: {error}") from error


def _told(kind: type, record: Any, name: str) -> Any:
    optional = [field.name for field in fields(kind) if field.default == ""]
    needed = [field.name for field in fields(kind) if field.name not in optional]
    _require(record, needed, optional, f"entry of [{name}]")
    return kind(**record)


def _require(record: Any, needed: Iterable[str], optional: Iterable[str], what: str) -> None:
    if not isinstance(record, Mapping):
        raise ValueError(f"expected a table, got {record!r}")
    for key in needed:
        if key not in record:
            raise ValueError(f"expected an {what} named {key}")
    for key in record:
        if key not in (known := [*needed, *optional]):
            raise ValueError(f"{key!r} is no {what}; {nearest(key, known)}")


def _of_run(path: Path) -> Recipe:
    model = load(path, device="cpu")
    settings = {name: value for name, value in model.get_params(deep=False).items() if name not in _OWN}
    return Recipe(str(path), model.slug, settings, f"The settings of the run {path}.")
