"""Downloading files of a known data set: to a temporary name, verified, then moved into place."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from tildex.data.record import DataError
from tildex.data.sets.published import File, verify

__all__ = ["directions", "fetch"]

_SECONDS = 10.0
"""Timeout for a server's answer and for the next bytes."""

_CHUNK = 1 << 18


def fetch(files: Iterable[File], folder: Path) -> None:
    """Ensure that every file is in ``folder`` and is the published one; download missing ones.

    Raises
    ------
    DataError
        If an existing file is not the published one, or a missing one cannot be downloaded. No half-written file is
        left, and the message says which files to put where.
    """
    missing = []
    for file in files:
        if (folder / file.name).exists():
            verify(folder / file.name, file)
        else:
            missing.append(file)
    if not missing:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make {folder} ({error}); {directions(missing, folder)}") from error
    with _progress() as advance:
        for position, file in enumerate(missing):
            failures = _download(file, folder, advance)
            if failures:
                todo = directions(missing[position:], folder)
                raise DataError(f"{file.name} could not be downloaded ({'; '.join(failures)}); {todo}")


def directions(files: Iterable[File], folder: Path) -> str:
    """Return instructions for a user without a network, one line per file."""
    lines = [f"{file.name}{_size(file)} from {' or '.join(file.urls)}" for file in files]
    return "\n  ".join((f"put into {folder}:", *lines))


def _size(file: File) -> str:
    return "" if file.bytes is None else f" ({file.bytes:,} bytes)"


def _download(file: File, folder: Path, advance: Callable[[File, int], None]) -> list[str]:
    """Try one address after the other; return the failures, or an empty list on success."""
    failures = []
    for url in file.urls:
        try:
            _receive(url, file, folder, advance)
        except (OSError, HTTPException, DataError) as error:
            failures.append(f"{url}: {error}")
        else:
            return []
    return failures or ["no address is known"]


def _receive(url: str, file: File, folder: Path, advance: Callable[[File, int], None]) -> None:
    temporary = folder / f".{file.name}.{secrets.token_hex(4)}.part"
    try:
        with urlopen(url, timeout=_SECONDS) as response, temporary.open("xb") as target:
            while chunk := response.read(_CHUNK):
                target.write(chunk)
                advance(file, len(chunk))
        verify(temporary, file)
        os.replace(temporary, folder / file.name)
    finally:
        # After the move there is nothing to remove; after an error or Ctrl-C the fragment must be removed.
        temporary.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Callable[[File, int], None]]:
    """Show one progress bar per file on a terminal; yield the function that advances it."""
    # Imported here because most runs find their data on disk and need no bar.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[str, TaskID] = {}

        def advance(file: File, received: int) -> None:
            if file.name not in bars:
                bars[file.name] = progress.add_task(file.name, total=file.bytes)
            progress.advance(bars[file.name], received)

        yield advance
