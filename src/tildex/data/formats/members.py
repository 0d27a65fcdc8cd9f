"""The files in a folder or zip archive, by name, as bytes of bounded size."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from tildex.data.record import DataError

__all__ = ["Members", "each", "note_of", "opened"]

_SHOWN = 5

T = TypeVar("T")

_LARGEST = 1 << 28
"""Maximum bytes of one file: a picture or sound of a quarter of a gigabyte is a mistake."""


class Members(Protocol):
    """Files by name, with slashes as separators."""

    @property
    def names(self) -> tuple[str, ...]:
        """All files, in order of name."""
        ...

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        DataError
            If it is too large, or cannot be read.
        """
        ...


@dataclass(frozen=True)
class _Folder:
    path: Path
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            _require_small(name, path.stat().st_size)
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{name} cannot be read ({error}); allow it, or remove the file") from error


@dataclass(frozen=True)
class _Archive:
    archive: zipfile.ZipFile
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        try:
            # No more bytes are unpacked than the header declares, so that a small archive cannot fill memory.
            _require_small(name, self.archive.getinfo(name).file_size)
            return self.archive.read(name)
        except (
            OSError,
            RuntimeError,
            NotImplementedError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise DataError(f"{name} cannot be unpacked ({error}); make the archive again") from error


@contextmanager
def opened(path: Path, endings: Sequence[str]) -> Iterator[Members]:
    """Yield the files with those endings, in order of name, without hidden files.

    Parameters
    ----------
    path : Path
        A folder, with sub-folders one level deep, or a zip archive, which is never unpacked to disk.
    endings : sequence of str
        In lower case, with the dot.

    Raises
    ------
    DataError
        If an archive is damaged.
    """
    if path.is_dir():
        found = [file for pattern in ("*", "*/*") for file in path.glob(pattern) if file.is_file()]
        yield _Folder(path, _wanted((file.relative_to(path).as_posix() for file in found), endings))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}); make it again") from error
    with archive:
        yield _Archive(archive, _wanted(archive.namelist(), endings))


def _wanted(names: Iterable[str], endings: Sequence[str]) -> tuple[str, ...]:
    # An archive may hold a name twice, and keeps names as written: "./a.png" differs from "a.png".
    return tuple(sorted({name for name in names if _is_wanted(PurePosixPath(name), endings)}))


def _is_wanted(path: PurePosixPath, endings: Sequence[str]) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts)
    return path.suffix.lower() in endings and not hidden


def _require_small(name: str, size: int) -> None:
    if size > _LARGEST:
        raise DataError(
            f"{name} has {size:,} bytes, more than the {_LARGEST:,} allowed per file; make it smaller"
        )


def each(names: Iterable[str], read: Callable[[str], T]) -> tuple[dict[str, T], list[str]]:
    """Return the result of ``read`` for every name, and one sentence per name that it refuses.

    Example
    -------
    >>> def read(name):
    ...     if name == "b":
    ...         raise DataError("b is broken; mend it")
    ...     return name.upper()
    >>> each("abc", read)
    ({'a': 'A', 'c': 'C'}, ['b is broken; mend it'])
    """
    results: dict[str, T] = {}
    skipped = []
    for name in names:
        try:
            results[name] = read(name)
        except DataError as error:
            skipped.append(str(error))
    return results, skipped


def note_of(skipped: Iterable[str]) -> str:
    """Return a note that lists skipped files, the first few in full; empty if there are none.

    Example
    -------
    >>> note_of(["a is silent; record it again"])
    'skipped 1 file: a is silent; record it again'
    """
    skipped = list(skipped)
    if not skipped:
        return ""
    more = f"; and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
    files = "file" if len(skipped) == 1 else "files"
    return f"skipped {len(skipped):,} {files}: {'; '.join(skipped[:_SHOWN])}{more}"
