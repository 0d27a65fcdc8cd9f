"""A page about one or more trained models: values with standard errors and baselines, and figures."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tildex.apps.measure.measure import measure, same_rows
from tildex.apps.measure.measurement import Measurement
from tildex.apps.measure.yardstick import DATA_UNITS
from tildex.apps.pages import markup
from tildex.apps.pages.asset import POLICY, asset, template
from tildex.apps.pages.markup import Picture, escape
from tildex.apps.pages.numbers import counted
from tildex.apps.report import tables
from tildex.apps.report.figures import learning, pictures
from tildex.apps.report.sections import SECTIONS
from tildex.data import Record
from tildex.files import write_whole

__all__ = ["build_report"]

# Dots per inch, highest first: the first at which the page fits is used.
_DENSITIES = (200, 150, 100, 72)
_LARGEST_PAGE = 3_000_000


def build_report(
    models: Mapping[str, Any], *, train: Record | None, test: Record, out: Path, title: str
) -> Path:
    """Measure fitted models on held-out rows and write a self-contained page.

    Parameters
    ----------
    models : mapping of str to fitted estimator
        At least one model, by its name on the page.
    train : Record, optional
        The training data; without it there are no baselines.
    test : Record
        Held-out rows.
    out : Path
        The page to write.
    title : str
        Its heading.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ValueError
        If there are no models, or the rows do not match those that they were fitted on.
    RunError
        If the page cannot be written.
    """
    if not models:
        raise ValueError("expected at least one fitted model to report on, got none")
    measurements = [measure(name, model, train, test) for name, model in models.items()]
    text = _texts(models, measurements, train, test, title)
    curves = [picture for name, model in models.items() if (picture := learning(name, model)) is not None]
    drawn = {name: pictures(name, model, test, train) for name, model in models.items()}
    template = _template("report.html")
    for density in _DENSITIES:
        page = template.substitute(
            text,
            curves=_figures(curves, density) or "<p>No training history was saved.</p>",
            models="\n".join(
                _model(k, name, models[name], drawn[name], density) for k, name in enumerate(models)
            ),
        )
        if len(page) < _LARGEST_PAGE:
            break
    write_whole(Path(out), lambda target: target.write_text(page, encoding="utf-8"))
    return Path(out)


def _texts(
    models: Mapping[str, Any],
    measurements: Sequence[Measurement],
    train: Record | None,
    test: Record,
    title: str,
) -> dict[str, str]:
    """Return all parts of the page except figures, as HTML by the template's names."""
    written = {section: section.html(measurements, models) for section in SECTIONS}
    found = {section.anchor: section.title for section, text in written.items() if text}
    return {
        "title": escape(title),
        "policy": POLICY,
        "style": asset("tildex.apps.pages", "page.css"),
        "judged": tables.rows_called(train, test),
        "lead": escape(_lead(measurements, train, test)),
        "warning": markup.paragraphs(_warnings(train, test), "warning"),
        "contents": _contents(models, found),
        "facts": markup.facts(tables.facts_of(models, train, test)),
        "findings": markup.paragraphs(tables.findings(measurements)),
        "results": tables.results_table(measurements),
        "rows": escape(_rows(measurements[0])),
        "scores": markup.notes(tables.score_notes(measurements)),
        "unit": escape(_unit(measurements)),
        "probe": escape(_probe(measurements[0])),
        "sections": "\n".join(written.values()),
    }


def _lead(measurements: Sequence[Measurement], train: Record | None, test: Record) -> str:
    how_many = "One model" if len(measurements) == 1 else f"{len(measurements)} models"
    judged = (
        f"measured on {counted(len(test))} {tables.rows_called(train, test)} of {test.name or 'the data'}"
    )
    return (
        f"{how_many}, {judged}."
        if train is None
        else f"{how_many}, trained on {counted(len(train))} rows, {judged}."
    )


def _warnings(train: Record | None, test: Record) -> list[str]:
    if train is None:
        return ["The training rows were not given, so there are no baselines here."]
    if same_rows(train, test):
        return [
            "The measured rows are the training rows: the numbers say how well the models memorised them. "
            "Give held-out rows."
        ]
    return []


def _contents(models: Mapping[str, Any], sections: Mapping[str, str]) -> str:
    targets = {"what": "Data and settings", "results": "Results", **sections, "learning": "Learning curves"}
    targets |= {f"model-{k}": name for k, name in enumerate(models)}
    return "\n".join(f'<li><a href="#{anchor}">{escape(name)}</a></li>' for anchor, name in targets.items())


def _rows(measurement: Measurement) -> str:
    return f"Squared error and probe: {counted(measurement.rows)} rows; score: {counted(measurement.score_rows)} rows."


def _unit(measurements: Sequence[Measurement]) -> str:
    """Return the unit of errors, with its drawback where there is one; all models have the same rows."""
    unit = measurements[0].unit
    if unit != DATA_UNITS:
        return unit
    return f"{unit}: if columns have different units, the one with the largest variance dominates"


def _probe(measurement: Measurement) -> str:
    if measurement.probe is None:
        return "There is none here, because the rows have no labels."
    return f"It was trained on {counted(measurement.probe.train_rows)} labelled rows."


def _model(k: int, name: str, model: Any, drawn: Sequence[Picture], density: int) -> str:
    return (
        f'<h3 id="model-{k}">{escape(name)}</h3>\n<p><code>{escape(model)}</code></p>\n'
        f'<div class="pictures">\n{_figures(drawn, density)}\n</div>'
    )


def _figures(drawn: Sequence[Picture], density: int) -> str:
    return "\n".join(markup.figure(picture, density) for picture in drawn)


def _template(name: str) -> string.Template:
    return template(__package__, name)
