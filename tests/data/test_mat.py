"""Matrices from MATLAB files."""

import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

from tildex.data import DataError
from tildex.data.formats.mat import read_columns, read_counts, read_labels, read_names

MATRIX = np.arange(6, dtype=np.uint8).reshape(3, 2)


def test_columns_become_rows(tmp_path):
    savemat(tmp_path / "a.mat", {"faces": MATRIX, "other": np.ones(3)})
    X = read_columns(tmp_path / "a.mat", "faces", (2, 3))
    np.testing.assert_array_equal(X, MATRIX.T)
    assert X.flags.c_contiguous


def test_another_matrix_is_refused(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"faces": MATRIX, "floats": MATRIX.astype(float)})
    with pytest.raises(DataError, match=r"not a \.mat file with a matrix 'ff'"):
        read_columns(path, "ff", (2, 3))
    with pytest.raises(DataError, match=r"expected 'faces' as \(2, 3\) bytes, got \(3, 2\) uint8"):
        read_columns(path, "faces", (3, 2))
    with pytest.raises(DataError, match=r"got \(3, 2\) float64"):
        read_columns(path, "floats", (2, 3))


@pytest.mark.parametrize("keep", [0, 50, 140, -8])
def test_damaged_files_are_named(keep, tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"faces": MATRIX}, do_compression=True)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"a\.mat is not a \.mat file"):
        read_columns(path, "faces", (2, 3))


def test_sparse_counts_labels_and_names(tmp_path):
    path = tmp_path / "a.mat"
    counts = np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]])
    cell = np.empty((1, 2), dtype=object)
    forms = np.empty((1, 2), dtype=object)
    forms[0, 0], forms[0, 1] = "cars", "car"
    cell[0, 0], cell[0, 1] = "dog", forms
    contents = {
        "X": csc_matrix(counts),
        "one_hot": csc_matrix(np.eye(3)[[2, 0]]),
        "numbers": [1, 3],
        "words": cell,
    }
    savemat(path, contents)
    X = read_counts(path, "X", (3, 2))
    assert X.format == "csr" and X.dtype == np.float32
    np.testing.assert_array_equal(X.toarray(), counts)
    assert read_labels(path, "one_hot").tolist() == [2, 0]
    assert read_labels(path, "numbers").tolist() == [0, 2]
    assert read_names(path, "words") == ("dog", "cars")


def test_what_is_no_matrix_of_counts_is_refused(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"dense": MATRIX, "halves": csc_matrix([[0.5, 1.0]]), "minus": csc_matrix([[-1.0, 1.0]])})
    with pytest.raises(DataError, match=r"'dense' as a sparse matrix of \(3, 2\), got \(3, 2\) uint8"):
        read_counts(path, "dense", (3, 2))
    with pytest.raises(DataError, match=r"'halves' as a sparse matrix of \(2, 2\), got \(1, 2\)"):
        read_counts(path, "halves", (2, 2))
    for key in ("halves", "minus"):
        with pytest.raises(DataError, match=f"counts in '{key}', got fractions or negative"):
            read_counts(path, key, (1, 2))
