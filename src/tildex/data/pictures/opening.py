"""Opening one picture: limits, frames and orientation, by rules that are the same wherever pictures are read.

Of the two pictures of an MPO file, which cameras write, the first counts; any other file of several pages or frames is
refused. Orientation tags are obeyed.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tildex.data.record import DataError
from tildex.files import missing

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["IMAGES", "opened_picture", "orientation", "require_pillow", "turned", "upright"]

IMAGES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".webp", ".gif", ".tif", ".tiff"),
    *(".pgm", ".ppm", ".pbm", ".pnm"),
)

_MOST_PIXELS = 100_000_000
"""Larger pictures are refused before decoding, because a small file may hold a huge one."""

_ORIENTATION = 0x0112


def require_pillow() -> None:
    """Raise an error if Pillow is missing."""
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise DataError(missing("pictures need Pillow")) from error


@contextmanager
def opened_picture(content: bytes, name: str) -> Iterator[Image.Image]:
    """Open a picture and read its header; pixels are decoded on demand, and any error of a decoder names the file.

    Raises
    ------
    DataError
        If it is not one picture, is too large, or turns out to be damaged.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Sizes are checked here, with one limit for all versions of Pillow; bad tags do not spoil pixels.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise _huge(name)
                _require_one(image, name)
                yield image
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise _huge(name) from error
    except UnidentifiedImageError as error:
        raise _broken(name, "its content is of no kind that can be read") from error
    # Decoders raise many kinds of errors on damaged bytes.
    except Exception as error:
        raise _broken(name, error) from error


def _huge(name: str) -> DataError:
    return DataError(f"{name} has more than {_MOST_PIXELS // 10**6} million pixels; make it smaller")


def _broken(name: str, why: Exception | str) -> DataError:
    return DataError(f"{name} is not a whole image ({why}); replace or remove it")


def _require_one(image: Image.Image, name: str) -> None:
    frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if frames > 1:
        raise DataError(
            f"{name} holds {frames} pictures, as an animation or pages; save the one you want in its own file"
        )


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a picture, 1 if it has none that can be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    # Tags are written by many hands; a picture is not lost for them.
    except Exception:
        return 1


def upright(image: Image.Image) -> Image.Image:
    """Return a picture, decoded, as its orientation tag says."""
    # Some formats hold their tags behind the pixels, and TIFF files are upright once they are decoded.
    image.load()
    return turned(image, orientation(image))


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return a picture turned or mirrored by an EXIF orientation."""
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(ways[orientation]) if orientation in ways else image
