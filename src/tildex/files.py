"""Atomic file writes: a temporary name, then a rename; nested state as safetensors with JSON in the header."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

__all__ = ["RunError", "load_state", "missing", "save_state", "write_json", "write_whole"]

_TENSOR = "$tensor"


class RunError(ValueError):
    """A run folder or one of its files is missing, damaged or not Tildex's."""


def missing(needed: str) -> str:
    """Return the message for an optional package that is not installed.

    >>> missing("pictures need Pillow")
    "pictures need Pillow: in the folder of Tildex, run pip install -c constraints.txt '.[app]'"
    """
    return f"{needed}: in the folder of Tildex, run pip install -c constraints.txt '.[app]'"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it to ``path``; a failure leaves nothing
    behind.

    Raises
    ------
    RunError
        If the folder is not writable, or the disk is full.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        raise RunError(
            f"could not write {path}: {error}; free some space or choose another folder"
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON atomically."""
    text = json.dumps(value, indent=2) + "\n"
    write_whole(path, lambda target: target.write_text(text, encoding="utf-8"))


def save_state(path: Path, tree: Any) -> None:
    """Save nested dictionaries, lists, numbers and tensors as one safetensors file with the structure in its header."""
    tensors: dict[str, Tensor] = {}
    structure = json.dumps(_take_tensors(tree, tensors))
    write_whole(path, lambda target: save_file(tensors, target, metadata={"structure": structure}))


def load_state(path: Path) -> Any:
    """Load a file from :func:`save_state`; nothing in the file is executed.

    Raises
    ------
    RunError
        If the file is missing, truncated or of another kind.
    """
    try:
        with safe_open(path, framework="pt") as file:
            structure = json.loads((file.metadata() or {})["structure"])
            return _put_tensors(structure, file.get_tensor)
    except FileNotFoundError:
        raise RunError(f"expected {path}, found no such file: was the run saved or started?") from None
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise RunError(
            f"{path} is not a complete state file of this library ({error}); "
            "delete it, or restore it from a copy"
        ) from error


def _take_tensors(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # Clone, because safetensors refuses tensors that share memory.
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {_TENSOR: name}
    if isinstance(value, Mapping):
        # JSON keys are text only; pairs keep the integer keys that optimisers use.
        return {"$pairs": [[key, _take_tensors(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_take_tensors(item, tensors) for item in value]
    return value


def _put_tensors(value: Any, get: Callable[[str], Tensor]) -> Any:
    if isinstance(value, dict):
        if _TENSOR in value:
            return get(value[_TENSOR])
        return {key: _put_tensors(item, get) for key, item in value["$pairs"]}
    if isinstance(value, list):
        return [_put_tensors(item, get) for item in value]
    return value


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
