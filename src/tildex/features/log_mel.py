r"""Log-mel spectra: a sound's power around each pitch over time, and features of fixed length from them.

.. math:: S_{tm} = 10 \log_{10} \sum_f M_{mf} |\mathrm{STFT}(x)_{tf}|^2
"""

from __future__ import annotations

import torch
from torch import Tensor

from tildex.features.mel import mel_bank

__all__ = ["log_mel", "sound_statistics"]

_FLOOR = 1e-10
_RANGE = 80.0


def log_mel(x: Tensor, rate: float, *, n_fft: int, hop: int, n_mels: int) -> Tensor:
    """Return the power of sounds over time and pitch, in decibels below each sound's maximum, down to -80.

    Parameters
    ----------
    x : Tensor of shape (sounds, samples)
        The sounds.
    rate : float
        Samples per second.
    n_fft : int
        Samples per window, which is a Hann window.
    hop : int
        Samples between windows; the first is centred on the first sample.
    n_mels : int
        Filters of the bank (:func:`tildex.features.mel_bank`).

    Returns
    -------
    Tensor of shape (sounds, 1 + samples // hop, n_mels)
        From -80 to 0; a silent sound is -80 throughout.

    Example
    -------
    >>> tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 8000)[None]
    >>> log_mel(tone, 8000, n_fft=512, hop=256, n_mels=40).mean(1).argmax()
    tensor(16)
    """
    window = torch.hann_window(n_fft, dtype=x.dtype, device=x.device)
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode="constant", return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square()
    bank = mel_bank(rate, n_fft, n_mels).to(power)
    mel = (bank @ power).transpose(1, 2)
    loudest = mel.amax((1, 2), keepdim=True).clamp_min(_FLOOR)
    decibels = 10 * (mel / loudest).clamp_min(10 ** (-_RANGE / 10)).log10()
    return torch.where(loudest > _FLOOR, decibels, -_RANGE)


def sound_statistics(spectra: Tensor, lengths: Tensor, slices: int) -> Tensor:
    """Return features of fixed length from spectra of any length.

    For every filter: the mean over each of ``slices`` equal parts of the sound, the standard deviation over the whole
    sound, and the mean absolute change between frames.

    Parameters
    ----------
    spectra : Tensor of shape (sounds, frames, n_mels)
        Spectra, padded at the end where a sound is shorter.
    lengths : integer Tensor of shape (sounds,)
        Valid frames of each sound, at least 1.
    slices : int
        Number of time slices; a sound with fewer frames repeats some.

    Returns
    -------
    Tensor of shape (sounds, (slices + 2) * n_mels)

    Example
    -------
    >>> sound_statistics(torch.arange(6.0).view(1, 6, 1), torch.tensor([4]), 2)
    tensor([[0.5000, 2.5000, 1.1180, 1.0000]])
    """
    place = torch.arange(spectra.shape[1], device=spectra.device)
    inside = (place < lengths[:, None]).to(spectra)[..., None]
    count = lengths[:, None].to(spectra)
    mean = (spectra * inside).sum(1) / count
    variance = ((spectra - mean[:, None]).square() * inside).sum(1) / count
    change = (spectra.diff(dim=1).abs() * inside[:, 1:]).sum(1) / (count - 1).clamp_min(1)
    # Differences of cumulative sums give the mean of any slice.
    upto = torch.nn.functional.pad(spectra.double().cumsum(1), (0, 0, 1, 0))
    parts = []
    for k in range(slices):
        start = (lengths * k) // slices
        end = torch.maximum((lengths * (k + 1)) // slices, start + 1)
        picked = torch.stack([start, end], 1)[..., None].expand(-1, -1, spectra.shape[2])
        low, high = upto.gather(1, picked).unbind(1)
        parts.append(((high - low) / (end - start)[:, None]).to(spectra))
    return torch.cat([*parts, variance.sqrt(), change], 1)
