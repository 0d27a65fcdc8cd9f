"""A run on disk: ``recipe.json``, ``weights.safetensors`` and ``history.jsonl`` in a folder; loading executes nothing.

Codes kept during training are in ``snapshots.safetensors``. The recipe is written last and holds the checksums, so a
folder is either complete or refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tildex.data import Reading, Record, read
from tildex.files import RunError, write_json, write_whole

__all__ = ["FORMAT", "Run", "provenance", "read_provenance", "read_run", "write_run"]

_PROVENANCE = "data.json"

FORMAT = 1


@dataclass(frozen=True)
class Run:
    """The content of a run folder: the nested recipe, tensors by name, one history record per epoch, and kept codes."""

    recipe: dict[str, Any]
    weights: dict[str, Tensor]
    history: list[dict[str, float]]
    snapshots: dict[str, Tensor] = field(default_factory=dict)


def write_run(path: str | Path, run: Run) -> Path:
    """Write a run folder and return its path; other files in it are kept.

    Raises
    ------
    RunError
        If ``path`` is a file, a folder that is not a run, or not writable.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise RunError(f"expected a folder to save the run in, and {path} is a file: choose another name")
    if path.is_dir() and any(path.iterdir()) and not _ours(path):
        raise RunError(f"{path} holds files that are not a run: choose an empty or a new folder")
    checksums = {"weights_sha256": _write_tensors(path / "weights.safetensors", run.weights)}
    lines = "".join(json.dumps(record) + "\n" for record in run.history)
    write_whole(path / "history.jsonl", lambda target: target.write_text(lines, encoding="utf-8"))
    snapshots = path / "snapshots.safetensors"
    if run.snapshots:
        checksums["snapshots_sha256"] = _write_tensors(snapshots, run.snapshots)
    else:
        # Snapshots of an earlier run in this folder belong to other codes.
        snapshots.unlink(missing_ok=True)
    write_json(path / "recipe.json", {"format": FORMAT, **run.recipe, **checksums})
    return path


def read_run(path: str | Path) -> Run:
    """Read a run folder.

    Raises
    ------
    RunError
        If the folder or a file is missing, damaged, or of another kind or a newer format.
    """
    path = Path(path)
    recipe = _read_recipe(path)
    weights, snapshots = path / "weights.safetensors", path / "snapshots.safetensors"
    _require(weights, recipe.get("weights_sha256"))
    kept = "snapshots_sha256" in recipe
    if kept:
        _require(snapshots, recipe["snapshots_sha256"])
    try:
        tensors = load_file(weights)
        codes = load_file(snapshots) if kept else {}
        lines = (path / "history.jsonl").read_text(encoding="utf-8").splitlines()
        history = [json.loads(line) for line in lines]
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(f"{path} is damaged: {error}") from error
    return Run(recipe, tensors, history, codes)


def _write_tensors(file: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write tensors by name, and return the file's checksum."""
    whole = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    write_whole(file, lambda target: save_file(whole, target))
    return _sha256(file)


def _require(file: Path, checksum: str | None) -> None:
    if not file.is_file():
        raise RunError(f"{file.parent} has a recipe but no {file.name}: restore it, or train again")
    if _sha256(file) != checksum:
        raise RunError(
            f"{file} is not the file that recipe.json describes (its checksum differs): it is damaged or mixed "
            "from two runs; restore it, or train again"
        )


def _read_recipe(path: Path) -> dict[str, Any]:
    file = path / "recipe.json"
    if not file.is_file():
        raise RunError(
            f"expected a run folder with a recipe.json, and {path} is none: give the folder of a saved run"
        )
    try:
        recipe = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(recipe, dict) or not isinstance(recipe.get("format"), int):
        raise RunError(f"{file} is not a recipe of this library: it names no format")
    if recipe["format"] > FORMAT:
        raise RunError(
            f"{path} was written by a newer version of the library and has format {recipe['format']}, "
            f"newer than {FORMAT}: update the library to load it"
        )
    return recipe


def _ours(path: Path) -> bool:
    # A folder with only a checkpoint is an unfinished run.
    return (path / "recipe.json").is_file() or (path / "checkpoint.safetensors").is_file()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def provenance(out: Path, source: str, split: str, record: Record) -> None:
    """Record beside a run which data it was trained on, so that a report can read them again."""
    path = Path(source)
    known = str(path.resolve()) if path.exists() and record.name != source else source
    noted = {"source": known, "split": split, "rows": len(record), "name": record.name}
    write_json(out / _PROVENANCE, {**noted, "reading": record.reading.to_json()})


def read_provenance(run: Path, data_dir: Path | None) -> tuple[str, Record] | None:
    """Return a run's training data, source and rows, or None if they are no longer available."""
    try:
        noted = json.loads((run / _PROVENANCE).read_text(encoding="utf-8"))
        like = Reading.from_json(noted.get("reading", {}))
        record = read(noted["source"], split=noted["split"], data_dir=data_dir, like=like)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return noted["source"], record
