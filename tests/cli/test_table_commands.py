"""Tables on the command line: taken as they are, bound by name, and what comes out joins what went in."""

import json

import numpy as np
import pandas as pd
import pytest

from tildex.cli import main

N = 150


def said(capsys):
    out, err = capsys.readouterr()
    return out, " ".join(err.split())


def passengers(seed=0):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["female", "male"], N)
    return pd.DataFrame(
        {
            "Id": np.arange(1000, 1000 + N),
            "Name": [f"Ødegård, {k}" for k in range(N)],
            "Survived": np.where((rng.random(N) < 0.7) == (sex == "female"), "yes", "no"),
            "Sex": sex,
            "Class": rng.choice([1, 2, 3], N, p=[0.2, 0.3, 0.5]),
            "Age": rng.integers(1, 80, N),
            "Siblings": rng.poisson(0.8, N),
            "Fare": np.exp(rng.normal(3, 0.8, N)).round(2),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    table = passengers()
    table.to_csv(folder / "de.csv", sep=";", decimal=",", encoding="cp1252", index=False)
    table[table.columns[::-1]].to_csv(folder / "reversed.csv", index=False)
    table.to_parquet(folder / "table.parquet", index=False)
    options = ["--label", "Survived", "--as", "Class=category", "--epochs", "3", "--set", "n_components=2"]
    assert main(["fit", "vae", str(folder / "de.csv"), "--out", str(folder / "run"), *options]) == 0
    return folder


def test_fit_says_what_each_column_was_taken_for(folder, tmp_path, capsys):
    options = ["--out", str(tmp_path / "run"), "--epochs", "1", "--drop", "Survived", "--as", "Age=count"]
    assert main(["fit", "rbm", str(folder / "de.csv"), *options]) == 0
    _, err = said(capsys)
    assert "8 columns (separator semicolon, decimal comma, cp1252)" in err
    for words in (
        "Id identifier",
        "Survived dropped",
        "Sex binary male, else female",
        "Age count",
        "Fare positive",
    ):
        assert words in err
    assert "to change that: --as NAME=KIND" in err


def test_columns_in_another_order_and_another_format_give_the_same_codes(folder, tmp_path):
    codes = []
    for k, name in enumerate(("de.csv", "reversed.csv", "table.parquet")):
        out = tmp_path / f"{k}.parquet"
        assert main(["encode", str(folder / "run"), str(folder / name), "--out", str(out)]) == 0
        codes.append(pd.read_parquet(out))
        assert set(codes[-1].columns[:2]) == {"Id", "Name"} and codes[-1].columns[-1] == "Survived"
        assert codes[-1].Id.tolist() == passengers().Id.tolist()
        assert codes[-1].Survived.tolist() == passengers().Survived.tolist()
    for other in codes[1:]:
        np.testing.assert_array_equal(other.iloc[:, 2:4], codes[0].iloc[:, 2:4])


def test_a_missing_column_is_an_error_that_names_it(folder, tmp_path, capsys):
    passengers().rename(columns={"Age": "age"}).to_csv(tmp_path / "t.csv", index=False)
    assert (
        main(["encode", str(folder / "run"), str(tmp_path / "t.csv"), "--out", str(tmp_path / "c.csv")]) == 1
    )
    _, err = said(capsys)
    assert "column 'Age' of training is missing; did you mean 'age': rename the column" in err
    assert not (tmp_path / "c.csv").exists()


def test_reconstructions_and_samples_are_tables(folder, tmp_path):
    table = passengers()
    for name, ending in (("reversed.csv", "csv"), ("table.parquet", "parquet")):
        out = tmp_path / ending
        assert main(["reconstruct", str(folder / "run"), str(folder / name), "--out", str(out)]) == 0
        path = out / f"reconstructions.{ending}"
        restored = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
        assert set(restored.columns) == set(table.columns)
        assert (
            restored.Id.tolist() == table.Id.tolist()
            and restored.Survived.tolist() == table.Survived.tolist()
        )
        assert set(restored.Sex) <= {"male", "female"} and set(restored.Class) <= {1, 2, 3}
        assert restored.Age.dtype == restored.Siblings.dtype == table.Age.dtype and (restored.Fare > 0).all()
    assert main(["sample", str(folder / "run"), "-n", "5", "--out", str(tmp_path / "s")]) == 0
    drawn = pd.read_csv(tmp_path / "s" / "samples.csv")
    assert list(drawn.columns) == ["Sex", "Class", "Age", "Siblings", "Fare"] and len(drawn) == 5


def test_anomalies_say_which_columns_in_nats_that_add_up(folder, tmp_path, capsys):
    odd = passengers(1)
    odd.loc[7, ["Fare", "Siblings"]] = [90000.0, 9]
    odd.to_csv(tmp_path / "odd.csv", index=False)
    command = ["anomalies", str(folder / "run"), str(tmp_path / "odd.csv"), "--neighbors", "0"]
    assert main([*command, "--json", "-n", "150", "--out", str(tmp_path / "scores.csv")]) == 0
    found = json.loads(said(capsys)[0])
    first = found["lowest"][0]
    assert (
        first["row"] == 8
        and first["Id"] == 1007
        and first["Name"] == "Ødegård, 7"
        and first["anomaly"] is True
    )
    assert min(first["columns"], key=first["columns"].get) == "Fare"
    assert found["lowest"][-1]["anomaly"] is False
    nats = [row["nats"] for row in found["lowest"]]
    np.testing.assert_allclose(
        [sum(r["columns"].values()) + r["rest"] for r in found["lowest"]], nats, rtol=1e-5
    )
    # Score and nats differ by where they count from, and by nothing else.
    scores = np.array([row["score"] for row in found["lowest"]])
    np.testing.assert_allclose(scores - scores[0], np.array(nats) - nats[0], rtol=1e-4, atol=1e-4)
    written = pd.read_csv(tmp_path / "scores.csv").set_index("Id")
    columns = [name for name in written.columns if name.startswith("nats of ")]
    np.testing.assert_allclose(written[columns].sum(axis=1) + written.rest, written.nats, rtol=1e-5)
    assert main(command[:-2]) == 0
    assert "Fare 90000" in said(capsys)[0]


def test_a_cell_that_training_could_not_have_is_an_anomaly(folder, tmp_path, capsys):
    table = passengers()[:5]
    table.loc[3, "Siblings"] = 5000
    table.to_csv(tmp_path / "t.csv", index=False)
    for more in (["--neighbors", "0"], []):
        assert main(["anomalies", str(folder / "run"), str(tmp_path / "t.csv"), "--json", *more]) == 0
        first = json.loads(said(capsys)[0])["lowest"][0]
        assert first["row"] == 4 and first["anomaly"] is True and first["impossible"] == ["Siblings"]
        assert first["nats"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--as", "Sex"], "--as expects COLUMN=KIND, such as zip=category, got 'Sex'"),
        (["--as", "Sex=categry"], "no column can be 'categry'; did you mean 'category'?"),
        (["--drop", "Agee"], "has no column 'Agee'; did you mean 'Age'?"),
        (["--label", "survived"], "has no column 'survived'; did you mean 'Survived'?"),
    ],
)
def test_misspelt_options(folder, tmp_path, capsys, options, message):
    assert main(["fit", "vae", str(folder / "de.csv"), "--out", str(tmp_path / "r"), *options]) == 1
    assert message in said(capsys)[1]


def test_options_of_tables_are_for_tables(tmp_path, capsys):
    assert main(["fit", "vae", "digits", "--out", str(tmp_path / "r"), "--drop", "a"]) == 1
    assert "is no table with named columns" in said(capsys)[1]


@pytest.mark.filterwarnings("ignore:X has unknown values")
def test_unknown_cells_neither_raise_nor_lower_the_score_of_their_column(folder, tmp_path, capsys):
    table = passengers()[:6].astype({"Age": float})
    table.loc[2, "Age"] = np.nan
    table.to_csv(tmp_path / "gaps.csv", index=False)
    for more in (["--neighbors", "0"], []):
        assert main(["anomalies", str(folder / "run"), str(tmp_path / "gaps.csv"), "--json", *more]) == 0
        row = next(row for row in json.loads(said(capsys)[0])["lowest"] if row["row"] == 3)
        assert row["columns"]["Age"] == 0 and np.isfinite(row["nats"])
        assert sum(row["columns"].values()) + row["rest"] == pytest.approx(row["nats"])
