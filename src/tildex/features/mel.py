r"""The mel scale, on which equal steps sound equally far apart, and its filter bank.

.. math:: m(f) = \frac{f}{200/3} \ \text{ below 1,000 Hz}, \qquad
          m(f) = 15 + \frac{27 \log(f / 1000)}{\log 6.4} \ \text{ above}
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["from_mel", "mel_bank", "to_mel"]

# Slaney (1998), "Auditory toolbox": linear up to the break, logarithmic beyond.
_HERTZ_A_MEL = 200 / 3
_BREAK = 1000.0
_STEP = math.log(6.4) / 27


def to_mel(hertz: Tensor) -> Tensor:
    """Return frequencies on the mel scale.

    Example
    -------
    >>> to_mel(torch.tensor([0.0, 1000.0, 6400.0])).tolist()
    [0.0, 15.0, 42.0]
    """
    high = _BREAK / _HERTZ_A_MEL + (hertz / _BREAK).clamp_min(1e-12).log() / _STEP
    return torch.where(hertz < _BREAK, hertz / _HERTZ_A_MEL, high)


def from_mel(mel: Tensor) -> Tensor:
    """Return the frequencies, in hertz, of points on the mel scale.

    Example
    -------
    >>> from_mel(torch.tensor([15.0, 42.0])).round().tolist()
    [1000.0, 6400.0]
    """
    at = _BREAK / _HERTZ_A_MEL
    return torch.where(mel < at, mel * _HERTZ_A_MEL, _BREAK * ((mel - at) * _STEP).exp())


def mel_bank(rate: float, n_fft: int, n_mels: int, *, low: float = 0.0, high: float | None = None) -> Tensor:
    """Return triangular filters of equal area, shape (n_mels, n_fft // 2 + 1), float32.

    Each rises from the centre of the previous filter to its own and falls to the centre of the next. Multiplied with
    a power spectrum, they give the power around each point of the mel scale.

    Parameters
    ----------
    rate : float
        Samples per second.
    n_fft : int
        Samples per window.
    n_mels : int
        Filters.
    low, high : float
        Where the first filter begins and the last ends, in hertz; ``high`` is half the rate when not given.

    Raises
    ------
    ValueError
        Unless 0 <= low < high <= half the rate.

    Example
    -------
    >>> mel_bank(16_000, 512, 40).shape
    torch.Size([40, 257])
    """
    high = rate / 2 if high is None else high
    if not 0 <= low < high <= rate / 2:
        raise ValueError(f"expected 0 <= low < high <= {rate / 2:g} hertz, got {low:g} and {high:g}")
    ends = to_mel(torch.tensor([low, high], dtype=torch.float64))
    corners = from_mel(torch.linspace(float(ends[0]), float(ends[1]), n_mels + 2, dtype=torch.float64))
    frequencies = torch.linspace(0, rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    area = (corners[2:] - corners[:-2])[:, None] / 2
    return (torch.minimum(rising, falling).clamp_min(0) / area).float()
