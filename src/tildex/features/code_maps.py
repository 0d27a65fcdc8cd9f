r"""Features of whole images from a patch model: its code at every position, summed over a few regions.

.. math:: \phi_{qk}(\text{image}) = \sum_{(r, c) \in \text{region } q} h_k(\text{patch}_{rc})
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tildex.features.patches import PatchScaling, Size, all_patches
from tildex.products import fast_products

__all__ = ["code_map", "image_features", "pooled"]

Encoder = Callable[[Tensor], Tensor]
"""From scaled patches, shape (n, features), to their codes, shape (n, units): ``estimator.transform`` is one."""


def code_map(images: Any, size: Size, scaling: PatchScaling, encode: Encoder) -> Tensor:
    """Return the code of every patch, shape (images, rows, columns, units), as a convolution would.

    Parameters
    ----------
    images : array or Tensor of shape (images, height, width, channels)
        The images.
    size : int, or (height, width)
        Patch size.
    scaling : PatchScaling
        The preprocessing of patches.
    encode : callable
        From scaled patches to codes; for example the ``transform`` of a fitted estimator.
    """
    patches = all_patches(images, size)
    codes = encode(scaling(patches.reshape(-1, patches.shape[-1])))
    return codes.view(*patches.shape[:3], -1)


def pooled(codes: Tensor, grid: int = 2) -> Tensor:
    """Return the sums over ``grid`` by ``grid`` regions, shape (images, grid * grid * units).

    Regions are as equal in size as whole rows and columns allow.

    Example
    -------
    >>> pooled(torch.ones(1, 27, 27, 1)).tolist()
    [[196.0, 182.0, 182.0, 169.0]]
    """
    rows = [part.sum(1) for part in codes.tensor_split(grid, 1)]
    cells = [part.sum(1) for row in rows for part in row.tensor_split(grid, 1)]
    return torch.cat(cells, 1)


@torch.no_grad()
def image_features(
    images: Any, size: Size, scaling: PatchScaling, encode: Encoder, *, grid: int = 2, batch_size: int = 8
) -> Tensor:
    """Return pooled codes of images (Coates, Ng & Lee, 2011, "An analysis of single-layer networks in unsupervised
    feature learning"), ready for a linear classifier once standardised.

    Parameters
    ----------
    images, size, scaling, encode
        As in :func:`code_map`.
    grid : int
        Regions along each side; 2 for the four quadrants.
    batch_size : int
        Images per batch; the codes of all their positions are in memory at once.

    Returns
    -------
    Tensor of shape (images, grid * grid * units)

    Example
    -------
    >>> import numpy as np
    >>> from tildex.features.patches import random_patches
    >>> from tildex.generator import Generator
    >>> images = np.random.default_rng(0).random((5, 8, 8, 3), dtype="float32")
    >>> scaling = PatchScaling.of(random_patches(images, 6, 500, generator=Generator(0)))
    >>> image_features(images, 6, scaling, lambda p: p.clamp_min(0)).shape
    torch.Size([5, 432])
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1 image, got {batch_size}")
    images = torch.as_tensor(images)
    with fast_products(images.device):
        parts = [pooled(code_map(part, size, scaling, encode), grid) for part in images.split(batch_size)]
    return torch.cat(parts)
