"""Folders and archives of sounds: one sound per row, at one rate, with sub-folders as classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from tildex.data.formats.classes import classes_of
from tildex.data.formats.members import Members, content_of, each, none_found, note_of, opened
from tildex.data.reading import ANY_READING, Reading
from tildex.data.record import DataError, Record
from tildex.data.sounds.decode import Heard, require_soundfile, resampled, samples_of

__all__ = ["SOUNDS", "read_sound", "read_sounds"]

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".oga", ".opus", ".au", ".caf", ".w64")

_SECONDS = 10.0
_HIGHEST = 22_050
_LONGEST = 3600.0
_LOUD = 1.5
"""Peak from which it is said that a sound was scaled; lossy formats exceed 1 by a little."""
_MOST_VALUES = 1 << 30
"""Maximum number of samples in memory: four gigabytes."""


def read_sounds(path: Path, wanted: Reading = ANY_READING, seconds: float | None = None) -> Record:
    """Return the sounds of a folder or zip archive in order of name, with samples from -1 to 1.

    Parameters
    ----------
    path : Path
        Folder of sounds, with sub-folders of any depth as classes.
    wanted : Reading
        Their rate and length in samples, as far as known: other sounds are resampled, and cut or padded with silence.
        Otherwise the rate is the most common of the files, at most 22,050, and the length that of the longest.
    seconds : float, optional
        Maximum length of a sound; the rest is dropped. 10 when not given.

    Returns
    -------
    Record
        Shorter sounds are padded with zeros. Channels are averaged; a sound of floats with a peak above 1 is divided by
        it. Files that are not sounds, are empty, silent or too
        short, or have an implausible rate are ``skipped``.

    Raises
    ------
    DataError
        If there are no readable sounds, or they do not fit into memory.
    """
    require_soundfile()
    if wanted.samples is not None and wanted.rate is not None:
        seconds = wanted.samples / wanted.rate
    seconds = _SECONDS if seconds is None else seconds
    _require_positive(wanted.rate, seconds)
    with opened(path, SOUNDS) as members:
        if not members.names:
            raise none_found(path, members, "no sounds", SOUNDS)
        heard, broken = each(members.names, _reader(members, seconds, path))
        skipped = (*broken, *members.others)
    if not heard:
        raise DataError(note_of(skipped))
    common = Counter(one.rate for one in heard.values()).most_common(1)[0][0]
    rate = wanted.rate or min(common, _HIGHEST)
    X = _padded([resampled(one.samples, one.rate, rate) for one in heard.values()], path, wanted.samples)
    classes = classes_of(tuple(heard), wanted.classes or ())
    said = [*_said(heard.values(), rate, X.shape[1], wanted), *classes.said, note_of(skipped)]
    return Record(
        X,
        classes.y,
        X.shape[1:],
        target_names=classes.names,
        name=path.name,
        note="\n".join(filter(None, said)),
        files=tuple(heard),
        rate=rate,
        skipped=skipped,
        reading=Reading(rate=rate, samples=X.shape[1], classes=classes.names),
    )


def _said(heard: Collection[Heard], rate: int, samples: int, wanted: Reading) -> list[str]:
    """Return what was done to sounds of other rates and lengths."""
    said = []
    if other := sum(one.rate != rate for one in heard):
        advice = "" if wanted.rate else "; to choose: --rate (rate in Python)"
        said.append(
            f"{other:,} of {len(heard):,} sounds were resampled to {rate:,} samples per second{advice}"
        )
    if loud := sum(one.peak > _LOUD for one in heard):
        said.append(f"{loud:,} of {len(heard):,} sounds exceed full scale and were divided by their peak")
    lengths = [one.seconds for one in heard]
    length = samples / rate
    cut = sum(round(one * rate) > samples for one in lengths)
    padded = sum(round(one * rate) < samples for one in lengths)
    if cut or padded:
        done = [f"{cut:,} cut"] * bool(cut) + [f"{padded:,} padded with silence"] * bool(padded)
        advice = "" if wanted.samples else "; to choose: --seconds (seconds in Python)"
        said.append(f"sounds of {_span(lengths)} s: {', '.join(done)} to {length:.3g} s{advice}")
    return said


def _span(lengths: Collection[float]) -> str:
    low, high = f"{min(lengths):.3g}", f"{max(lengths):.3g}"
    return low if low == high else f"{low} to {high}"


def _reader(members: Members, seconds: float, path: Path) -> Callable[[str], Heard]:
    """Return a function that reads one sound of many, and raises an error when they exceed memory."""
    total = 0

    def read(name: str) -> Heard:
        nonlocal total
        heard = samples_of(members.read(name), name, seconds)
        total += len(heard.samples)
        if total > 2 * _MOST_VALUES:
            raise MemoryError(f"{path} holds more sound than fits into memory; give fewer seconds of each")
        return heard

    return read


def read_sound(path: Path, rate: int, seconds: float = _SECONDS) -> np.ndarray:
    """Return one sound at that rate, shape (samples,).

    Raises
    ------
    DataError
        If it cannot be read, is empty or silent, or has an implausible rate.
    """
    _require_positive(rate, seconds)
    heard = samples_of(content_of(path, "a sound"), str(path), seconds)
    return resampled(heard.samples, heard.rate, rate)


def _padded(sounds: list[np.ndarray], path: Path, samples: int | None = None) -> np.ndarray:
    longest = samples or max(map(len, sounds))
    if longest * len(sounds) > _MOST_VALUES:
        most = _MOST_VALUES / len(sounds)
        raise DataError(
            f"{path}: {len(sounds):,} sounds of up to {longest:,} samples do not fit into memory; give fewer seconds "
            f"or a lower rate, so that none has more than {int(most):,}"
        )
    X = np.zeros((len(sounds), longest), dtype=np.float32)
    for row, sound in zip(X, sounds, strict=True):
        row[: len(sound)] = np.clip(sound[:longest], -1, 1)
    return X


def _require_positive(rate: int | None, seconds: float) -> None:
    if rate is not None and (rate < 1_000 or rate != int(rate)):
        raise DataError(f"expected a rate of at least 1,000 samples per second, got {rate}")
    if not 0 < seconds <= _LONGEST:
        raise DataError(
            f"expected a positive number of seconds to read of a sound, {_LONGEST:g} at most, got {seconds}"
        )
