"""Tables from .csv and .parquet files."""

import datetime
import sys
from csv import QUOTE_ALL
from csv import writer as csv_writer
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pyarrow import parquet

from tildex.data import DataError, Schema, read
from tildex.data.tables.words import MISSING


def csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def in_parquet(tmp_path, **columns):
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def refused(path, message):
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=arrays(np.float32, array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e6, 1e6, width=32))
)
def test_a_table_of_numbers_is_an_array(array, tmp_path):
    # With fractions and a column of zeros and ones, columns are recognised one by one.
    assume(not any(set(column) == {0, 1} for column in array.T))
    names = [f"column {k}" for k in range(array.shape[1])]
    lines = [",".join(names), *(",".join(f"{value:.9g}" for value in row) for row in array)]
    columns = dict(zip(names, array.T, strict=True))
    for path in (csv(tmp_path, "\n".join(lines)), in_parquet(tmp_path, **columns)):
        record = read(path)
        np.testing.assert_array_equal(record.X, array)
        assert record.feature_names == tuple(names) and record.shape is None and record.y is None
        assert all(column.kind.name == "real" for column in record.reading.schema.columns)


@pytest.mark.parametrize("name", ["y", "label", "target", "Class"])
def test_a_column_of_labels(name, tmp_path):
    record = read(csv(tmp_path, f"a,{name},b\n1,ham,2\n3,eggs,4\n"))
    assert record.feature_names == ("a", "b") and record.X.tolist() == [[1, 2], [3, 4]]
    assert record.y.tolist() == [1, 0] and record.target_names == ("eggs", "ham")


def test_labels_of_other_types(tmp_path):
    assert read(csv(tmp_path, "a,y\n1,7\n2,5\n")).y.tolist() == [7, 5]
    assert read(csv(tmp_path, "a,y\n1,7.0\n2,5.0\n")).y.tolist() == [7, 5]
    assert read(csv(tmp_path, "a,y\n1,true\n2,false\n")).y.tolist() == [1, 0]
    record = read(in_parquet(tmp_path, a=[1, 2], y=pa.array(["u", "v"]).dictionary_encode()))
    assert record.y.tolist() == [0, 1] and record.target_names == ("u", "v")


def test_integers_and_booleans_are_numbers(tmp_path):
    record = read(in_parquet(tmp_path, a=[True, False], b=pa.array([3, 4], pa.uint8())))
    assert record.X.tolist() == [[1, 3], [0, 4]] and record.X.dtype == np.float32


def test_row_labels_of_pandas_are_left_out(tmp_path):
    assert read(in_parquet(tmp_path, a=[1.0], __index_level_0__=["row"])).feature_names == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a table with a header line"),
        ("a,b\n", "expected at least one row"),
        ("a,b\n1,2\n3\n", r"line 3: expected 2 cells, as in the header \(separator comma\), got 1"),
        ("# made by hand\n\na;b\n1;2\n3;4\n5;6;7\n", "line 6: expected 2 cells"),
        (
            "a,b\n" + "1,2\n" * 30 + "3,oops\n",
            "column 'b': expected numbers, row 31 has 'oops'; leave the cell empty",
        ),
        ("a,b\n1,2.5\n3,inf\n", "column 'b': expected finite float32 numbers, row 2 has 'inf'"),
        ("a,b\n1,2.5\n3,1e300\n", "column 'b': expected finite float32 numbers, row 2 has '1e[+]300'"),
        ("a,a\n1,2\n", "got 'a' twice"),
        ("5.1,-3e2\n1,2\n", "expected column names in the first line, got numbers"),
        (
            "39,Private,2174\n50,Self,13\n38,Private,0\n53,Private,0\n",
            "'Private' is also a cell of its column",
        ),
        ("a,y,label\n1,2,3\n", "expected one column of labels, got y and label"),
        ("a,y\n1,0.5\n", "column 'y': labels must be whole numbers or words, row 1 has 0.5"),
        ("a,y\n1,2\n1,\n", "column 'y': row 2 has no label"),
        ("a,y\n1,2020-01-01\n", "column 'y': labels must be whole numbers or words"),
        ("y\n1\n", r"expected a column of numbers, categories or dates, got only 'y' \(label\)"),
        ("a,b\n2,x\n2,x\n", r"got only 'a' \(constant\), 'b' \(constant\)"),
    ],
)
def test_csv_that_cannot_be_used(text, message, tmp_path):
    refused(csv(tmp_path, text), message)


def test_a_text_column_of_digits_is_still_text(tmp_path):
    record = read(in_parquet(tmp_path, a=["1", "2", "3"] * 4, b=np.arange(12.0)))
    assert record.feature_names == ("a=1", "a=2", "a=3", "b")


