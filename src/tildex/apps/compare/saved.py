"""A comparison as a folder: page, picture, numbers, and the winner as a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.page import write_page
from tildex.apps.compare.picture import picture_of
from tildex.apps.pages.sheet import save_sheet
from tildex.files import RunError, write_json
from tildex.runs import provenance

__all__ = ["WINNER", "require_new", "save_comparison"]

WINNER = "winner"
"""The folder of the winner's run."""


def require_new(out: str | Path) -> Path:
    """Return the folder as a path, or raise RunError if something is there; call it before any work."""
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} exists: give the name of a new folder, or remove it")
    return out


def save_comparison(comparison: Comparison, out: str | Path) -> Path:
    """Write a new folder, completely or not at all, and return it.

    It holds ``comparison.html``, ``comparison.png``, ``comparison.json`` and, in ``winner``, the run of the winner; a
    run knows its training data if the comparison read them.

    Parameters
    ----------
    comparison : Comparison
        From :func:`tildex.compare`.
    out : path
        A new folder.

    Raises
    ------
    RunError
        If the folder exists or cannot be written.
    """
    out = require_new(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        whole = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        raise RunError(f"could not write {out}: {error}; choose another folder") from error
    try:
        run = comparison.winner.save(whole / WINNER)
        if comparison.source is not None:
            provenance(run, *comparison.source, comparison.record)
        write_json(whole / "comparison.json", comparison.to_json())
        save_sheet(whole / "comparison.png", picture_of(comparison))
        write_page(comparison, whole / "comparison.html")
        whole.chmod(run.stat().st_mode)
        os.replace(whole, out)
    except OSError as error:
        raise RunError(f"could not write {out}: {error}; free some space or choose another folder") from error
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    return out
