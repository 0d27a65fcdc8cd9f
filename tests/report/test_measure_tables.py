"""Measurements of tables as people have them: columns of several kinds, with gaps."""

import dataclasses
import json
import math

import numpy as np
import pytest
from sklearn.decomposition import PCA

import tildex
from tildex.apps.measure.likelihood import likelihood_of
from tildex.apps.measure.measure import measure
from tildex.apps.measure.yardstick import DATA_UNITS, Yardstick
from tildex.cli import main
from tildex.data import Record

RANDOM = np.random.default_rng(0)
NUMBERS = ("height", "children")


def people(n, random=RANDOM):
    """Cells by column; a third of the heights, a tenth of the cities and some numbers of children are unknown."""
    sex = random.choice(["f", "m"], n)
    city = random.choice(["Bonn", "Köln", "Ulm"], n).astype(object)
    height = np.where(sex == "m", 18_000, 16_500) + random.normal(0, 700, n).round(1)
    children = random.poisson(1.3, n).astype(float)
    height[random.random(n) < 1 / 3] = np.nan
    city[random.random(n) < 0.1] = None
    children[random.random(n) < 0.1] = np.nan
    return {
        "sex": sex,
        "height": height,
        "city": city,
        "children": children,
        "y": np.where(sex == "f", "a", "b"),
    }


def text(cells):
    """The lines of a file with decimal commas."""
    rows = zip(*cells.values(), strict=True)
    return "\n".join([";".join(cells), *(";".join(map(cell, row)) for row in rows)]) + "\n"


def cell(value):
    known = value is not None and value == value
    return str(value).replace(".0", "").replace(".", ",") if known else ""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    for name, n in (("train.csv", 120), ("test.csv", 60)):
        (folder / name).write_text(text(people(n)))
    return folder


@pytest.fixture(scope="module")
def records(files):
    train = tildex.read(files / "train.csv")
    return train, tildex.read(files / "test.csv", like=train.reading)


@pytest.fixture(scope="module")
def model(records):
    return tildex.VariationalAutoencoder(2, n_iter=3, random_state=0).fit(records[0])


def spreads(train):
    """Standard deviations of the columns of numbers, 1 for those of words."""
    return np.array(
        [np.nanstd(train.X[:, k]) if name in NUMBERS else 1.0 for k, name in enumerate(train.feature_names)]
    )


def by_hand(X, reconstruction, scale):
    """The mean over rows of the squared error, cell by cell."""
    errors = [
        sum(((a - b) / s) ** 2 for a, b, s in zip(row, other, scale, strict=True) if not math.isnan(a))
        for row, other in zip(X.tolist(), reconstruction.tolist(), strict=True)
    ]
    return np.mean(errors)


def test_errors_are_of_known_cells_in_standard_deviations_of_numbers(records, model):
    train, test = records
    scale, mean = spreads(train), np.nanmean(train.X, 0)
    measured = measure("vae", model, train, test)
    assert np.isnan(test.X).any() and measured.unit == "standard deviations of each column of numbers"
    error = by_hand(test.X, np.asarray(model.reconstruct(test.X)), scale)
    assert measured.squared_error.value == pytest.approx(error)
    means = by_hand(test.X, np.tile(mean, (len(test), 1)), scale)
    assert measured.means.value == pytest.approx(means)
    # Heights of tens of thousands would dominate otherwise.
    assert means < 6

    filled, held_out = (np.where(np.isnan(X), mean, X) / scale for X in (train.X, test.X))
    pca = PCA(2).fit(filled)
    back = pca.inverse_transform(pca.transform(held_out)) * scale
    assert measured.pca.value == pytest.approx(by_hand(test.X, back, scale))


