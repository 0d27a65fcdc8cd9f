"""``tildex fill``: every gap of a table filled."""

import json

import numpy as np
import pandas as pd
import pytest

from tildex.cli import main

N = 150


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(0)
    size = rng.normal(size=N)
    return pd.DataFrame(
        {
            "key": [f"row {k}" for k in range(N)],
            "price": np.exp(3 + size + 0.1 * rng.normal(size=N)).round(2),
            "size": size.round(3),
            "rooms": (4 + size + 0.3 * rng.normal(size=N)).round().astype(int),
            "kind": np.where(size > 0, "big", "small"),
            "day": pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"),
        }
    )


@pytest.fixture(scope="module")
def gaps(truth):
    rng = np.random.default_rng(1)
    table = truth.astype(object)
    for column in truth.columns[1:]:
        table.loc[rng.random(N) < 0.15, column] = None
    return table


@pytest.fixture(scope="module")
def filled(gaps, tmp_path_factory):
    place = tmp_path_factory.mktemp("fill")
    gaps.to_csv(place / "t.csv", index=False)
    tokens = ["fill", str(place / "t.csv"), "--out", str(place / "f.csv"), "--draws", "3", "--level", "0.9"]
    assert main(tokens) == 0
    return place


def test_known_cells_names_and_types_are_as_they_were(filled, truth, gaps):
    table = pd.read_csv(filled / "f.csv")
    assert list(table) == list(truth) and not table.isna().any().any()
    assert table.dtypes.equals(pd.read_csv(filled / "f.csv", dtype={"key": str}).dtypes)
    for column in truth:
        known = gaps[column].notna()
        assert (table[column][known] == truth[column][known]).all()
    assert table["rooms"].dtype == np.int64
    assert (table["kind"] == truth["kind"])[gaps["kind"].isna()].mean() > 0.8


def test_draws_and_intervals(filled, truth, gaps):
    draws = pd.read_csv(filled / "f-draws.csv")
    assert draws["draw"].tolist() == np.repeat([1, 2, 3], N).tolist()
    drawn = draws["size"].to_numpy().reshape(3, N)
    unknown = gaps["size"].isna().to_numpy()
    # Two draws are equal where both are beyond the largest error that was measured.
    assert (drawn[0] != drawn[1])[unknown].mean() > 0.9 and (drawn[0] == drawn[1])[~unknown].all()
    limits = pd.read_csv(filled / "f-intervals.csv")
    assert {"price", "size"} <= set(limits["column"]) <= {"price", "size", "rooms"}
    true = np.array([truth[c][r - 1] for c, r in zip(limits["column"], limits["row"], strict=True)], float)
    assert ((limits["low"] <= true) & (true <= limits["high"])).mean() > 0.75
    assert ((limits["low"] <= limits["value"]) & (limits["value"] <= limits["high"])).mean() > 0.95


def test_a_run_fills_tables_like_its_own(filled, tmp_path, capsys):
    run = tmp_path / "run"
    tokens = ["fit", "vae", str(filled / "t.csv"), "--out", str(run), "--epochs", "5", "--set"]
    assert main([*tokens, "n_components=2"]) == 0
    capsys.readouterr()
    out = tmp_path / "f.parquet"
    assert (
        main(["fill", str(filled / "t.csv"), "--run", str(run), "--out", str(out), "--draws", "2", "--json"])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["filled"]["kind"] > 0
    assert not pd.read_parquet(out).isna().any().any()
    assert main(["fill", str(filled / "t.csv"), "--run", str(run), "--out", str(out), "--level", "0.9"]) == 1
    assert "leave out the run" in capsys.readouterr().err


def test_what_cannot_be_filled_is_said(tmp_path, capsys):
    table = pd.DataFrame({"x": [1.5, None, 3.0] * 20, "text": [f"some words, {k}" for k in range(60)]})
    table.loc[3, "text"] = None
    table.to_csv(tmp_path / "t.csv", index=False)
    assert main(["fill", str(tmp_path / "t.csv"), "--out", str(tmp_path / "f.csv")]) == 0
    assert "column 'text' keeps 1 empty cell" in " ".join(capsys.readouterr().err.split())
    assert main(["fill", str(tmp_path / "none.csv"), "--out", str(tmp_path / "f.csv")]) == 1
    assert "there is no file" in capsys.readouterr().err


def test_a_name_that_cannot_be_written_is_refused_before_work(filled, capsys):
    assert main(["fill", str(filled / "t.csv"), "--out", str(filled / "f.doc"), "--run", "no run"]) != 0
    assert "expected a name ending in .csv" in capsys.readouterr().err
