"""Decoding one sound: samples of one channel, resampled to a given rate."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

import numpy as np

from tildex.data.record import DataError
from tildex.files import missing

__all__ = ["Heard", "require_soundfile", "resampled", "samples_of"]

_RATES = (1_000, 384_000)
_CHANNELS = 64
_SILENT = 1e-4
"""Peak below which a sound is silent: 80 decibels below full scale."""
_SHORTEST = 0.01
"""Seconds below which a sound is no more than a click."""


def require_soundfile() -> Any:
    """Return the soundfile module, or raise an error if it is missing."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise DataError(missing("sounds need soundfile")) from error
    return soundfile


class Heard(NamedTuple):
    """A sound, or its beginning.

    Attributes
    ----------
    samples : float32 array of shape (samples,)
        From -1 to 1, averaged over channels.
    rate : int
        Samples per second.
    seconds : float
        Length of the whole sound.
    peak : float
        Its loudest value in the file, by which the samples are divided if it exceeds 1.
    """

    samples: np.ndarray
    rate: int
    seconds: float
    peak: float


def samples_of(content: bytes, name: str, seconds: float) -> Heard:
    """Return a sound's samples from -1 to 1, averaged over channels, its rate and its length.

    Parameters
    ----------
    content : bytes
        A file in a format of libsndfile: wav, flac, ogg, mp3 and others.
    name : str
        Its name in messages.
    seconds : float
        Maximum length to read.

    Raises
    ------
    DataError
        If it is damaged, has an implausible rate, or is empty, shorter than 10 ms or silent.
    """
    soundfile = require_soundfile()
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate = int(file.samplerate)
            if not _RATES[0] <= rate <= _RATES[1]:
                raise DataError(
                    f"{name} claims {rate:,} samples per second, where {_RATES[0]:,} to {_RATES[1]:,} are "
                    "plausible; save it with its true rate"
                )
            if file.channels > _CHANNELS:
                raise DataError(
                    f"{name} has {file.channels} channels, more than {_CHANNELS}; save those that matter"
                )
            channels = file.read(math.ceil(seconds * rate), dtype="float32", always_2d=True)
            length = max(len(file), len(channels))
    except DataError:
        raise
    # Decoders raise many kinds of errors on damaged bytes.
    except Exception as error:
        # soundfile's message names an object in memory; libsndfile's says what is wrong.
        why = getattr(error, "error_string", error)
        raise DataError(f"{name} is not a whole sound ({why}); replace or remove it") from error
    if not len(channels):
        raise DataError(f"{name} is empty; record it again, or remove it")
    if not np.isfinite(channels).all():
        raise DataError(f"{name} holds NaN or infinity; save it again")
    sound = channels.mean(1)
    if len(sound) < min(_SHORTEST, seconds) * rate:
        raise DataError(
            f"{name} lasts {1000 * len(sound) / rate:.2g} ms, too short a sound; record it again, or remove it"
        )
    peak = float(np.abs(sound).max())
    if peak < _SILENT:
        where = (
            f" in the {seconds:g} seconds that are read; give more of them"
            if length > len(sound)
            else "; record it again"
        )
        raise DataError(f"{name} is silent{where}, or remove it")
    # Files of floats may have any scale; cutting them off at 1 would distort them.
    return Heard(sound / np.float32(max(1.0, peak)), rate, length / rate, peak)


def resampled(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return a sound at another rate, without aliasing (a polyphase filter).

    Example
    -------
    >>> resampled(np.ones(8000, np.float32), 8000, 4000).shape
    (4000,)
    """
    if rate == wanted:
        return sound
    # The import takes a second, which users without sounds should not wait for.
    from scipy.signal import resample_poly

    common = math.gcd(rate, wanted)
    return resample_poly(sound, wanted // common, rate // common).astype(np.float32)
