"""Batches of rows, whatever holds them."""

import timeit

import numpy as np
import pytest
import torch
from scipy import sparse

from tildex.data import DataError, rows
from tildex.data.rows import ArrayRows, SparseRows, TensorRows

X = np.random.default_rng(0).integers(0, 9, (30, 7)).astype(np.float32)
INDEX = np.array([4, 29, 0, 4, 17])


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def mapped(array, tmp_path, mode="r"):
    np.save(tmp_path / "x.npy", array)
    return np.load(tmp_path / "x.npy", mmap_mode=mode)


HOLDERS = {
    "array": lambda tmp: X,
    "float64": lambda tmp: X.astype(np.float64),
    "uint8": lambda tmp: X.astype(np.uint8),
    "fortran": lambda tmp: np.asfortranarray(X),
    "big-endian": lambda tmp: X.astype(">f4"),
    "backwards": lambda tmp: X[::-1].copy()[::-1],
    "strided": lambda tmp: np.repeat(X, 2, axis=1)[:, ::2],
    "read-only": lambda tmp: read_only(X),
    "memmap": lambda tmp: mapped(X, tmp),
    "memmap float64": lambda tmp: mapped(X.astype(np.float64), tmp),
    "memmap uint8": lambda tmp: mapped(X.astype(np.uint8), tmp),
    "memmap fortran": lambda tmp: mapped(np.asfortranarray(X), tmp),
    "memmap read-write": lambda tmp: mapped(X, tmp, "r+"),
    "memmap view": lambda tmp: np.asarray(mapped(X, tmp)),
    "csr": lambda tmp: sparse.csr_array(X),
    "csr matrix": lambda tmp: sparse.csr_matrix(X),
    "csc": lambda tmp: sparse.csc_array(X),
    "csr int": lambda tmp: sparse.csr_array(X.astype(int)),
    "tensor": lambda tmp: torch.from_numpy(X),
    "tensor float64": lambda tmp: torch.from_numpy(X).double(),
    "tensor with gradient": lambda tmp: torch.from_numpy(X.copy()).requires_grad_(),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("holder", HOLDERS)
def test_every_holder_gives_the_same_rows(holder, dtype, tmp_path):
    held = HOLDERS[holder](tmp_path)
    reader = rows(held, dtype=dtype)
    assert len(reader) == 30 and reader.n_features == 7
    for index in (INDEX, INDEX.astype(np.int32), slice(3, 9), slice(None), np.array([], dtype=int)):
        batch = reader.take(index)
        assert batch.dtype == dtype and batch.device.type == "cpu" and not batch.requires_grad
        np.testing.assert_array_equal(batch.float().numpy(), X[index])


def test_an_array_of_the_right_type_is_shared():
    own = X.copy()
    reader = rows(own)
    assert isinstance(reader, TensorRows) and reader.X.data_ptr() == own.ctypes.data


def test_memory_maps_are_never_copied_whole(tmp_path):
    for holder in ("memmap", "memmap float64", "memmap view", "memmap read-write"):
        held = HOLDERS[holder](tmp_path)
        reader = rows(held)
        assert isinstance(reader, ArrayRows) and np.shares_memory(reader.X, held)
    held = read_only(X)
    assert np.shares_memory(rows(held).X, held)
    held = sparse.csr_array(X)
    reader = rows(held)
    assert isinstance(reader, SparseRows) and reader.X is held


def test_gathered_batches_are_copies(tmp_path):
    for holder in ("array", "read-only", "memmap", "memmap read-write", "tensor"):
        rows(HOLDERS[holder](tmp_path)).take(INDEX).zero_()
    assert X.max() == 8


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ([[1.0]], "got list"),
        (np.ones(3), r"rows x features, got shape \(3,\)"),
        (torch.ones(2, 3, 4), r"got shape \(2, 3, 4\); flatten"),
    ],
)
def test_what_cannot_be_read(held, message):
    with pytest.raises(DataError, match=message):
        rows(held)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_batches_move_to_the_device(tmp_path):
    for holder in HOLDERS:
        batch = rows(HOLDERS[holder](tmp_path), device="cuda").take(INDEX)
        assert batch.is_cuda
        np.testing.assert_array_equal(batch.cpu().numpy(), X[INDEX])


def test_a_batch_costs_about_a_plain_copy():
    data = np.random.default_rng(0).random((5000, 784), dtype=np.float32)
    index = np.random.default_rng(1).permutation(5000)[:100]
    reader = rows(data)

    def best(call):
        return min(timeit.repeat(call, number=20, repeat=20))

    # A ratio within one process, for the machine may be busy: numpy's own gather is the measure.
    assert best(lambda: reader.take(index)) < 3 * best(lambda: data[index])