def test_a_csv_cut_inside_a_row(tmp_path):
    whole = "a,b,c\n" + "1.5,2.5,3.5\n" * 100
    refused(csv(tmp_path, whole[:-6]), "line 101: expected 3 cells")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1.5,x\n2.5,y\n", "separator comma"),
        ("a;b\n1,5;x\n2,5;y\n", "separator semicolon, decimal comma"),
        ("a\tb\n1,5\tx\n2,5\ty\n", "separator tab, decimal comma"),
        ("a|b\n1.5|x\n2.5|y\n", "separator vertical bar"),
        ("a b\n1.5  x\n2.5\ty\n", "separator spaces"),
        ("sep=;\na;b\n1.5;x\n2.5;y\n", "separator semicolon"),
        ("# from a lab\n#\na,b\n1.5,x\n2.5,y\n", "separator comma"),
        ("# a,b\n1.5,x\n2.5,y\n", "separator comma"),
        ("a,b,\n1.5,x,\n2.5,y,\n,,\n,,\n", "separator comma"),
        ("a, b\n 1.5, x\n 2.5, y\n", "separator comma"),
        ("a;b\n'1,5';'x'\n'2,5';'y'\n".replace("'", '"'), "separator semicolon, decimal comma"),
        ("a,b\r1.5,x\r2.5,y\r", "separator comma"),
    ],
)
def test_dialects(text, said, tmp_path):
    record = read(csv(tmp_path, text))
    assert record.X.tolist() == [[1.5, 0], [2.5, 1]] and record.feature_names == ("a", "b=y")
    assert f"2 columns ({said})" in record.note


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(encoding, tmp_path):
    record = read(csv(tmp_path, "größe,ort\n1.5,Köln\n2.5,Münster\n", encoding))
    assert record.feature_names == ("größe", "ort=Münster") and record.X.tolist() == [[1.5, 0], [2.5, 1]]
    assert (encoding.upper()[:5] in record.note.upper()) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.234,5", "2,25", "-3"], [1234.5, 2.25, -3]),
        (["1.234.567", "2.000", "3,5"], [1234567, 2000, 3.5]),
        (["1,234.5", "2.25", "12,345"], [1234.5, 2.25, 12345]),
        (["+1,5", "2", "1e3"], [1.5, 2, 1000]),
    ],
)
def test_decimal_marks_and_thousands(cells, numbers, tmp_path):
    lines = [f"{cell};{k}.x" for k, cell in enumerate(cells)]
    record = read(csv(tmp_path, "\n".join(["a;b", *lines])))
    assert record.X[:, 0].tolist() == numbers


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "null", "?", "-", ".", "  ", '""'])
def test_words_for_unknown_cells(word, tmp_path):
    record = read(csv(tmp_path, f"a,b\n1,x\n{word},y\n3,{word}\n4,x\n"))
    np.testing.assert_array_equal(record.X, [[1, 0], [np.nan, 1], [3, np.nan], [4, 0]])
    assert record.note.count("some cells are empty") == 2


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024-03-01", "2024-03-03"], "2024-03-01"),
        (["01.03.2024", "3.3.2024"], "2024-03-01"),
        (["2024/03/01", "2024/03/03"], "2024-03-01"),
        (["03/13/2024", "03/15/2024"], "2024-03-13"),
        (["13/03/2024", "15/03/2024"], "2024-03-13"),
    ],
)
def test_dates(cells, first, tmp_path):
    record = read(csv(tmp_path, "\n".join(["a", *cells])))
    assert record.X.tolist() == [[0], [2]]
    assert str(record.reading.schema.decode(record.X)["a"][0]) == first


def test_dates_that_could_be_either_are_not_guessed(tmp_path):
    record = read(csv(tmp_path, "when,a\n01/02/2024,1.5\n03/04/2024,2.5\n05/06/2024,2.5\n"))
    assert record.feature_names == ("a",) and "when  identifier" in record.note


def test_quoted_newlines_and_codes_with_leading_zeros(tmp_path):
    lines = [f'"line {k % 3}\nand, more",0{k % 4}01,{k}.5' for k in range(12)]
    record = read(csv(tmp_path, "\n".join(["text,zip,a", *lines])))
    assert record.feature_names[:4] == (*(f"text=line {k}\nand, more" for k in range(3)), "zip=0001")
    assert len(record) == 12


