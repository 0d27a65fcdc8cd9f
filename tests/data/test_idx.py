"""The idx format."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tildex.data import DataError
from tildex.data.formats.idx import labelled_images, read_idx


def as_idx(array):
    head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=4), elements=st.integers(0, 255)))
def test_round_trip(array, tmp_path):
    path = tmp_path / "some.gz"
    path.write_bytes(gzip.compress(as_idx(array), compresslevel=1))
    np.testing.assert_array_equal(read_idx(path), array)


def test_images_become_rows_with_labels(tmp_path):
    images, labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.array([7, 1], np.uint8)
    (tmp_path / "some-images-idx3-ubyte.gz").write_bytes(gzip.compress(as_idx(images)))
    (tmp_path / "some-labels-idx1-ubyte.gz").write_bytes(gzip.compress(as_idx(labels)))
    X, y = labelled_images(tmp_path, "some")
    np.testing.assert_allclose(X, images.reshape(2, 12) / 255, rtol=1e-6)
    assert X.dtype == np.float32 and y.tolist() == [7, 1]


GOOD = as_idx(np.ones((2, 3), np.uint8))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"plain text", "not a whole gzip"),
        (gzip.compress(GOOD)[:-9], "not a whole gzip"),
        (gzip.compress(b""), "not an idx file"),
        (gzip.compress(b"\0\0\x0d\2" + GOOD[4:]), "not an idx file of bytes: it begins with 00 00 0d 02"),
        (gzip.compress(GOOD[:8]), "not an idx file"),
        (gzip.compress(GOOD[:-1]), r"should hold \(2, 3\) bytes but holds 5"),
        (gzip.compress(GOOD + b"more"), r"should hold \(2, 3\) bytes but holds 10"),
    ],
    # Named by hand: a gzip head holds the time, so its bytes would name a test otherwise in each process.
    ids=["no gzip", "cut short", "empty", "floats", "no data", "a byte short", "too long"],
)
def test_damaged_files_are_named(raw, message, tmp_path):
    path = tmp_path / "some-labels.gz"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert "some-labels.gz" in str(caught.value)
