"""Folders and archives of sounds: one sound per row, at one rate, with sub-folders as classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tildex.data.formats.members import Members, each, note_of, opened
from tildex.data.pictures.folder import classes_of
from tildex.data.record import DataError, Record
from tildex.data.sounds.decode import require_soundfile, resampled, samples_of

__all__ = ["SOUNDS", "read_sound", "read_sounds"]

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".oga", ".opus")

_SECONDS = 10.0
_HIGHEST = 22_050
_LONGEST = 3600.0
_MOST_VALUES = 1 << 30
"""Maximum number of samples in memory: four gigabytes."""


def read_sounds(path: Path, rate: int | None = None, seconds: float | None = None) -> Record:
    """Return the sounds of a folder or zip archive in order of name, with samples from -1 to 1.

    Parameters
    ----------
    path : Path
        Folder of sounds, or of one sub-folder of sounds per class.
    rate : int, optional
        Samples per second; other sounds are resampled. When not given, the most common rate of the files, at most
        22,050.
    seconds : float, optional
        Maximum length of a sound; the rest is dropped. 10 when not given.

    Returns
    -------
    Record
        Rows are as long as the longest sound; shorter ones are padded with zeros. Channels are averaged. Files that
        are not sounds, are empty or silent, or have an implausible rate are ``skipped``.

    Raises
    ------
    DataError
        If there are no readable sounds, or they do not fit into memory.
    """
    require_soundfile()
    seconds = _SECONDS if seconds is None else seconds
    _require_positive(rate, seconds)
    with opened(path, SOUNDS) as members:
        if not members.names:
            raise DataError(f"{path} holds no sounds: expected files ending in {', '.join(SOUNDS)}")
        y, target_names = classes_of(members.names, path)
        found, skipped = each(members.names, _reader(members, seconds, path))
    if not found:
        raise DataError(note_of(skipped))
    kept = [k for k, name in enumerate(members.names) if name in found]
    common = Counter(own for _, own in found.values()).most_common(1)[0][0]
    rate = min(common, _HIGHEST) if rate is None else rate
    X = _padded([resampled(sound, own, rate) for sound, own in found.values()], path)
    return Record(
        X,
        None if y is None else y[kept],
        X.shape[1:],
        target_names=target_names,
        name=path.name,
        note=note_of(skipped),
        files=tuple(found),
        rate=rate,
        skipped=tuple(skipped),
    )


def _reader(members: Members, seconds: float, path: Path) -> Callable[[str], tuple[np.ndarray, int]]:
    """Return a function that reads one sound of many, and raises an error when they exceed memory."""
    total = 0

    def read(name: str) -> tuple[np.ndarray, int]:
        nonlocal total
        sound, rate = samples_of(members.read(name), name, seconds)
        total += len(sound)
        if total > 2 * _MOST_VALUES:
            raise MemoryError(f"{path} holds more sound than fits into memory; give fewer seconds of each")
        return sound, rate

    return read


def read_sound(path: Path, rate: int, seconds: float = _SECONDS) -> np.ndarray:
    """Return one sound at that rate, shape (samples,).

    Raises
    ------
    DataError
        If it cannot be read, is empty or silent, or has an implausible rate.
    """
    _require_positive(rate, seconds)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}): expected a sound") from error
    return resampled(*samples_of(content, str(path), seconds), rate)


def _padded(sounds: list[np.ndarray], path: Path) -> np.ndarray:
    longest = max(map(len, sounds))
    if longest * len(sounds) > _MOST_VALUES:
        most = _MOST_VALUES / len(sounds)
        raise DataError(
            f"{path}: {len(sounds):,} sounds of up to {longest:,} samples do not fit into memory; give fewer seconds "
            f"or a lower rate, so that none has more than {int(most):,}"
        )
    X = np.zeros((len(sounds), longest), dtype=np.float32)
    for row, sound in zip(X, sounds, strict=True):
        row[: len(sound)] = np.clip(sound, -1, 1)
    return X


def _require_positive(rate: int | None, seconds: float) -> None:
    if rate is not None and (rate < 1_000 or rate != int(rate)):
        raise DataError(f"expected a rate of at least 1,000 samples per second, got {rate}")
    if not 0 < seconds <= _LONGEST:
        raise DataError(
            f"expected a positive number of seconds to read of a sound, {_LONGEST:g} at most, got {seconds}"
        )
