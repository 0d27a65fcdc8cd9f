"""Run folders to estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tildex.estimators.base.transformer import Estimator
from tildex.files import RunError
from tildex.runs import read_run

__all__ = ["load"]


def load(path: str | Path, *, device: str = "auto") -> Any:
    """Load a saved estimator from its folder; nothing in the folder is executed.

    Parameters
    ----------
    path : str or Path
        The folder that ``save`` or ``tildex fit`` wrote.
    device : str
        Where to put it, wherever it was trained.

    Raises
    ------
    RunError
        If the folder is missing, damaged, of another kind or of an estimator that this version does not have.
    """
    run = read_run(path)
    classes = {cls.__name__: cls for cls in Estimator.table.values()}
    name = run.recipe.get("estimator")
    if name not in classes:
        raise RunError(f"{path} is a run of {name!r}, which this version does not have: {sorted(classes)}")
    return classes[name]._from_run(run, device)
