"""What columns are taken for, how they become numbers and come back, and how later tables are bound by name."""

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal as assert_polars_equal

from tildex.data import DataError, Reading, Record, Schema, read, select
from tildex.data.tables import Cells, Kind

N = 60
RNG = np.random.default_rng(0)
DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(k)) for k in RNG.integers(0, 500, N)]


def people(n=N):
    """Return a table with a column of every kind."""
    rng = np.random.default_rng(1)
    return {
        "id": list(range(100, 100 + n)),
        "name": [f"person {k}" for k in range(n)],
        "sex": rng.choice(["f", "m"], n).tolist(),
        "age": [None if k % 9 == 4 else round(float(a), 1) for k, a in enumerate(rng.normal(40, 10, n))],
        "city": rng.choice(["Bonn", "Köln", "Ulm"], n).tolist(),
        "kids": [int(k) for k in rng.poisson(1.5, n)],
        "income": np.exp(rng.normal(8, 1, n)).round(2).tolist(),
        "since": DAYS[:n],
        "member": [bool(b) for b in rng.random(n) < 0.4],
        "country": ["DE"] * n,
        "note": [f"{'a long story ' * 8}{k // 2}" for k in range(n)],
    }


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (RNG.normal(size=N), "real"),
        (RNG.normal(1990, 20, N).round(), "real"),
        (RNG.integers(18, 90, N), "real"),
        ([0.25, 0.75] * 30, "real"),
        (np.exp(RNG.normal(8, 1, N)), "positive"),
        (RNG.uniform(1, 2, N), "real"),
        (RNG.poisson(3, N), "count"),
        (RNG.negative_binomial(1, 0.02, N), "count"),
        (RNG.poisson(900, N), "real"),
        ([1, 2, 3] * 20, "category"),
        ([4, 6, 8] * 20, "category"),
        ([-1, 0, 1] * 20, "real"),
        (["a", "b", "c"] * 20, "category"),
        (["a", "b", None] * 20, "binary"),
        ([0, 1, None] * 20, "binary"),
        ([1, 2] * 30, "binary"),
        ([1, 2], "real"),
        ([True, False, None], "binary"),
        ([True] * 5, "binary"),
        (DAYS, "date"),
        ([datetime.datetime(2024, 1, 1, 12), None], "date"),
        ([7.0] * N, "constant"),
        (["x"] * N, "constant"),
        ([None] * N, "constant"),
        ([f"n{k}" for k in range(N)], "identifier"),
        ([f"n{k // 2}" for k in range(N - 1)], "text"),
        (["word " * 30 + str(k) for k in range(N)], "text"),
        ([[1], [2]], "text"),
    ],
)
def test_what_a_column_is_taken_for(cells, kind):
    found = Kind.recognise(Cells.of("column", cells))
    assert found.name == kind
    assert Kind.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "PassengerId", "Unnamed: 0", "", "index"])
