"""Rows that only a workflow could make again, kept beside the run that learned from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tildex.data import read
from tildex.files import write_whole
from tildex.runs import provenance

__all__ = ["KEPT_ROWS", "keep_rows"]

KEPT_ROWS = "features.npz"
"""The file in the folder of a run."""


def keep_rows(run: Path, X: Any, y: Any = None) -> None:
    """Write rows into the folder of a run and note that it was trained on them, so that it can be reported on.

    Parameters
    ----------
    run : Path
        The folder.
    X : array of shape (rows, features)
        The rows.
    y : array of shape (rows,), optional
        Their classes, which are names or numbers.

    Raises
    ------
    RunError
        If they cannot be written.
    """

    def write(target: Path) -> None:
        with target.open("wb") as stream:
            if y is None:
                np.savez(stream, X=X)
            else:
                np.savez(stream, X=X, y=y)

    write_whole(run / KEPT_ROWS, write)
    provenance(run, str(run / KEPT_ROWS), "train", read(run / KEPT_ROWS))
