"""The batches of CIFAR-10: pickles in the published archive, or in its unpacked folder, also as .xz."""

from __future__ import annotations

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from tildex.data.formats.numeric import unit_rows
from tildex.data.formats.pickles import unpickle
from tildex.data.record import DataError

__all__ = ["BATCHES", "TEST", "decode", "from_archive", "from_folder", "unpacked", "usable"]

TEST = "test_batch"
FOLDER = "cifar-10-batches-py"

BATCHES = {
    "data_batch_1": "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd",
    "data_batch_2": "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8",
    "data_batch_3": "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9",
    "data_batch_4": "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b",
    "data_batch_5": "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154",
    TEST: "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831",
}
"""The sha256 of every batch as published, before any compression."""


def unpacked(folder: Path) -> dict[str, Path]:
    """Return the path of each batch in the unpacked folder, by name."""
    found: dict[str, Path] = {}
    for name in BATCHES:
        for path in (folder / FOLDER / name, folder / FOLDER / f"{name}.xz"):
            if path.is_file():
                found.setdefault(name, path)
    return found


def usable(paths: Collection[str]) -> bool:
    """Say whether both splits have a batch."""
    return TEST in paths and len(paths) > 1


def from_folder(paths: dict[str, Path], names: Collection[str]) -> dict[str, bytes]:
    """Return the pickles of those ``names`` that exist."""
    return {name: _read(paths[name]) for name in names if name in paths}


def from_archive(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the pickles called ``names`` from the published archive."""
    batches = {}
    try:
        # One pass, in archive order: going back in a gzip stream means unpacking it again.
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                name = member.name.removeprefix(f"{FOLDER}/")
                content = archive.extractfile(member) if name in names else None
                if content is not None:
                    batches[name] = content.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); download it again") from error
    return batches


def decode(name: str, raw: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a batch as rows in [0, 1], and its labels.

    Raises
    ------
    DataError
        If it is not the published batch.
    """
    found = hashlib.sha256(raw).hexdigest()
    if found != BATCHES[name]:
        raise DataError(
            f"{name} of cifar10 is not the published batch: expected sha256 {BATCHES[name]}, found {found}; "
            "download it again"
        )
    content = unpickle(raw)
    # Published as planes of red, green and blue; samples here are (height, width, channels).
    images = content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return unit_rows(images), np.asarray(content[b"labels"], dtype=np.int64)


def _read(path: Path) -> bytes:
    try:
        return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    except (OSError, lzma.LZMAError) as error:
        raise DataError(f"{path} cannot be read ({error}); download it again") from error
