"""Facts, findings, result tables and explanations of scores for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tildex.apps.measure.measure import same_rows
from tildex.apps.measure.measurement import Measurement
from tildex.apps.pages.markup import Cell, table
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.apps.report.section import NONE, estimate
from tildex.data import Record

__all__ = ["facts_of", "findings", "results_table", "rows_called", "score_notes"]

_VERDICTS = {
    "better": "better",
    "level": "level",
    "worse": "worse",
    "no contest": "not compared, because the code is as long as the row",
}
_COMPARED = {"better": "better than PCA", "level": "level with PCA", "worse": "worse than PCA"}


def facts_of(models: Mapping[str, Any], train: Record | None, test: Record) -> list[tuple[str, str]]:
    """Return facts on the data and the software, as terms and descriptions."""
    sample = " x ".join(map(str, test.shape)) if test.shape else f"{counted(test.X.shape[1])} columns"
    said = [("Data", f"{test.name or 'unnamed'}, rows of {sample}")]
    if test.note:
        said.append(("Note", test.note))
    if train is not None:
        said.append(("Trained on", f"{counted(len(train))} rows of {train.name or 'unnamed'}"))
    called = "Measured" if rows_called(train, test) == "training rows" else "Held out"
    said.append((called, f"{counted(len(test))} rows, used for all measurements"))
    if test.y is not None:
        classes = len(set(test.y.tolist()))
        said.append(("Labels", f"{classes} classes, used for the probe and for colours, never in training"))
    said.append(("Seed", _seeds(models)))
    said.append(("Library", f"Tildex {version('tildex')}, torch {version('torch')}"))
    return [*said, ("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")]


def rows_called(train: Record | None, test: Record) -> str:
    """Return what the measured rows are: training rows, or held-out rows."""
    return "training rows" if train is not None and same_rows(train, test) else "held-out rows"


def findings(measurements: Sequence[Measurement]) -> list[str]:
    """Return the main findings, one sentence each."""
    verdicts = {
        said: [m.name for m in measurements if m.against_pca == verdict]
        for verdict, said in _VERDICTS.items()
    }
    judged = "; ".join(f"{', '.join(names)} {said}" for said, names in verdicts.items() if names)
    found = [f"Squared error against PCA of equal rank: {judged}."] if judged else []
    if probed := [(m.name, m.probe) for m in measurements if m.probe is not None]:
        name, probe = max(probed, key=lambda pair: pair[1].code.value)
        found.append(
            f"Best code for labels: {name}; a linear probe is right on {percent(probe.code)} of rows, "
            f"on {percent(probe.pca)} with as many principal components, "
            f"and the most common class on {percent(probe.majority)}."
        )
    for m in measurements:
        if m.likelihood is not None and m.likelihood.independent is not None:
            gain = m.likelihood.found.value.value - m.likelihood.independent.value
            than = "more" if gain >= 0 else "less"
            found.append(
                f"Log-likelihood: {m.name} gives {abs(gain):.3g} nats per row {than} than independent units."
            )
    return found


def results_table(measurements: Iterable[Measurement]) -> str:
    """Return the table of all models."""
    head = [
        Cell("Model"),
        Cell("Code", "units"),
        Cell("Parameters"),
        Cell("Squared error"),
        Cell("PCA", "equal rank"),
        Cell("Column means"),
        Cell("Score", "nats per row"),
        Cell("Probe of code", "accuracy"),
        Cell("Probe of PCA", "accuracy"),
        Cell("Most common class", "accuracy"),
        Cell("Training", "seconds"),
    ]
    return table(head, (_results(m) for m in measurements))


def score_notes(measurements: Iterable[Measurement]) -> list[tuple[str, str]]:
    """Return explanations of the scores, as terms and descriptions."""
    said = {m.score_meaning: m.score_text for m in measurements}
    return [(f"Score: {meaning}", text) for meaning, text in said.items()]


def _results(m: Measurement) -> list[Cell]:
    return [
        Cell(m.name, m.model),
        Cell(counted(m.n_components)),
        Cell(counted(m.n_parameters)),
        Cell(measured(m.squared_error), _COMPARED.get(m.against_pca or "", ""), m.against_pca or ""),
        estimate(m.pca, f"rank {m.pca_rank}"),
        estimate(m.means),
        Cell(measured(m.score), m.score_meaning),
        Cell(percent(m.probe.code)) if m.probe else NONE,
        Cell(percent(m.probe.pca)) if m.probe else NONE,
        Cell(percent(m.probe.majority)) if m.probe else NONE,
        Cell(f"{m.seconds:,.3g}") if m.seconds is not None else NONE,
    ]


def _seeds(models: Mapping[str, Any]) -> str:
    seeds = {
        name: "not set" if model.random_state is None else str(model.random_state)
        for name, model in models.items()
    }
    if len(set(seeds.values())) == 1:
        return next(iter(seeds.values()))
    return ", ".join(f"{name} {seed}" for name, seed in seeds.items())
