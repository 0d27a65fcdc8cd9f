"""The parts of the report that are made from numbers: facts, findings, tables and what the scores mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tildex.apps.measure.likelihood import Compared
from tildex.apps.measure.measurement import Measurement
from tildex.apps.measure.neighbourhoods import NEIGHBOURS, Neighbourhood
from tildex.apps.pages.markup import Cell, table
from tildex.apps.pages.numbers import counted, measured, percent
from tildex.data import Record
from tildex.evaluate import Estimate, Guard, Sparsity, guards

__all__ = [
    "facts_of",
    "findings",
    "guards_table",
    "likelihood_table",
    "neighbours_table",
    "results_table",
    "score_notes",
    "sparsity_table",
]

_NONE = Cell("–")

_SCORES = {
    "log pseudo-likelihood": "The log-probability of every feature given all others, summed: what a Boltzmann machine "
    "can say exactly without its partition function. Compare it with others of its kind only.",
    "bound on log P(x)": "A lower bound on the log-likelihood, which is what the model was trained for. Compare it "
    "with likelihoods of the same rows.",
    "bound on log P(x) + log Z": "The variational bound of a deep machine, one number for the whole machine too large. "
    "Compare rows with it, not models.",
    "minus free energy": "The log-likelihood of a row, one number for the whole machine too large. Compare rows "
    "with it, not models.",
    "log P(x | code)": "How well the decoder explains a row given that row's code. It is no likelihood of the row, "
    "since the code has seen it; compare it where the units of the data are the same.",
}
_VERDICTS = {
    "better": "better",
    "level": "level",
    "worse": "worse",
    "no contest": "not to be compared, with a code as long as the row",
}
_COMPARED = {"better": "better than PCA", "level": "level with PCA", "worse": "worse than PCA"}
_NONE = Cell("–")


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
        classes = len(set(test.y.tolist()))
        said.append(("Labels", f"{classes} classes, used for the probe and for colours, never in training"))
    said.append(("Seed", _seeds(models)))
    said.append(("Library", f"Tildex {version('tildex')}, torch {version('torch')}"))
    return [*said, ("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")]


def findings(measurements: Sequence[Measurement]) -> list[str]:
    """Return what the figures come to, a sentence each."""
    verdicts = {
        said: [m.name for m in measurements if m.against_pca == verdict]
        for verdict, said in _VERDICTS.items()
    }
    judged = "; ".join(f"{', '.join(names)} {said}" for said, names in verdicts.items() if names)
    found = [f"Squared error against PCA of equal rank: {judged}."] if judged else []
    if probed := [(m.name, m.probe) for m in measurements if m.probe is not None]:
        name, probe = max(probed, key=lambda pair: pair[1].code.value)
        found.append(
            f"Most telling code: {name}, from which a linear probe names the class of {percent(probe.code)} of rows, "
            f"and of {percent(probe.pca)} from as many principal components."
        )
    for m in measurements:
        if m.likelihood is not None and m.likelihood.independent is not None:
            gain = m.likelihood.found.value.value - m.likelihood.independent.value
            than = "more" if gain >= 0 else "less"
            found.append(
                f"Likelihood: {m.name} gives a row {abs(gain):.3g} nats {than} than independent units do."
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
        Cell("Score", "nats a row"),
        Cell("Probe of code", "accuracy"),
        Cell("Probe of PCA", "accuracy"),
        Cell("Training", "seconds"),
    ]
    return table(head, (_results(m) for m in measurements))


def likelihood_table(measurements: Iterable[Measurement]) -> str:
    """Return the table of the models that have a log-likelihood, empty where none has."""
    known = [(m.name, m.likelihood) for m in measurements if m.likelihood is not None]
    if not known:
        return ""
    head = [
        Cell("Model"),
        Cell("log P(x)", "nats a row"),
        Cell("Independent units", "nats a row"),
        Cell("log Z"),
        Cell("Rows"),
        Cell("How it was had", style="text"),
    ]
    return table(head, (_likelihood(name, likelihood) for name, likelihood in known))


def sparsity_table(measurements: Iterable[Measurement]) -> str:
    """Return the table of the models whose code can be exactly zero, empty where none is such."""
    known = [(m, m.sparsity) for m in measurements if m.sparsity is not None]
    if not known:
        return ""
    head = [
        Cell("Model"),
        Cell("Units in use", "L0"),
        Cell("Variance unexplained"),
        Cell("Never in use", "of all units"),
        Cell("On < 1 row in 10,000", "of all units"),
        Cell("Rows"),
    ]
    return table(head, (_sparsity(m, found) for m, found in known))


def guards_table(models: Mapping[str, Any]) -> str:
    """Return the table of verdicts on the models that were watched in training, empty where none was."""
    found = [(name, guard) for name, model in models.items() for guard in guards(model.history_)]
    if not found:
        return ""
    head = [Cell("Model"), Cell("Guard against", style="text"), Cell("Verdict"), Cell("Why", style="text")]
    return table(head, (_guard(name, guard) for name, guard in found))


def score_notes(measurements: Iterable[Measurement]) -> list[tuple[str, str]]:
    """Return what the scores in the table are, as terms and explanations."""
    return [
        (f"Score: {meaning}", _SCORES[meaning])
        for meaning in dict.fromkeys(m.score_meaning for m in measurements)
    ]


def _results(m: Measurement) -> list[Cell]:
    return [
        Cell(m.name, m.model),
        Cell(counted(m.n_components)),
        Cell(counted(m.n_parameters)),
        Cell(measured(m.squared_error), _COMPARED.get(m.against_pca or "", ""), m.against_pca or ""),
        _estimate(m.pca, f"rank {m.pca_rank}"),
        Cell(measured(m.score), m.score_meaning),
        Cell(percent(m.probe.code)) if m.probe else _NONE,
        Cell(percent(m.probe.pca)) if m.probe else _NONE,
        Cell(f"{m.seconds:,.3g}") if m.seconds is not None else _NONE,
    ]


def _likelihood(name: str, likelihood: Compared) -> list[Cell]:
    return [
        Cell(name),
        Cell(measured(likelihood.found.value), likelihood.kind),
        _estimate(likelihood.independent),
        _estimate(likelihood.found.log_partition),
        Cell(counted(likelihood.found.rows)),
        Cell(likelihood.method, style="text"),
    ]


def _sparsity(m: Measurement, found: Sparsity) -> list[Cell]:
    return [
        Cell(m.name),
        Cell(measured(found.l0), f"of {counted(m.n_components)}"),
        Cell(percent(found.unexplained)),
        Cell(f"{found.dead:.1%}"),
        Cell(f"{found.rare:.1%}"),
        Cell(counted(m.rows)),
    ]


def _guard(name: str, guard: Guard) -> list[Cell]:
    verdict = Cell("✓", "well", "better") if guard.ok else Cell("✗", "act", "worse")
    return [Cell(name), Cell(guard.name, style="text"), verdict, Cell(guard.sentence, style="text")]


def _estimate(estimate: Estimate | None, small: str = "") -> Cell:
    return _NONE if estimate is None else Cell(measured(estimate), small)


def _seeds(models: Mapping[str, Any]) -> str:
    seeds = {
        name: "not set" if model.random_state is None else str(model.random_state)
        for name, model in models.items()
    }
    if len(set(seeds.values())) == 1:
        return next(iter(seeds.values()))
    return ", ".join(f"{name} {seed}" for name, seed in seeds.items())


def neighbours_table(measurements: Iterable[Measurement]) -> str:
    """Return the table of how well codes keep neighbours together, empty where nothing was measured."""
    rows = [line for m in measurements for line in _rows(m)]
    if not rows:
        return ""
    head = [
        Cell("Code"),
        Cell("Trustworthiness", f"k = {NEIGHBOURS}"),
        Cell("Continuity", f"k = {NEIGHBOURS}"),
        Cell("Nearest neighbour", "error"),
        Cell("Rows"),
    ]
    return table(head, rows)


def _rows(m: Measurement) -> Iterable[list[Cell]]:
    if m.neighbours is None:
        return
    yield [Cell(m.name, f"{m.n_components} units"), *_cells(m.neighbours.code, m.neighbours.rows)]
    if m.neighbours.pca is not None:
        yield [Cell("PCA", f"beside {m.name}"), *_cells(m.neighbours.pca, m.neighbours.rows)]


def _cells(found: Neighbourhood, rows: int) -> list[Cell]:
    error = _NONE if found.error is None else Cell(percent(found.error))
    return [
        Cell(measured(found.trustworthiness)),
        Cell(measured(found.continuity)),
        error,
        Cell(counted(rows)),
    ]
