"""Decoding one picture: size limit, mode and size from the header, pixels in a given mode and size."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tildex.data.record import DataError
from tildex.files import missing

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["broken_picture", "form_of", "is_grey", "opened_picture", "pixels_of", "require_pillow"]

Size = tuple[int, int]

_GREY = ("1", "L", "LA")
_GREY_16_BITS = ("I", "I;16", "I;16B", "I;16L")
_MOST_PIXELS = 100_000_000
"""Larger pictures are refused before decoding, because a small file may hold a huge one."""


def require_pillow() -> None:
    """Raise an error if Pillow is missing."""
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise DataError(missing("pictures need Pillow")) from error


def is_grey(mode: str) -> bool:
    """Say whether pictures of that mode have one channel."""
    return mode in (*_GREY, *_GREY_16_BITS)


def form_of(content: bytes, name: str) -> tuple[str, Size]:
    """Return the mode and (width, height) of a picture, from its header alone.

    Raises
    ------
    DataError
        If it is not a picture, or is too large.
    """
    with opened_picture(io.BytesIO(content), name) as image:
        return image.mode, image.size


def pixels_of(content: bytes, name: str, mode: str, size: Size) -> np.ndarray:
    """Return uint8 pixels of shape (height, width), or (height, width, 3) where ``mode`` is "RGB".

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name in messages.
    mode : str
        "L" or "RGB".
    size : (width, height)
        Size after resizing.

    Raises
    ------
    DataError
        If the picture is damaged or too large.
    """
    from PIL import Image

    with opened_picture(io.BytesIO(content), name) as image:
        try:
            if image.mode in _GREY_16_BITS:
                # Pillow's own conversion to 8 bits clips these instead of scaling them.
                deep = np.asarray(image, dtype=np.float32) / np.float32(65535 / 255)
                image = Image.fromarray(np.clip(np.rint(deep), 0, 255).astype(np.uint8))
            plain = image.convert(mode)
            if plain.size != size:
                plain = plain.resize(size, Image.Resampling.LANCZOS)
            return np.asarray(plain)
        # Decoders raise many kinds of errors on damaged bytes.
        except Exception as error:
            raise broken_picture(name, error) from error


@contextmanager
def opened_picture(source: Path | io.BytesIO, name: str) -> Iterator[Image.Image]:
    """Open a picture and read its header; pixels are decoded on demand.

    Raises
    ------
    DataError
        If it is not a picture, or is too large.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Sizes are checked here, with one limit for all versions of Pillow.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(source)
    except Image.DecompressionBombError as error:
        raise _huge(name) from error
    except Exception as error:
        raise broken_picture(name, error) from error
    with image:
        if image.width * image.height > _MOST_PIXELS:
            raise _huge(name)
        yield image


def _huge(name: str) -> DataError:
    return DataError(f"{name} has more than {_MOST_PIXELS // 10**6} million pixels; make it smaller")


def broken_picture(name: str, error: Exception) -> DataError:
    """Return the error to raise if decoding fails."""
    return DataError(f"{name} is not a whole image ({error}); replace or remove it")