def test_every_measure_works_on_a_table_with_gaps(records, model):
    train, test = records
    measured = measure("vae", model, train, test)
    majority = max(np.bincount(train.y))
    assert measured.probe.majority.value == np.mean(test.y == np.bincount(train.y).argmax()) and majority > 40
    assert measured.neighbours.code.trustworthiness.value > 0.4
    values = json.loads(json.dumps(measured.to_json(), allow_nan=False))
    assert values["unit"] in [line.text for line in measured.lines()]
    alone = measure("vae", model, None, test)
    assert alone.pca is alone.means is None
    assert alone.squared_error.value == pytest.approx(measured.squared_error.value, rel=0.3)


def test_a_sparse_code_of_a_table_is_counted(records):
    train, test = records
    sparse = tildex.SparseAutoencoder(4, n_iter=2, random_state=0).fit(train)
    assert 0 < measure("sparse", sparse, train, test).sparsity.unexplained.value < 10


def test_rows_of_one_unit_keep_it():
    pixels = Record(RANDOM.random((20, 3)))
    assert Yardstick.of(pixels).unit == Yardstick.of(Record(9 * pixels.X)).unit == DATA_UNITS
    gaps = np.where(RANDOM.random((20, 3)) < 0.2, np.nan, pixels.X)
    assert Yardstick.of(dataclasses.replace(pixels, X=gaps)).unit == DATA_UNITS
    wide = Yardstick.of(dataclasses.replace(pixels, X=gaps * 9))
    assert wide.unit == "standard deviations of each column"
    assert wide.scale == pytest.approx(9 * np.nanstd(gaps, 0))


def test_a_yardstick_goes_there_and_back(records):
    yardstick = Yardstick.of(records[0])
    known = ~np.isnan(records[1].X)
    back = yardstick.raw(yardstick(records[1].X))
    assert back[known] == pytest.approx(records[1].X[known])
    assert back == pytest.approx(np.where(known, records[1].X, np.nanmean(records[0].X, 0)))


def test_the_likelihood_of_a_gap_is_that_of_all_values_together():
    X = RANDOM.normal(size=(80, 3)) * [1, 50, 0.1] + [0, 300, 7]
    rbm = tildex.RBM(2, likelihood=tildex.Gaussian(), n_iter=3, random_state=0).fit(X)
    grid = np.linspace(-400, 1000, 4001)
    rows = np.tile([0.3, 0.0, 7.1], (len(grid), 1))
    rows[:, 1] = grid
    total = np.exp(likelihood_of(rbm, rows).per_row).sum() * (grid[1] - grid[0])
    gap = likelihood_of(rbm, np.array([[0.3, np.nan, 7.1]])).value.value
    assert gap == pytest.approx(math.log(total), abs=1e-4)


def test_the_likelihood_of_a_binary_gap_is_that_of_both_values():
    X = (RANDOM.random((60, 4)) < 0.4).astype(float)
    rbm = tildex.RBM(2, n_iter=3, random_state=0).fit(X)
    either = likelihood_of(rbm, np.array([[0.0, 1, 0, 1], [0.0, 1, 1, 1]])).per_row
    gap = likelihood_of(rbm, np.array([[0.0, 1, np.nan, 1]])).value.value
    assert gap == pytest.approx(np.logaddexp(*either), abs=1e-5)
    X[::5, 2] = np.nan
    found = measure("rbm", rbm, Record(X), Record(X)).likelihood
    assert np.isfinite([found.found.value.value, found.independent.value]).all()


def test_the_commands_take_a_table_with_gaps(files, records, model, capsys):
    run = files / "run"
    model.save(run)
    tildex.runs.provenance(run, str(files / "train.csv"), "train", records[0])
    assert main(["evaluate", str(run), str(files / "test.csv")]) == 0
    printed = capsys.readouterr().out
    assert "column means" in printed and "most common class" in printed
    assert main(["report", str(run), "--data", str(files / "test.csv")]) == 0
    page = (run / "report.html").read_text()
    assert "in standard deviations of each column of numbers" in page and "Unknown cells are grey" in page
