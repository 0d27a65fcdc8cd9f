"""Decoding one picture, upright and in one of three modes, by rules that are the same wherever pictures are read.

Values of 8 bits are divided by 255 and those of 16 by 65,535. Wider ones, which are whole numbers of 32 bits or floats,
have no natural white: they go from ``levels[0]``, black, to ``levels[1]``, white, and are unchanged if all lie between
0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tildex.data.pictures.opening import opened_picture, orientation, turned, upright
from tildex.data.record import DataError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Decoded", "Form", "common_levels", "decoded", "form_of", "on_white"]

Size = tuple[int, int]
Levels = tuple[float, float]

_GREY = ("1", "L", "LA", "La", "F", "I")
_WITH_ALPHA = ("LA", "La", "RGBA", "RGBa", "PA")
_SAMPLE_BITS, _SAMPLE_FORMAT = 258, 339
_UNSIGNED = 1


class Form(NamedTuple):
    """What a picture is, before its pixels are decoded.

    Attributes
    ----------
    grey : bool
        Whether it has one channel.
    size : (height, width)
        In pixels, upright.
    levels : (lowest, highest), optional
        Its range, if its values are whole numbers of 32 bits or floats.
    clear : bool
        Whether it stores transparency.
    """

    grey: bool
    size: Size
    levels: Levels | None
    clear: bool


class Decoded(NamedTuple):
    """An upright picture.

    Attributes
    ----------
    image : Image
        Its mode is "L", "RGB", or "F" with values from 0 to 1 if the file is deeper than 8 bits.
    alpha : Image, optional
        Opacity of each pixel, mode "L", if the file stores it.
    depth : int
        Bits of a value: 8, 16 or 32.
    levels : (lowest, highest)
        Values in the file that became 0 and 1.
    """

    image: Image.Image
    alpha: Image.Image | None
    depth: int
    levels: Levels


def form_of(content: bytes, name: str) -> Form:
    """Return what a picture is, from its header alone if that says it.

    Raises
    ------
    DataError
        If it is not one picture, is too large, or holds NaN.
    """
    with opened_picture(content, name) as image:
        levels = None
        if _depth(image) == 32:
            values = _wide(image, name)
            levels = float(values.min()), float(values.max())
        if image.format == "TIFF":
            # Pillow turns these itself, when it decodes them.
            image.load()
        lying = orientation(image) >= 5
        height, width = (image.width, image.height) if lying else (image.height, image.width)
        return Form(_is_grey(image.mode), (height, width), levels, _is_clear(image))


def decoded(
    content: bytes, name: str, levels: Levels | None = None, *, at_least: Size | None = None
) -> Decoded:
    """Return a picture, upright.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name in messages.
    levels : (lowest, highest), optional
        Values of 32 bits that become 0 and 1, where others are clipped; by default the picture's own range, and
        (0, 1) if it lies within.
    at_least : (height, width), optional
        A smaller version of at least this size will do, which is faster to decode from a JPEG file.

    Raises
    ------
    DataError
        If it is not one whole picture, is too large, or holds NaN.
    """
    from PIL import Image

    with opened_picture(content, name) as image:
        if at_least is not None:
            edge = max(at_least)
            image.draft(None, (edge, edge))
        depth = _depth(image)
        if depth == 8:
            plain, alpha = _plain(upright(image))
            return Decoded(plain, alpha, depth, (0, 255))
        if depth == 16:
            values, levels = np.asarray(image, dtype=np.float32), (0, 65535)
        else:
            values = _wide(image, name)
            levels = levels or common_levels([(float(values.min()), float(values.max()))])
        unit = (values.astype(np.float64) - levels[0]) / max(levels[1] - levels[0], np.finfo(float).tiny)
        deep = Image.fromarray(unit.clip(0, 1).astype(np.float32))
        return Decoded(turned(deep, orientation(image)), None, depth, levels)


def common_levels(levels: Iterable[Levels]) -> Levels:
    """Return the levels of a collection of pictures: from the lowest to the highest, or (0, 1) if all lie within.

    Example
    -------
    >>> common_levels([(0, 0.2), (0.1, 0.9)]), common_levels([(-5, 0.2), (0.1, 900)])
    ((0.0, 1.0), (-5.0, 900.0))
    """
    lows, highs = zip(*levels, strict=True)
    low, high = float(min(lows)), float(max(highs))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def on_white(picture: Decoded) -> Image.Image:
    """Return a picture without transparency, composed over white."""
    from PIL import Image

    if picture.alpha is None:
        return picture.image
    white = Image.new(picture.image.mode, picture.image.size, "white")
    return Image.composite(picture.image, white, picture.alpha)


def _is_grey(mode: str) -> bool:
    return mode in _GREY or mode.startswith("I;")


def _is_clear(image: Image.Image) -> bool:
    return image.mode in _WITH_ALPHA or (_depth(image) == 8 and "transparency" in image.info)


def _depth(image: Image.Image) -> int:
    """Return the bits of a value; files of 16 bits may be of mode "I" too, but those have no sign."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format != "TIFF"):
        return 16
    return 32 if image.mode in ("I", "F") else 8


def _wide(image: Image.Image, name: str) -> np.ndarray:
    """Return the values of a picture of 32 bits."""
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    if image.mode == "I" and tags.get(_SAMPLE_FORMAT) == (_UNSIGNED,) and tags.get(_SAMPLE_BITS) == (32,):
        # Pillow knows no mode of whole numbers without a sign.
        values = values.view(np.uint32)
    if not np.isfinite(values).all():
        raise DataError(f"{name} holds NaN or infinity; save it again without, or remove it")
    return values


def _plain(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return a picture of 8 bits in mode "L" or "RGB", and its opacity."""
    grey = _is_grey(image.mode)
    if not _is_clear(image):
        return image.convert("L" if grey else "RGB"), None
    whole = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return whole.getchannel("R") if grey else whole.convert("RGB"), whole.getchannel("A")
