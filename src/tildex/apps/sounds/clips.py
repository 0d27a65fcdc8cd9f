"""Sounds embedded in a page: compressed, and cut so that all of them fit."""

from __future__ import annotations

import base64
import io

import numpy as np

from tildex.data.sounds.decode import require_soundfile, resampled

__all__ = ["MEDIA_TYPE", "clips"]

MEDIA_TYPE = "audio/mpeg"

# A format that every browser plays, and a sampling rate that it supports.
_FORMAT = {"format": "MP3", "subtype": "MPEG_LAYER_III", "compression_level": 0.7}
_RATES = (8_000, 11_025, 12_000, 16_000, 22_050)
_GOLDEN = (5**0.5 - 1) / 2
_SECONDS = (10.0, 5.0, 3.0, 2.0, 1.0)


def clips(X: np.ndarray, rate: int, budget: int) -> list[str]:
    """Return sounds as base64 MP3 text for embedding, one string per row.

    Parameters
    ----------
    X : array of shape (sounds, samples)
        Samples from -1 to 1; trailing zeros are dropped.
    rate : int
        Samples per second.
    budget : int
        Maximum length of all strings together: sounds are cut to 10, 5, 3, 2 or 1 seconds to fit. If one second each
        does not fit, evenly spaced rows have a sound and the others an empty string.
    """
    for seconds in _SECONDS:
        texts = _within(X, rate, seconds, budget)
        if len(texts) == len(X):
            break
    return [texts.get(k, "") for k in range(len(X))]


def _within(X: np.ndarray, rate: int, seconds: float, budget: int) -> dict[int, str]:
    """Return sounds by row until the budget is used up, in an order whose every prefix is evenly spaced."""
    texts: dict[int, str] = {}
    for k in np.argsort(np.arange(len(X)) * _GOLDEN % 1):
        text = _encoded(X[k], rate, seconds)
        budget -= len(text)
        if budget < 0:
            break
        texts[int(k)] = text
    return texts


def _encoded(sound: np.ndarray, rate: int, seconds: float) -> str:
    heard = np.flatnonzero(sound)
    sound = sound[: min(int(seconds * rate), heard[-1] + 1 if len(heard) else 1)]
    wanted = max((known for known in _RATES if known <= rate), default=_RATES[0])
    buffer = io.BytesIO()
    require_soundfile().write(buffer, resampled(sound, rate, wanted).clip(-1, 1), wanted, **_FORMAT)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
