"""The page of a comparison: advice, table, picture and reconstructions, in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.apps.compare.advice import CLEAR
from tildex.apps.compare.comparison import Comparison
from tildex.apps.compare.picture import picture_of
from tildex.apps.compare.table import Table, heading, table_of
from tildex.apps.pages import markup
from tildex.apps.pages.asset import POLICY, asset, template
from tildex.apps.pages.markup import Cell, Picture, escape
from tildex.files import write_whole
from tildex.plots import versions

__all__ = ["write_page"]

_DENSITY = 150


def write_page(comparison: Comparison, out: Path) -> Path:
    """Write a self-contained page, and return it.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    table = table_of(comparison)
    text = template(__package__, "comparison.html").substitute(
        title=escape(f"Models of {comparison.name}"),
        policy=POLICY,
        style=asset("tildex.apps.pages", "page.css"),
        lead=escape(comparison.advice),
        warning=markup.paragraphs(comparison.notes, "warning"),
        heading=escape(f"{heading(comparison)}; {comparison.seconds:,.0f} seconds."),
        table=_table(table, comparison.best),
        footnotes=markup.paragraphs(table.footnotes, "faint"),
        picture=markup.figure(_picture(comparison), _DENSITY),
        reconstructions=markup.figure(_reconstructions(comparison), _DENSITY),
        clear=f"{CLEAR:g}",
    )
    write_whole(out, lambda target: target.write_text(text, encoding="utf-8"))
    return out


def _table(table: Table, best: str) -> str:
    def first(name: str) -> Cell:
        return Cell(name, "to use" if name.partition("[")[0] == best else "")

    head = [Cell(name) for name in table.rows[0]]
    body = ([first(row["model"]), *(Cell(text) for text in list(row.values())[1:])] for row in table.rows)
    return markup.table(head, body)


def _picture(comparison: Comparison) -> Picture:
    caption = (
        "One dot per model with one standard error on each side; baselines are grey, and the dashed line is PCA or the "
        "best baseline."
    )
    return Picture(
        picture_of(comparison), caption, f"Errors, probes and likelihoods of models of {comparison.name}"
    )


def _reconstructions(comparison: Comparison) -> Picture:
    record = comparison.record
    # Heat maps of a table take more room than rows of small images.
    shown = comparison.examples if record.shape is not None else _few(comparison)
    drawn = versions(
        shown,
        record.shape,
        feature_names=record.feature_names,
        title="Held-out rows and their reconstructions",
    )
    units = comparison.n_components
    of = "each model makes" if record.shape is not None else "the advised and the plain models make"
    caption = f"Held-out rows of the first fold, and what {of} of a code of {units} units."
    return Picture(drawn, caption, "Held-out rows above their reconstructions by each model")


def _few(comparison: Comparison) -> dict[str, np.ndarray]:
    """Return the originals, and the reconstructions of the advised model and two plain ones."""
    names = dict.fromkeys(("original", comparison.best, "linear", "autoencoder"))
    return {name: comparison.examples[name] for name in names if name in comparison.examples}