def test_whole_numbers_under_the_name_of_an_identifier(name):
    assert Kind.recognise(Cells.of(name, range(N))).name == "identifier"
    assert Kind.recognise(Cells.of(name, [k // 2 for k in range(N)])).name != "identifier"
    assert Kind.recognise(Cells.of("grid", range(N))).name != "identifier"


def test_every_kind_in_one_table_there_and_back():
    table = people()
    schema = Schema.of(table)
    kinds = {name: kind.name for name, kind, *_ in schema.columns}
    assert kinds == {
        "id": "identifier",
        "name": "identifier",
        "sex": "binary",
        "age": "real",
        "city": "category",
        "kids": "count",
        "income": "positive",
        "since": "date",
        "member": "binary",
        "country": "constant",
        "note": "text",
    }
    assert [name for name, _, missing, _ in schema.columns if missing] == ["age"]
    assert schema.names == (
        "sex=m",
        "age",
        "city=Bonn",
        "city=Köln",
        "city=Ulm",
        "kids",
        "income",
        "since",
        "member",
    )
    X, told = schema.encode(table)
    assert told == [] and X.shape == (N, 9)
    restored = schema.decode(X)
    assert list(restored) == ["sex", "age", "city", "kids", "income", "since", "member", "country"]
    for name, cells in restored.items():
        if name in ("age", "income"):
            expected = np.array([np.nan if cell is None else cell for cell in table[name]])
            np.testing.assert_allclose(cells, expected, rtol=1e-12)
        else:
            assert cells.tolist() == table[name], name
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    again = Reading.from_json(json.loads(json.dumps(Reading(schema=schema).to_json())))
    assert again.schema == schema


def test_what_is_said_of_columns_takes_precedence():
    table = {**people(), "zip": [10115 + k % 5 for k in range(N)]}
    schema = Schema.of(table, {"zip": "category", "kids": "real"}, drop="member", label="sex", id=["note"])
    kinds = {name: kind.name for name, kind, *_ in schema.columns}
    assert kinds["zip"] == "category" and kinds["kids"] == "real" and kinds["member"] == "dropped"
    assert schema.label == "sex" and schema.ids == ("id", "name", "note")
    only = Schema.of(table, columns=["age", "zip"])
    assert only.names[:2] == ("age", "zip=10115") and only.ids == ("id", "name")


def test_labels_are_those_of_the_usual_name_unless_said():
    table = {"class": ["a", "b", "c"] * 20, "x": RNG.normal(size=N).tolist()}
    assert Schema.of(table).label == "class"
    assert Schema.of(table, label=False).names == ("class=a", "class=b", "class=c", "x")
    assert Schema.of(table, {"class": "category"}).label is None
    assert Schema.of({**table, "y": [1] * N}, label="y").label == "y"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_": {"agge": "real"}}, "has no column 'agge'; did you mean 'age'"),
        ({"as_": {"age": "reel"}}, "no column can be 'reel'; did you mean 'real'"),
        (
            {"as_": {"city": "real"}},
            r"column 'city': expected numbers, row 1 has '\w+'; leave the cell empty",
        ),
        ({"as_": {"city": "binary"}}, r"column 'city': expected two values, got 3 \(Bonn, Köln, Ulm\)"),
        ({"as_": {"income": "count"}}, "column 'income': expected whole numbers from 0"),
        ({"as_": {"city": "date"}}, "column 'city': expected dates such as 2024-12-31"),
        ({"as_": {"country": "category"}}, "column 'country': expected at least two levels, got DE"),
        ({"drop": "age", "id": "age"}, "column 'age' was named for two purposes"),
        ({"columns": ["name"]}, "expected a column of numbers, categories or dates"),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(DataError, match=message):
        Schema.of(people(), **options)


def test_a_table_of_numbers_is_one_array_unless_it_has_a_binary_column():
    numbers = {"a": np.exp(RNG.normal(size=N)), "b": RNG.poisson(3, N), "c": [1.5] * N}
    assert {kind.name for _, kind, *_ in Schema.of(numbers).columns} == {"real"}
    X, _ = Schema.of(numbers).encode(numbers)
    np.testing.assert_array_equal(X, np.column_stack(list(numbers.values())))
    mixed = {**numbers, "d": [0, 1] * (N // 2)}
    assert [kind.name for _, kind, *_ in Schema.of(mixed).columns] == [
        "positive",
        "count",
        "constant",
        "binary",
    ]
    whole = {"b": RNG.integers(0, 255, N), "d": [0, 1] * (N // 2)}
    assert {kind.name for _, kind, *_ in Schema.of(whole).columns} == {"real"}


def test_later_tables_are_bound_by_name():
    table = people()
    schema = Schema.of(table)
    X, _ = schema.encode(table)
    shuffled = {name: table[name] for name in reversed(table)}
    np.testing.assert_array_equal(schema.encode(shuffled)[0], X)
    _, told = schema.encode({**table, "extra": [1] * N, "more": [2] * N})
    assert told == ["2 columns that training did not have are ignored: 'extra', 'more'"]
    without = {name: cells for name, cells in table.items() if name not in ("id", "note", "country")}
    np.testing.assert_array_equal(schema.encode(without)[0], X)
    del table["age"]
    with pytest.raises(
        DataError, match="column 'age' of training is missing; did you mean 'Age': rename the column"
    ):
        schema.encode({**table, "Age": [1] * N})


def test_an_unseen_level_is_unknown_and_said():
    schema = Schema.of(people())
    table = {**people(), "city": ["Rom"] * N, "sex": ["d", *people()["sex"][1:]]}
    X, told = schema.encode(table)
    assert np.isnan(X[:, 2:5]).all() and np.isnan(X[0, 0]) and not np.isnan(X[1:, 0]).any()
    assert told == [
        "column 'sex': 1 cell is of a level that training did not have (d): taken as unknown",
        "column 'city': 60 cells are of a level that training did not have (Rom): taken as unknown",
    ]


def test_levels_do_not_depend_on_types():
    schema = Schema.of(
        {"a": [1, 2, 3] * 20, "b": [True, False] * 30, "c": [0.5] * 59 + [1.5]}, {"a": "category"}
    )
    words, told = schema.encode({"a": ["1", "3"], "b": ["true", "False"], "c": ["0.5", "1.5"]})
    assert told == [] and words.tolist() == [[1, 0, 0, 1, 0.5], [0, 0, 1, 0, 1.5]]


def test_decoding_what_a_model_gives():
    schema = Schema.of(people())
    numbers = np.array([[0.6, 31.25, 0.2, 0.5, 0.3, -0.4, 7.0, 10.4, 0.1]])
    restored = {name: cells.tolist()[0] for name, cells in schema.decode(numbers).items()}
    assert restored["sex"] == "m" and restored["city"] == "Köln" and restored["kids"] == 0
    assert (
        restored["age"] == 31.25
        and restored["income"] == pytest.approx(np.exp(7))
        and restored["member"] is False
    )
    first = np.array(people()["since"]).min()
    assert restored["since"] == first + datetime.timedelta(days=10)
    with pytest.raises(DataError, match="expected numbers of 9 columns"):
        schema.decode(numbers[:, :4])


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_there_and_back(library):
    columns = {name: cells for name, cells in people().items() if name not in ("id", "name", "note")}
    frame = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}[library](columns)
    if library == "pandas":
        frame = frame.astype({"city": "category", "kids": "int32"}).set_index(
            pd.Index([f"r{k}" for k in range(N)])
        )
    if library == "polars":
        frame = frame.with_columns(pl.col("city").cast(pl.Categorical), pl.col("kids").cast(pl.UInt8))
    schema = Schema.of(frame)
    np.testing.assert_array_equal(schema.encode(frame)[0], Schema.of(columns).encode(columns)[0])
    restored = schema.frame(schema.encode(frame)[0], library, like=frame)
    if library == "pandas":
        pd.testing.assert_frame_equal(restored, frame)
    elif library == "polars":
        assert_polars_equal(restored, frame)
    else:
        assert restored.schema.names == frame.schema.names
        assert restored["since"].to_pylist() == columns["since"] and restored["age"].to_pylist()[4] is None
    assert read(frame).reading.schema == schema


def test_records_carry_identifiers_and_labels_by_name():
    frame = pd.DataFrame(people())
    record = read(frame, label="city", id="note")
    assert list(record.ids) == ["id", "name", "note"] and record.target_names == ("Bonn", "Köln", "Ulm")
    some = select(record, np.array([3, 1]))
    assert some.ids["id"].tolist() == [103, 101] and [some.target_names[k] for k in some.y] == [
        frame.city[3],
        frame.city[1],
    ]
    later = read(frame.iloc[:5].assign(city="Rom"), like=record.reading)
    assert later.target_names == ("Bonn", "Köln", "Ulm", "Rom") and later.y.tolist() == [3] * 5
    assert "1 label is new: Rom" in later.note
    with pytest.raises(DataError, match="the model knows what its columns are"):
        read(frame, like=record.reading, drop="age")
    with pytest.raises(DataError, match="is no table with named columns"):
        read("digits", drop="age")
    with pytest.raises(DataError, match="expected one id for each of 2 rows"):
        Record(np.zeros((2, 1), np.float32), ids={"id": np.arange(3)})


def test_large_identifiers_keep_all_digits():
    large = [2**60 + k for k in range(N)]
    for frame in (pd.DataFrame, pl.DataFrame, pa.table):
        table = frame({"id": large, "x": RNG.normal(size=N), "b": ["u", "v"] * (N // 2)})
        assert read(table).ids["id"].tolist() == large


def test_the_note_says_what_each_column_was_taken_for():
    note = read(pd.DataFrame(people())).note
    for line in (
        "the pandas table: 11 columns",
        "age      real        some cells are empty",
        "sex      binary      m, else f",
        "city     category    3 levels: Bonn, Köln, Ulm",
        "country  constant    always DE",
        "note     text        left out",
        "to change that: --as NAME=KIND",
    ):
        assert line in note
    wide = pd.DataFrame(RNG.normal(size=(5, 50)), columns=[f"c{k}" for k in range(50)])
    assert "  real: c0, c1, c2, c3, c4, c5 and 44 others" in read(wide).note
