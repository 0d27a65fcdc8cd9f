"""Tables from .csv and .parquet files."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pyarrow import parquet

from tildex.data import DataError, read


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
def test_round_trip(array, tmp_path):
    names = [f"column {k}" for k in range(array.shape[1])]
    lines = [",".join(names), *(",".join(f"{value:.9g}" for value in row) for row in array)]
    columns = dict(zip(names, array.T, strict=True))
    for path in (csv(tmp_path, "\n".join(lines)), in_parquet(tmp_path, **columns)):
        record = read(path)
        np.testing.assert_array_equal(record.X, array)
        assert record.feature_names == tuple(names) and record.shape is None and record.y is None


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
        ("", "is not a .csv file with a header line"),
        ("a,b\n", "expected at least one row"),
        ("a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
        ("a,b\n1,2\n3,oops\n", "column 'b': expected numbers, row 2 has 'oops'"),
        ("a,b\n1,2\n,4\n", "column 'a': row 2 is empty or not a number"),
        ("a,b\n1,2\n3,nan\n", "column 'b': row 2 "),
        ("a,b\n1,2.5\n3,inf\n", "column 'b': row 2 has inf"),
        ("a,b\n1,2.5\n3,1e300\n", "column 'b': row 2 has 1e[+]300"),
        ("a,b\n1,2020-01-01\n", "column 'b': expected numbers, row 1 has '2020-01-01"),
        ("a,a\n1,2\n", "got 'a' twice"),
        ("5.1,-3e2\n1,2\n", "expected column names in the first line, got numbers"),
        ("a,y,label\n1,2,3\n", "expected one column of labels, got y and label"),
        ("a,y\n1,0.5\n", "column 'y': labels must be whole numbers or words, row 1 has 0.5"),
        ("a,y\n1,\n", "column 'y': row 1 is empty"),
        ("a,y\n1,2020-01-01\n", "column 'y': labels must be whole numbers or words"),
        ("y\n1\n", "expected numeric columns beside 'y'"),
    ],
)
def test_csv_that_cannot_be_used(text, message, tmp_path):
    refused(csv(tmp_path, text), message)


def test_a_text_column_of_digits_is_still_text(tmp_path):
    refused(in_parquet(tmp_path, a=["1", "2"]), "expected numbers, row 1 has '1'")


def test_a_csv_cut_inside_a_row(tmp_path):
    whole = "a,b,c\n" + "1.5,2.5,3.5\n" * 100
    refused(csv(tmp_path, whole[:-6]), "Expected 3 columns, got 2")


@pytest.mark.parametrize("keep", [0, 3, 50, -5])
def test_truncated_parquet(keep, tmp_path):
    path = in_parquet(tmp_path, a=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, "is not a whole .parquet file")


def test_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(csv(tmp_path, "a\n1\n"), r"needs pyarrow: .* pip install -c constraints.txt '\.\[app\]'")
