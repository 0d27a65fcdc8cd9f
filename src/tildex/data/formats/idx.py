"""The idx format of MNIST: two zero bytes, a type, the number of axes, their big-endian lengths, the data."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from tildex.data.formats.numeric import unit_rows
from tildex.data.record import DataError

__all__ = ["labelled_images", "read_idx"]

_UINT8 = 8


def read_idx(path: Path) -> np.ndarray:
    """Return the array of bytes in a gzipped idx file.

    Raises
    ------
    DataError
        If the file is not gzip, not an idx file of bytes, or has another number of bytes than its header says.
    """
    try:
        raw = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is not a whole gzip file ({error}); download it again") from error
    if len(raw) < 4 or raw[:3] != bytes((0, 0, _UINT8)) or len(raw) < 4 + 4 * raw[3]:
        raise DataError(
            f"{path} is not an idx file of bytes: it begins with {raw[:4].hex(' ')}; download it again"
        )
    axes = raw[3]
    shape = struct.unpack_from(f">{axes}I", raw, 4)
    start = 4 + 4 * axes
    if len(raw) - start != math.prod(shape):
        raise DataError(f"{path} should hold {shape} bytes but holds {len(raw) - start:,}; download it again")
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)


def labelled_images(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of one split as rows in [0, 1], and the labels, from files with MNIST's names."""
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    return unit_rows(images), labels.astype(np.int64)
