r"""Features of sounds of any length: statistics of log-mel spectra, as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from tildex.estimators.features.fixed import FixedFeatures
from tildex.features import log_mel, sound_statistics

__all__ = ["SoundFeatures"]


class SoundFeatures(FixedFeatures):
    """Log-mel features of sounds of any length: the loudness of each mel band, slice by slice, and its variation.

    Spectra are in decibels relative to the loudest moment of the sound, so that the level of a recording does not
    matter. ``transform`` returns, for each of ``n_mels`` bands, the mean in each of ``slices`` equal slices of time,
    the standard deviation over the whole sound, and the mean change between successive spectra. Zeros at the end of a
    row, which pad shorter sounds, are ignored. Nothing is learned.

    Parameters
    ----------
    rate : int
        Sampling rate of the rows in hertz, 16,000 by default.
    n_mels : int
        Mel bands, evenly spaced on the mel scale up to half the rate; 64 by default.
    slices : int
        Slices of time, 4 by default; 1 for textures such as rain, more if order matters, as in words.
    window : int
        Length of a spectrum's window in milliseconds, 32 by default.
    hop : int
        Step between spectra in milliseconds, 16 by default.

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
        # A copy: torch accepts no read-only or reversed memory.
        x = torch.from_numpy(X.copy())
        spectra = log_mel(x, self.rate, n_fft=_power_of_two(window), hop=hop, n_mels=self.n_mels)
        return sound_statistics(spectra, 1 + _lengths(X) // hop, self.slices).numpy()


def _lengths(X: np.ndarray) -> torch.Tensor:
    """Return the number of samples up to the last that is not zero, at least one."""
    heard = X[:, ::-1] != 0
    silent = np.where(heard.any(1), heard.argmax(1), X.shape[1] - 1)
    return torch.from_numpy(np.maximum(1, X.shape[1] - silent))


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()
