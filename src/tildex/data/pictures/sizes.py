"""Pictures of one size: a size chosen from many, and how a picture is brought to a size."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tildex.data.record import DataError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["RESIZES", "check_size", "chosen_size", "resized"]

Size = tuple[int, int]

_LARGEST = 256 * 256
"""Pixels of pictures that keep their common size."""
_PIXELS = 64 * 64
"""Pixels of a chosen size, on which a dense network trains in minutes."""
_STEP = 4
"""Chosen sides are multiples of it, which networks that halve images twice need."""
_GAP = 3.0
"""Pillow's ``reducing_gap``: from this value on, results of its fast way equal those of the slow one to the eye."""


def chosen_size(sizes: Sequence[Size], *, most: int = _LARGEST) -> Size:
    """Return the common size of pictures, or else one chosen from theirs.

    Pictures of one size keep it if it has at most ``most`` pixels. Otherwise the size has the median of their aspect
    ratios and of their numbers of pixels, at most about 4,096, and sides that are multiples of 4.

    Parameters
    ----------
    sizes : sequence of (height, width)
        One per picture.
    most : int
        Pixels of pictures that keep their size; 256 x 256 by default.

    Example
    -------
    >>> chosen_size([(100, 150)] * 3), chosen_size([(480, 640), (480, 640), (640, 480)])
    ((100, 150), (56, 72))
    """
    if len(set(sizes)) == 1 and math.prod(sizes[0]) <= most:
        return sizes[0]
    aspect = math.exp(statistics.median(math.log(width / height) for height, width in sizes))
    pixels = min(_PIXELS, statistics.median(height * width for height, width in sizes))
    return _side(math.sqrt(pixels / aspect)), _side(math.sqrt(pixels * aspect))


def _side(length: float) -> int:
    return max(1, round(length)) if length < 2 * _STEP else min(_PIXELS, _STEP * round(length / _STEP))


def check_size(image_size: Sequence[int]) -> Size:
    """Return a size given by a user as (height, width).

    Raises
    ------
    DataError
        If it is not two positive whole numbers.
    """
    if len(image_size) != 2 or any(int(side) != side or side < 1 for side in image_size):
        raise DataError(f"image_size must be height and width in pixels, each at least 1, got {image_size!r}")
    return int(image_size[0]), int(image_size[1])


def resized(image: Image.Image, size: Size, resize: str = "crop") -> Image.Image:
    """Return a picture in another size.

    Parameters
    ----------
    image : Image
        Of mode "L", "RGB" or "F".
    size : (height, width)
        The size.
    resize : str
        How another aspect ratio is brought to it: ``crop`` cuts off equally at both ends of the longer side, ``pad``
        adds white at both ends of the shorter one, ``stretch`` distorts.
    """
    return image if image.size == (size[1], size[0]) else RESIZES[resize](image, *size)


def _crop(image: Image.Image, height: int, width: int) -> Image.Image:
    scale = min(image.width / width, image.height / height)
    # Rounding must not take the box beyond the picture.
    left, top = max(0.0, image.width - width * scale) / 2, max(0.0, image.height - height * scale) / 2
    return _scaled(image, height, width, (left, top, image.width - left, image.height - top))


def _pad(image: Image.Image, height: int, width: int) -> Image.Image:
    from PIL import Image as Images

    scale = min(width / image.width, height / image.height)
    inner = max(1, round(image.height * scale)), max(1, round(image.width * scale))
    # White is 1 in mode "F", and 255 in the others.
    whole = Images.new(image.mode, (width, height), 1 if image.mode == "F" else "white")
    whole.paste(_scaled(image, *inner), ((width - inner[1]) // 2, (height - inner[0]) // 2))
    return whole


def _scaled(
    image: Image.Image, height: int, width: int, box: tuple[float, float, float, float] | None = None
) -> Image.Image:
    from PIL.Image import Resampling

    return image.resize((width, height), Resampling.LANCZOS, box, reducing_gap=_GAP)


RESIZES: dict[str, Callable[[Image.Image, int, int], Image.Image]] = {
    "crop": _crop,
    "pad": _pad,
    "stretch": _scaled,
}
"""Ways of bringing a picture to a size, by name."""
