"""The parts of the report that are made from numbers: tables, findings and what the numbers mean."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tildex.apps.formatting import counted, measured, percent
from tildex.apps.markup import Cell, table
from tildex.apps.measurement import Measurement
from tildex.data import Record

__all__ = ["caps", "facts_of", "findings", "likelihood_table", "made", "results_table", "score_notes"]

_SCORES = {
    "log pseudo-likelihood": "each feature given all others, exact: what a Boltzmann machine can score without its "
    "partition function",
    "bound on log P(x)": "an importance-weighted lower bound on the log-likelihood, the model's own objective made tight: "
    "the squared error is not what it was trained for",
    "log P(x | code)": "how well the decoder explains a row given the row's own code: not a likelihood of the row, since "
    "the code has seen it",
}
_STYLES = {"better": "better", "worse": "worse"}


def facts_of(models: Mapping[str, Any], train: Record | None, test: Record) -> list[tuple[str, str]]:
    """Return what the numbers stand on, as terms and what is said of them."""
    sample = " x ".join(map(str, test.shape)) if test.shape else f"{counted(test.X.shape[1])} columns"
    said = [("Data", f"{test.name or 'unnamed'}, rows of {sample}")]
    if test.note:
        said.append(("Note", test.note))
    if train is not None:
        said.append(("Trained on", f"{counted(len(train))} rows of {train.name or 'unnamed'}"))
    said.append(("Held out", f"{counted(len(test))} rows, on which everything here is measured"))
    if test.y is not None:
        said.append(("Labels", f"{len(set(test.y.tolist()))} classes, used by the probe and for colours only"))
    return [*said, ("Seed", _seeds(models)), ("Made with", f"Tildex {version('tildex')}, {_platform()}")]


def made() -> str:
    """Return when and with what the page was made."""
    return f"Made by Tildex {version('tildex')} on {datetime.now(UTC):%Y-%m-%d at %H:%M} UTC."


def findings(measurements: Sequence[Measurement]) -> list[str]:
    """Return what the table comes to, a sentence each."""
    found = []
    contested = [m for m in measurements if m.against_pca not in (None, "no contest")]
    better = [m.name for m in contested if m.against_pca == "better"]
    if contested:
        which = _listed(better) if better else "None"
        found.append(
            f"{which} of {_listed(m.name for m in contested)}" if not better else f"{which}"
        )
    return found


def results_table(measurements: Sequence[Measurement]) -> str:
    """Return the table of all models."""
    head = [
        Cell("Model"),
        Cell("Code", "units"),
        Cell("Parameters"),
        Cell("Squared error"),
        Cell("PCA", "equal rank"),
        Cell("Against PCA"),
        Cell("Score", "nats a row"),
        Cell("Probe of code", "accuracy"),
        Cell("Probe of PCA", "accuracy"),
        Cell("Training", "seconds"),
    ]
    return table(head, (_results(m) for m in measurements))
