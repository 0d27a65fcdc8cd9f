"""The files of known data sets: their location, and verification against the published ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tildex.data.record import DataError

__all__ = ["File", "data_root", "verify"]

Content = Callable[[Path], np.ndarray]

# Files hashed in this process: (device, inode, size, time of change, digest). A rename keeps the inode, so a file
# verified under its temporary name is not hashed again.
_verified: set[tuple[int, int, int, int, str]] = set()


@dataclass(frozen=True)
class File:
    """A published file.

    Parameters
    ----------
    name : str
        Its name in the data set's folder.
    sha256 : str
        Digest of the file, or of ``content``.
    bytes : int, optional
        Its size; None if ``content`` is hashed.
    urls : tuple of str
        Where it is published, in order of preference.
    content : callable, optional
        Reads an array to hash instead of the file, for data that circulate in several file formats.
    """

    name: str
    sha256: str
    bytes: int | None
    urls: tuple[str, ...]
    content: Content | None = None

    def fits(self, size: int) -> bool:
        """Say whether a file of that many bytes may be this one."""
        return size > 0 if self.bytes is None else size == self.bytes


def data_root(root: Path | str | None = None) -> Path:
    """Return the folder that holds the data sets.

    It is ``root``, else ``$TILDEX_DATA``, else ``tildex`` in the user's cache folder.

    >>> str(data_root("here"))
    'here'
    """
    if root is not None:
        return Path(root)
    if named := os.environ.get("TILDEX_DATA"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "tildex"


def verify(path: Path, file: File) -> None:
    """Check that ``path`` is the published ``file``; each file is hashed once per process.

    Raises
    ------
    DataError
        If the size or the digest differs.
    """
    status = path.stat()
    size = status.st_size
    if not file.fits(size):
        expected = "some" if file.bytes is None else f"{file.bytes:,}"
        raise DataError(f"{path} is not whole: expected {expected} bytes, found {size:,}; {_advice(file)}")
    key = (status.st_dev, status.st_ino, size, status.st_mtime_ns, file.sha256)
    if key in _verified:
        return
    found = _digest(path, file.content)
    if found != file.sha256:
        raise DataError(
            f"{path} is not the published file: expected sha256 {file.sha256}, found {found}; {_advice(file)}"
        )
    _verified.add(key)


def _digest(path: Path, content: Content | None) -> str:
    if content is not None:
        return hashlib.sha256(content(path).tobytes()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _advice(file: File) -> str:
    source = f" from {file.urls[0]}" if file.urls else ""
    return f"delete it and try again, or put the published file{source} in its place"
