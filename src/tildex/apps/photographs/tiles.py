r"""Process large images in overlapping tiles that are blended smoothly.

.. math:: y(p) = \sum_k w_k(p)\, f(\text{tile}_k)(p), \qquad \sum_k w_k(p) = 1

Wherever a tile has weight, it contains the whole receptive field of the function. The blend therefore equals the
function of the whole image, with memory that does not grow with the image.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["RAMP", "in_tiles"]

RAMP = 16
"""Width of the blend between two tiles, in pixels."""


class _Span(NamedTuple):
    """The extent of a tile along one axis, and the weight of each position."""

    start: int
    stop: int
    weight: Tensor


def in_tiles(
    function: Callable[[Tensor], Tensor], image: Tensor, *, tile: int, margin: int, multiple: int = 1
) -> Tensor:
    """Apply a function to an image, tile by tile.

    Parameters
    ----------
    function : callable
        Maps images, shape (1, height, width, channels), to images of the same height and width.
    image : Tensor of shape (height, width, channels)
        The whole image.
    tile : int
        The edge of a tile without its overlap, at least twice ``RAMP``.
    margin : int
        The radius of the function's receptive field.
    multiple : int
        Tiles start at multiples of this, to fit the grid on which ``function`` downsamples.

    Example
    -------
    >>> image = torch.rand(100, 70, 1)
    >>> torch.allclose(in_tiles(torch.square, image, tile=32, margin=0), image.square())
    True
    """
    if tile < 2 * RAMP:
        raise ValueError(f"tile must be at least {2 * RAMP} pixels, got {tile}")
    rows, columns = (_spans(edge, tile, margin + RAMP // 2, multiple) for edge in image.shape[:2])
    if len(rows) == len(columns) == 1:
        return function(image[None])[0]
    whole: Tensor | None = None
    for row in rows:
        for column in columns:
            part = function(image[None, row.start : row.stop, column.start : column.stop])[0]
            weight = row.weight[:, None, None] * column.weight[None, :, None]
            if whole is None:
                whole = part.new_zeros(*image.shape[:2], part.shape[-1])
            whole[row.start : row.stop, column.start : column.stop] += weight.to(part) * part
    assert whole is not None
    return whole


def _spans(edge: int, tile: int, reach: int, multiple: int) -> list[_Span]:
    count = -(-edge // tile)
    borders = [round(edge * k / count) for k in range(count + 1)]
    spans = []
    for low, high in pairwise(borders):
        start = max(0, low - reach) // multiple * multiple
        stop = min(edge, high + reach)
        place = torch.arange(start, stop) + 0.5
        weight = torch.ones(stop - start)
        if low > 0:
            weight = weight * _ramp(place, low)
        if high < edge:
            weight = weight * (1 - _ramp(place, high))
        spans.append(_Span(start, stop, weight))
    return spans


def _ramp(place: Tensor, border: int) -> Tensor:
    return ((place - border) / RAMP + 0.5).clamp(0, 1)
