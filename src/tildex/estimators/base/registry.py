"""All estimators by name: the table of models, and loading from run folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tildex.estimators.base import saving
from tildex.estimators.base.learner import Learner
from tildex.estimators.base.table import rows_of

__all__ = ["load", "model_table"]


def load(path: str | Path, *, device: str = "auto") -> Any:
    """Load a saved estimator from its folder; nothing in the folder is executed.

    Parameters
    ----------
    path : str or Path
        The folder that ``save`` or ``tildex fit`` wrote.
    device : str
        The device to load it on, whatever device it was trained on.

    Raises
    ------
    RunError
        If the folder is missing, damaged, not a run, or of an estimator that this version does not have.
    """
    return saving.read(path, Learner.table, device)


def model_table() -> list[dict[str, str]]:
    """Return the table of models, built from the estimators: one dict of column to cell per row."""
    return rows_of(Learner.table)
