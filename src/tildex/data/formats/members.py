"""The files in a folder or zip archive, by name, as bytes of bounded size."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from tildex.data.record import DataError

__all__ = ["Members", "content_of", "each", "is_archive", "none_found", "note_of", "opened"]

_SHOWN = 5
_LITTER = ("thumbs.db", "desktop.ini")

T = TypeVar("T")

_LARGEST = 1 << 28
"""Maximum bytes of one file: a picture or sound of a quarter of a gigabyte is a mistake."""


class Members(Protocol):
    """Files by name, with slashes as separators."""

    @property
    def names(self) -> tuple[str, ...]:
        """Files with the wanted endings, in order of name."""
        ...

    @property
    def others(self) -> tuple[str, ...]:
        """One sentence per file or folder that is left out, in order of name."""
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
    others: tuple[str, ...]

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
    others: tuple[str, ...]

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
        A folder, with sub-folders of any depth, or a zip archive, which is never unpacked to disk.
    endings : sequence of str
        In lower case, with the dot.

    Raises
    ------
    DataError
        If it is missing, or the archive is damaged.
    """
    if path.is_dir():
        names, closed = _below(path)
        yield _Folder(path, *_sorted_out(names, endings, closed))
        return
    if not path.exists():
        raise DataError(f"there is no folder or archive {path}")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}); make it again") from error
    with archive:
        files = (name for name in archive.namelist() if not name.endswith("/"))
        yield _Archive(archive, *_sorted_out(files, endings, []))


def content_of(path: Path, kind: str) -> bytes:
    """Return the content of one file.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it should be, for messages: "a picture".

    Raises
    ------
    DataError
        If it is missing, no file, too large, or cannot be read.
    """
    try:
        status = path.stat()
        # A pipe or device has no size and may never end.
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path} is no file: expected {kind}")
        _require_small(str(path), status.st_size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}: expected {kind}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected {kind}") from error


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip archive, by its name."""
    return path.suffix.lower() == ".zip" and not path.is_dir()


def _below(folder: Path) -> tuple[list[str], list[str]]:
    """Return the files below a folder, and one sentence per folder that cannot be listed."""
    names, closed = [], []
    above: dict[str, frozenset[str]] = {}

    def refuse(error: OSError) -> None:
        where = Path(error.filename).relative_to(folder).as_posix()
        closed.append(f"{where} cannot be listed ({error.strerror}); allow it")

    for place, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        real, parents = os.path.realpath(place), above.get(os.path.dirname(place), frozenset())
        # Links may lead in circles.
        if real in parents:
            folders.clear()
            continue
        above[place] = parents | {real}
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        names += [
            (Path(place) / name).relative_to(folder).as_posix()
            for name in files
            if (Path(place) / name).is_file()
        ]
    return names, closed


def _sorted_out(
    names: Iterable[str], endings: Sequence[str], closed: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # An archive may hold a name twice, and keeps names as written: "./a.png" differs from "a.png".
    shown = {name for name in names if not any(map(_is_hidden, PurePosixPath(name).parts))}
    wanted = {name for name in shown if PurePosixPath(name).suffix.lower() in endings}
    return tuple(sorted(wanted)), (*closed, *map(_left_out, sorted(shown - wanted)))


def _left_out(name: str) -> str:
    ending = PurePosixPath(name).suffix
    kind = (
        f"ends in {ending}, a kind of file that is not read here"
        if ending
        else "has no ending to tell its kind"
    )
    return f"{name} {kind}; convert it, or remove it"


def _is_hidden(part: str) -> bool:
    """Say whether a file or folder is hidden, or written by an operating system for itself."""
    return (part.startswith((".", "__MACOSX")) and part != "..") or part.lower() in _LITTER


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


def none_found(place: Path, members: Members, what: str, endings: Sequence[str]) -> DataError:
    """Return the error to raise where a folder or archive has no file with the wanted endings."""
    others = f"; {note_of(members.others)}" if members.others else ""
    return DataError(f"{place} holds {what}: expected files ending in {', '.join(endings)}{others}")