def test_names_of_rows_as_programs_write_them(tmp_path):
    for text in (',a,b\n"x",1.5,2\n"y",2.5,4\n"z",3.5,7\n', 'a,b\n"x",1.5,2\n"y",2.5,4\n"z",3.5,7\n'):
        record = read(csv(tmp_path, text))
        assert record.feature_names == ("a", "b") and record.ids["row"].tolist() == ["x", "y", "z"]


def test_a_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["id", "a", "b", "when", "ok"], [7, 1.5, "x", datetime.date(2024, 1, 2), True]):
        book.active.append(row)
    book.active.append([8, None, "y", datetime.date(2024, 1, 5), False])
    book.active.append([9, 2.5, "x", None, True])
    book.create_sheet("notes").append(["not a table"])
    book.save(tmp_path / "t.xlsx")
    record = read(tmp_path / "t.xlsx")
    np.testing.assert_array_equal(record.X, [[1.5, 0, 0, 1], [np.nan, 1, 3, 0], [2.5, 0, np.nan, 1]])
    assert record.ids["id"].tolist() == [7, 8, 9] and "sheet 'Sheet', not 'notes'" in record.note


def test_parquet_of_many_types(tmp_path):
    columns = {
        "price": pa.array([Decimal("1.50"), None, Decimal("2.25")]),
        "colour": pa.array(["red", "blue", "red"]).dictionary_encode(),
        "day": pa.array([datetime.date(2024, 1, 1), None, datetime.date(2024, 1, 4)]),
        "time": pa.array(
            [datetime.datetime(2024, 1, 1, 12), None, datetime.datetime(2024, 1, 2)],
            pa.timestamp("ns", "UTC"),
        ),
        "ok": pa.array([True, None, False]),
        "list": pa.array([[1], [2], None]),
    }
    record = read(in_parquet(tmp_path, **columns))
    assert record.feature_names == ("price", "colour=red", "day", "time", "ok")
    expected = [[1.5, 1, 0, 0.5, 1], [np.nan, 0, np.nan, np.nan, np.nan], [2.25, 1, 3, 1, 0]]
    np.testing.assert_array_equal(record.X, expected)
    restored = record.reading.schema.frame(record.X, "pyarrow")
    assert str(restored.schema.field("ok").type) == "bool"


_WORDS = st.text(st.characters(codec="cp1252", categories=["L"]), min_size=2, max_size=8).filter(
    lambda word: (
        word not in MISSING and word.lower() not in ("inf", "infinity", "true", "false", "nan", "null", "na")
    )
)
_CELLS = {
    "real": st.floats(-1e6, 1e6, width=32),
    "whole": st.integers(-(10**6), 10**6),
    "word": st.sampled_from(["Ulm", "Bonn; am Rhein", 'the "old" one', "a, b", "über\nzwei"]),
    "name": _WORDS,
    "flag": st.booleans(),
    "date": st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
}


@st.composite
def _tables(draw):
    n = draw(st.integers(3, 12))
    forms = draw(st.lists(st.sampled_from(sorted(_CELLS)), min_size=2, max_size=6))
    gaps = draw(st.booleans())
    table = {}
    for k, form in enumerate(forms):
        cells = draw(st.lists(_CELLS[form], min_size=n, max_size=n))
        # The first and last are known: a column has a form, and empty rows at the end of a file are left out.
        table[f"{form} {k}"] = [
            c if i in (0, n - 1) or not gaps or draw(st.booleans()) else None for i, c in enumerate(cells)
        ]
    return table


def _written(cell, decimal):
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.17g}".replace(".", decimal)
    return str(cell)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=_tables(),
    separator=st.sampled_from(",;\t|"),
    decimal=st.sampled_from(".,"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_any_table_in_any_dialect(table, separator, decimal, encoding, tmp_path):
    try:
        expected = Schema.of(table)
    except DataError:
        assume(False)
    path = tmp_path / "table.csv"
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv_writer(stream, delimiter=separator, quoting=QUOTE_ALL)
        writer.writerow(table)
        writer.writerows(
            [_written(cell, decimal) for cell in row] for row in zip(*table.values(), strict=True)
        )
    record = read(path)
    schema = record.reading.schema
    assert [column[:3] for column in schema.columns] == [column[:3] for column in expected.columns]
    np.testing.assert_allclose(record.X, expected.encode(table)[0].astype(np.float32), rtol=1e-6)


@pytest.mark.parametrize("keep", [0, 3, 50, -5])
def test_truncated_parquet(keep, tmp_path):
    path = in_parquet(tmp_path, a=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, "is not a whole .parquet file")


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(csv(tmp_path, "a\n1\n"), r"needs pyarrow: .* pip install -c constraints.txt '\.\[app\]'")
