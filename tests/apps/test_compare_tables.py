"""Comparisons of tables with columns of several kinds, and of rows with gaps."""

import itertools
import json

import numpy as np
import pytest
from scipy.stats import norm

import tildex
from tildex.apps.compare import compare
from tildex.apps.compare.choice import chosen
from tildex.apps.compare.densities import DENSITIES, NORMAL
from tildex.apps.compare.fold import Fold
from tildex.apps.compare.nature import BINARY, COUNTS, REAL, nature_of
from tildex.apps.compare.question import INDEPENDENT
from tildex.cli import main
from tildex.data import Reading, Record, Schema
from tildex.data.record import select

RANDOM = np.random.default_rng(1)
CELLS = {
    "sex": RANDOM.choice(["f", "m"], 90),
    "weight": np.round(RANDOM.normal(70, 9, 90), 1),
    "city": RANDOM.choice(["Bonn", "Köln", "Ulm"], 90),
    "visits": np.minimum(RANDOM.poisson(1.2, 90), 4),
}


def table(cells, gaps=0.0):
    schema = Schema.of(cells)
    X, _ = schema.encode(cells)
    for span in schema.spans:
        X[RANDOM.random(len(X)) < gaps, span.start : span.stop] = np.nan
    return Record(X, np.arange(len(X)) % 2, feature_names=schema.names, reading=Reading(schema=schema))


def fold_of(record, n=60):
    index = np.arange(len(record))
    nature = nature_of(record.X, in_unit_interval=False, schema=record.reading.schema)
    return Fold(select(record, index[:n]), select(record, index[n:]), nature)


def test_the_kind_of_rows_is_that_of_their_columns():
    def kind(*names):
        record = table({name: CELLS[name] for name in names})
        inside = bool((record.X <= 1).all())
        return nature_of(record.X, in_unit_interval=inside, schema=record.reading.schema).kind

    assert kind("sex", "weight", "city") == kind("city", "sex") == "Mixed"
    assert (kind("city"), kind("sex"), kind("weight")) == ("Categorical", "binary", "real")
    visits = Schema.of({"visits": CELLS["visits"]}, {"visits": "count"})
    assert nature_of(np.ones((3, 1)), in_unit_interval=False, schema=visits).kind == "NegativeBinomial"
    gaps = np.array([[np.nan, 3.0, 0.0], [1.0, 0.0, 0.0]])
    assert nature_of(gaps, in_unit_interval=False) is COUNTS
    assert nature_of(gaps - 5, in_unit_interval=False) is REAL


def test_independent_columns_of_a_table_are_a_distribution():
    names = ("sex", "city", "visits")
    train = table({name: CELLS[name] for name in names})
    fold = fold_of(train)
    visits = fold.spans[2]
    scale, most = visits.kind.settings["scale"], visits.kind.settings["largest"]
    rows = [
        [sex, *np.eye(3)[city], count / scale]
        for sex, city, count in itertools.product(range(2), range(3), range(most + 1))
    ]
    fold.held_out = Record(np.array(rows), feature_names=train.feature_names, reading=train.reading)
    found = DENSITIES[fold.nature.kind](fold, 2)
    assert set(found) == {INDEPENDENT} and np.exp(found[INDEPENDENT]).sum() == pytest.approx(1)
    # A gap has the probability of all its values together.
    known = (fold.held_out.X[:, 0] == 1) & (fold.held_out.X[:, 2] == 1)
    total = np.exp(found[INDEPENDENT][known]).sum()
    gap = Record(np.array([[1, 0, 1, 0, np.nan]]), reading=train.reading)
    alone = Fold(fold.train, gap, fold.nature)
    assert DENSITIES["Mixed"](alone, 2)[INDEPENDENT] == pytest.approx(np.log(total))


def test_numbers_of_a_table_are_normal_over_known_cells():
    fold = fold_of(table({name: CELLS[name] for name in ("sex", "weight")}, gaps=0.2))
    found = DENSITIES["Mixed"](fold, 1)[INDEPENDENT]
    sex, weight = np.array(fold.train.X.T)
    p = (np.nansum(sex) + 1) / ((~np.isnan(sex)).sum() + 2)
    for value, row in zip(found, fold.held_out.X, strict=True):
        nats = 0.0 if np.isnan(row[0]) else np.log(p if row[0] else 1 - p)
        if not np.isnan(row[1]):
            nats += norm.logpdf(row[1], np.nanmean(weight), np.nanstd(weight))
        assert value == pytest.approx(nats)


def test_gaps_leave_known_cells_of_every_kind():
    X = RANDOM.random((40, 4)).round()
    gaps = np.where(RANDOM.random(X.shape) < 0.2, np.nan, X)
    for nature, scale in ((BINARY, 1), (COUNTS, 3), (REAL, 2.5)):
        whole, holed = (
            DENSITIES[nature.kind](Fold(Record(scale * X), Record(scale * rows), nature), 2)
            for rows in (X, gaps)
        )
        assert set(holed) == {INDEPENDENT} and (NORMAL in whole) == (nature is REAL)
        same = ~np.isnan(gaps).any(1)
        assert holed[INDEPENDENT][same] == pytest.approx(whole[INDEPENDENT][same])
        assert np.isfinite(holed[INDEPENDENT]).all()


def test_models_of_rows_with_gaps_honour_them():
    settings = {"n_components": 2, "settings": ()}
    assert "linear" in chosen(None, REAL, **settings)
    assert list(chosen(None, REAL, gaps=True, **settings)) == [
        name for name in REAL.models if name != "linear"
    ]


def test_a_table_with_gaps_is_compared():
    record = table(CELLS, gaps=0.1)
    found = compare(
        record, models=["autoencoder", "vae", "rbm"], n_components=2, folds=2, settings={"n_iter": 2}
    )
    assert not any(row.failed for row in found.rows)
    assert [row.name for row in found.rows if row.baseline] == ["PCA", INDEPENDENT]
    assert found.unit == "standard deviations of each column of numbers"
    alone = found[INDEPENDENT]
    assert alone.error.value < 8 and alone.error.value > found["PCA"].error.value
    # Of an untrained model's likelihood only the order of magnitude is known: in the same units, over the same cells.
    for name in ("vae", "rbm"):
        assert abs(found[name].likelihood.value - alone.likelihood.value) < 2
    assert alone.probe.value == pytest.approx(0.5, abs=0.05)


def test_the_command_is_told_what_columns_are(tmp_path, capsys):
    lines = [",".join(CELLS), *(",".join(map(str, row)) for row in zip(*CELLS.values(), strict=True))]
    lines[3] = "f,,Ulm,2"
    (tmp_path / "people.csv").write_text("\n".join(lines))
    out = tmp_path / "out"
    options = [
        "--label",
        "sex",
        "--drop",
        "city",
        "--models",
        "autoencoder",
        "--folds",
        "1",
        "--set",
        "n_iter=2",
    ]
    assert main(["compare", str(tmp_path / "people.csv"), "--out", str(out), *options]) == 0
    assert capsys.readouterr().out.count("weight") <= 1
    assert json.loads((out / "comparison.json").read_text())["target"] == "classes"
    schema = tildex.load(out / "winner").reading_.schema
    assert schema.label == "sex" and schema.names == ("weight", "visits")
    assert main(["evaluate", str(out / "winner"), str(tmp_path / "people.csv")]) == 0
    assert "most common class" in capsys.readouterr().out
