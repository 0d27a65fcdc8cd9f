r"""Sounds as rows of one length: statistics of their log-mel spectra, as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from tildex.estimators.features.fixed import FixedFeatures
from tildex.features import log_mel, sound_statistics

__all__ = ["SoundFeatures"]


class SoundFeatures(FixedFeatures):
    """Log-mel features of sounds, whatever their length: how loud each pitch is, slice by slice, and how it varies.

    The spectrum is in decibels below the loudest moment of the sound, so that it does not matter how loud a recording
    is. For each of ``n_mels`` pitches come the mean in each of ``slices`` equal slices of the sound's time, the
    standard deviation over its whole time, and the mean change from one moment to the next. Zeros at the end of a row,
    with which shorter sounds are filled up, do not count. Nothing is learned.

    Parameters
    ----------
    rate : int
        Samples a second of the rows.
    n_mels : int
        Pitches, evenly spaced on the mel scale up to half the rate.
    slices : int
        Slices of time; 1 for textures such as rain, more where order matters, as in words.
    window : int
        Milliseconds of sound that a spectrum is of.
    hop : int
        Milliseconds from one spectrum to the next.

    Example
    -------
    >>> import numpy as np
    >>> from tildex import SoundFeatures
    >>> clicks = np.zeros((2, 8000), dtype=np.float32)
    >>> clicks[:, ::800] = 1.0
    >>> SoundFeatures(rate=8000, n_mels=20, slices=4).fit_transform(clicks).shape
    (2, 120)
    """

    def __init__(
        self, rate: int = 16_000, *, n_mels: int = 64, slices: int = 4, window: int = 32, hop: int = 16
    ) -> None:
        self.rate = rate
        self.n_mels = n_mels
        self.slices = slices
        self.window = window
        self.hop = hop

    def _least(self) -> Mapping[str, int]:
        return {"rate": 1000, "n_mels": 2, "slices": 1, "window": 2, "hop": 1}

    def _names(self, n_features: int) -> list[str]:
        what = [*(f"slice{k}" for k in range(self.slices)), "spread", "change"]
        return [f"{name}_mel{m}" for name in what for m in range(self.n_mels)]

    def _features(self, X: np.ndarray) -> np.ndarray:
        window, hop = (max(1, self.rate * ms // 1000) for ms in (self.window, self.hop))
        # A copy: torch takes no memory that is read-only or runs backwards.
        x = torch.from_numpy(X.copy())
        spectra = log_mel(x, self.rate, n_fft=_power_of_two(window), hop=hop, n_mels=self.n_mels)
        return sound_statistics(spectra, 1 + _lengths(X) // hop, self.slices).numpy()


def _lengths(X: np.ndarray) -> torch.Tensor:
    """Return how many samples there are up to the last that is not zero, at least one."""
    heard = X[:, ::-1] != 0
    silent = np.where(heard.any(1), heard.argmax(1), X.shape[1] - 1)
    return torch.from_numpy(np.maximum(1, X.shape[1] - silent))


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()
