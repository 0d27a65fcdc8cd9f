r"""The quality of restored images.

.. math:: \mathrm{PSNR} = 10 \log_{10} \frac{\text{peak}^2}{\tfrac1n \sum_i (x_i - \hat x_i)^2}
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tildex.evaluate.estimate import Estimate

__all__ = ["psnr"]


def psnr(images: Any, restored: Any, *, peak: float = 1.0) -> Estimate:
    """Return the mean over images of the peak signal-to-noise ratio in decibels, with its standard error.

    Parameters
    ----------
    images, restored : array or Tensor of shape (n, ...)
        Originals and restorations; values outside [0, ``peak``] are clipped, as when displayed.
    peak : float
        The largest value a pixel can have.

    Example
    -------
    >>> psnr(np.zeros((2, 4)), np.full((2, 4), 0.1)).value
    20.0
    """
    originals, shown = (torch.as_tensor(t).detach().double().flatten(1) for t in (images, restored))
    if originals.shape != shown.shape:
        raise ValueError(
            f"expected arrays of equal shape, got {tuple(originals.shape)} and {tuple(shown.shape)}"
        )
    errors = (originals - shown.clamp(0, peak)).square().mean(1).clamp_min(np.finfo(np.float64).tiny)
    return Estimate.of((10 * torch.log10(peak**2 / errors)).cpu().numpy())
