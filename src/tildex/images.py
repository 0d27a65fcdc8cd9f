"""Images as rows: their shape, and luminance."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

__all__ = ["LUMINANCE", "check_image_shape", "image_axes", "luminance"]

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luminance of a pixel (ITU-R recommendation BT.601)."""


def luminance(pixels: Tensor) -> Tensor:
    """Return the luminance of pixels, shape (..., 3), as shape (..., 1)."""
    return (pixels * pixels.new_tensor(LUMINANCE)).sum(-1, keepdim=True)


def check_image_shape(image_shape: Sequence[int] | None) -> None:
    """Refuse anything but height, width and optional channels; None means square images of one channel."""
    if image_shape is not None and (len(image_shape) not in (2, 3) or min(image_shape) < 1):
        raise ValueError(f"image_shape must be height, width and perhaps channels, got {image_shape!r}")


def image_axes(image_shape: Sequence[int] | None, columns: int) -> tuple[int, int, int]:
    """Return height, width and channels of images in rows of ``columns`` columns.

    Raises
    ------
    ValueError
        If images of this shape have another number of values.
    """
    edge = math.isqrt(columns)
    height, width, channels = (edge, edge, 1) if image_shape is None else (*image_shape, 1)[:3]
    if height * width * channels != columns:
        raise ValueError(
            f"images of {height} x {width} x {channels} have {height * width * channels} values, and rows have "
            f"{columns} columns: set image_shape to height, width and channels of the images"
        )
    return height, width, channels
