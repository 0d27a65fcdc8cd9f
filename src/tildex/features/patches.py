r"""Image patches: extracted, normalised in brightness and contrast, and whitened.

.. math:: p' = \text{whiten}\left(\frac{p - \bar p}{\sqrt{\operatorname{var}(p) + c}}\right)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from tildex.generator import Generator
from tildex.maps import Whitening

__all__ = ["PatchScaling", "Size", "all_patches", "equalised", "random_patches"]

Size = int | tuple[int, int]
"""Height and width of a patch, or one number for both."""

_FLOOR = 10 / 255**2
"""From Coates, Ng & Lee (2011), for pixels between 0 and 1."""


def random_patches(images: Any, size: Size, n: int, *, generator: Generator) -> Tensor:
    """Return ``n`` patches from random places of random images, shape (n, height * width * channels of a patch).

    Parameters
    ----------
    images : array or Tensor of shape (images, height, width, channels)
        The images.
    size : int, or (height, width)
        Patch size; one number for both.
    n : int
        Number of patches.
    generator : Generator
        Chooses the patches.

    Example
    -------
    >>> random_patches(np.zeros((4, 8, 8, 3), np.float32), 6, 10, generator=Generator(0)).shape
    torch.Size([10, 108])
    """
    images, (down, across) = _checked(images, size)
    count, height, width, _ = images.shape
    picked, top, left = (
        torch.from_numpy(generator.integers(high, n)).to(images.device)[:, None, None]
        for high in (count, height - down + 1, width - across + 1)
    )
    rows, columns = (torch.arange(length, device=images.device) for length in (down, across))
    return images[picked, top + rows[:, None], left + columns].flatten(1)


def all_patches(images: Any, size: Size) -> Tensor:
    """Return every patch of every image, one pixel apart, shape (images, rows, columns, values of a patch).

    Example
    -------
    >>> all_patches(np.zeros((2, 32, 32, 3), np.float32), 6).shape
    torch.Size([2, 27, 27, 108])
    """
    images, (down, across) = _checked(images, size)
    windows = images.unfold(1, down, 1).unfold(2, across, 1)
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(3)


def equalised(patches: Tensor, *, floor: float = _FLOOR) -> Tensor:
    """Return patches, each normalised to mean zero and unit variance.

    Parameters
    ----------
    patches : Tensor of shape (..., features)
        Any number of patches.
    floor : float
        Added to each patch's variance, so that noise in flat patches is not amplified; the default is for pixels in
        [0, 1].
    """
    variance, mean = torch.var_mean(patches, -1, keepdim=True)
    return (patches - mean) * (variance + floor).rsqrt()


@dataclass(frozen=True)
class PatchScaling:
    """The preprocessing of patches: brightness and contrast normalisation, then whitening.

    Attributes
    ----------
    whitening : Whitening
        The whitening of normalised patches.
    floor : float
        As in :func:`equalised`.

    Example
    -------
    >>> pixels = Generator(0).uniform(500, 12)
    >>> scaling = PatchScaling.of(pixels)
    >>> scaling(pixels).shape
    torch.Size([500, 12])
    """

    whitening: Whitening
    floor: float = _FLOOR

    @classmethod
    def of(cls, patches: Tensor, *, epsilon: float = 0.1, floor: float = _FLOOR) -> Self:
        """Return the scaling fitted to some patches; ``epsilon`` is the whitening's."""
        return cls(Whitening.of(equalised(patches, floor=floor), epsilon=epsilon), floor)

    def __call__(self, patches: Tensor) -> Tensor:
        """Return preprocessed patches, shape (..., features)."""
        result: Tensor = self.whitening(equalised(patches, floor=self.floor))
        return result

    def filters(self, W: Any) -> np.ndarray:
        """Return filters of whitened patches as images in pixels.

        A filter ``w`` responds with ``w @ whitened``. It responds most to the patch whose whitening is ``w``, which
        the inverse whitening without its offset returns in pixels.
        """
        whitened = torch.as_tensor(np.asarray(W)).to(self.whitening.unmatrix)
        return (whitened @ self.whitening.unmatrix).cpu().numpy()


def _checked(images: Any, size: Size) -> tuple[Tensor, tuple[int, int]]:
    images = torch.as_tensor(images)
    down, across = (size, size) if isinstance(size, int) else size
    if images.ndim != 4 or not 1 <= down <= images.shape[1] or not 1 <= across <= images.shape[2]:
        raise ValueError(
            f"expected images of shape (n, height, width, channels), at least {down} pixels high and {across} wide, "
            f"got {tuple(images.shape)}"
        )
    return images if images.is_floating_point() else images.float(), (down, across)
