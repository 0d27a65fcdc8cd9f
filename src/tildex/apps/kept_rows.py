"""Training rows that a workflow computed, saved with the run because no data set holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tildex.data import read
from tildex.files import write_whole
from tildex.runs import provenance

__all__ = ["KEPT_ROWS", "keep_rows"]

KEPT_ROWS = "features.npz"
"""The file's name in a run folder."""


def keep_rows(run: Path, X: Any, y: Any = None) -> None:
    """Save rows in a run folder and record them as its training data, so that the run can be reported on.

    Parameters
    ----------
    run : Path
        The folder.
    X : array of shape (rows, features)
        The rows.
    y : array of shape (rows,), optional
        Their classes, as names or numbers.

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
