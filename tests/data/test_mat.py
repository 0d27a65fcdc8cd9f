"""Matrices from MATLAB files."""

import numpy as np
import pytest
from scipy.io import savemat

from tildex.data import DataError
from tildex.data.mat import read_columns

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
