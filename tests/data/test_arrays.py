"""Arrays from .npy and .npz files."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse

from tildex.data import DataError, read
from tildex.data.formats import numeric


def saved(path, array):
    np.save(path, array)
    return path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=4, max_side=5),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    order=st.sampled_from("CF"),
)
def test_npy_round_trip(array, order, tmp_path):
    record = read(saved(tmp_path / "a.npy", np.asarray(array, order=order)))
    np.testing.assert_array_equal(record.X, array.reshape(len(array), -1))
    assert record.shape == (array.shape[1:] if array.ndim > 2 else None)
    assert record.name == "a.npy" and record.y is None


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 2)])
def test_float32_stays_on_the_disk(shape, tmp_path):
    X = read(saved(tmp_path / "a.npy", np.ones(shape, np.float32))).X
    assert isinstance(X, np.memmap) and not X.flags.writeable


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.int8, np.bool_, ">f4", ">i2"])
def test_other_types_become_float32(dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(numeric, "_BLOCK", 8)
    array = (np.arange(21).reshape(7, 3) % 5).astype(dtype)
    X = read(saved(tmp_path / "a.npy", array)).X
    assert X.dtype == np.float32
    np.testing.assert_array_equal(X, array.astype(np.float32))


def test_bytes_are_pixels_unless_they_are_bits(tmp_path):
    pixels = np.array([[0, 51], [102, 255]], np.uint8)
    np.testing.assert_allclose(read(saved(tmp_path / "a.npy", pixels)).X, [[0, 0.2], [0.4, 1]], rtol=1e-6)
    bits = np.array([[0, 1], [1, 1]], np.uint8)
    np.testing.assert_array_equal(read(saved(tmp_path / "b.npy", bits)).X, bits)


def test_npz_with_labels(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.ones((3, 2, 2)), y=np.array([2, 0, 1]), other=np.ones((9, 9)))
    record = read(tmp_path / "a.npz")
    assert record.X.shape == (3, 4) and record.shape == (2, 2) and record.y.tolist() == [2, 0, 1]
    np.savez_compressed(tmp_path / "b.npz", images=np.ones((3, 2)), y=np.array(["b", "a", "b"]))
    record = read(tmp_path / "b.npz")
    assert record.y.tolist() == [1, 0, 1] and record.target_names == ("a", "b")


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.coo_array])
def test_sparse_npz(kind, tmp_path):
    dense = np.array([[0, 2, 0], [1, 0, 0]])
    sparse.save_npz(tmp_path / "a.npz", kind(dense))
    X = read(tmp_path / "a.npz").X
    assert sparse.issparse(X) and X.format == "csr" and X.dtype == np.float32
    np.testing.assert_array_equal(X.toarray(), dense)


def refused(path, message):
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(5), r"expected rows x features, at least one of each, got shape \(5,\)"),
        (np.ones((0, 5)), "at least one of each"),
        (np.ones((5, 0)), "at least one of each"),
        (np.float32(1), "expected rows x features"),
        (np.array([["a", "b"]]), "expected numbers, got <U1"),
        (np.ones((2, 2), complex), "expected numbers, got complex128"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "row 2, column 2 is NaN"),
        (np.array([[1.0, np.inf]], np.float32), "row 1, column 2"),
        (np.array([[1e300, 1.0]]), "too large for float32"),
    ],
)
def test_arrays_that_cannot_be_used(array, message, tmp_path):
    refused(saved(tmp_path / "a.npy", array), message)
    np.savez(tmp_path / "a.npz", X=array)
    refused(tmp_path / "a.npz", message)


def test_objects_are_never_unpickled(tmp_path):
    array = np.array([[{}, 1]], dtype=object)
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "a.npz", X=array)
    refused(tmp_path / "a.npy", "Python objects")
    refused(tmp_path / "a.npz", "Object arrays cannot be loaded")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("keep", [0, 5, 90, -10])
def test_truncated_files(name, keep, tmp_path):
    path = tmp_path / name
    (np.save if name.endswith("npy") else np.savez)(path, np.random.default_rng(0).random((20, 20)))
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, f"is not a whole {path.suffix} file of numbers .*write it with numpy.save")


def test_files_of_another_kind(tmp_path):
    (tmp_path / "a.npy").write_text("x,y\n1,2\n")
    refused(tmp_path / "a.npy", "magic string")
    saved(tmp_path / "b.npy", np.ones((2, 2))).rename(tmp_path / "b.npz")
    refused(tmp_path / "b.npz", "not a zip archive")


def test_npz_without_a_clear_choice(tmp_path):
    np.savez(tmp_path / "a.npz", train=np.ones((2, 2)), test=np.ones((2, 2)))
    refused(tmp_path / "a.npz", "got test, train; name it X")
    np.savez(tmp_path / "b.npz")
    refused(tmp_path / "b.npz", "got nothing")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([0, 1, 2]), "one label for each of 2 rows"),
        (np.ones((2, 2)), "expected one label per row"),
        (np.array([0.5, 1.0]), "row 1 has 0.5"),
        (np.array([1.0, np.nan]), "row 2 has nan"),
        (np.array([1j, 2]), "whole numbers or words, got complex128"),
    ],
)
def test_labels_that_cannot_be_used(y, message, tmp_path):
    np.savez(tmp_path / "a.npz", X=np.ones((2, 3)), y=y)
    refused(tmp_path / "a.npz", message)


def test_unsound_sparse_matrices(tmp_path):
    parts = {"format": b"csr", "shape": [2, 3], "data": [1.0, 2.0], "indptr": [0, 1, 2]}
    np.savez(tmp_path / "a.npz", indices=[0, 99], **parts)
    refused(tmp_path / "a.npz", "not a (sound sparse matrix|whole .npz file)")
    np.savez(tmp_path / "b.npz", indices=[0, 1], **(parts | {"data": [1.0, np.nan]}))
    refused(tmp_path / "b.npz", "NaN")
    np.savez(tmp_path / "c.npz", indices=[0, 1], **(parts | {"data": [1j, 1.0]}))
    refused(tmp_path / "c.npz", "expected numbers, got complex128")
    np.savez(tmp_path / "d.npz", indices=[0, 1], **(parts | {"format": b"what"}))
    refused(tmp_path / "d.npz", "not a whole .npz file")
