"""A photograph of any size and mode: pixel values, and what else a copy of the file must keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tildex.data.formats.members import content_of
from tildex.data.pictures.decode import Levels, decoded
from tildex.data.pictures.opening import IMAGES, require_pillow
from tildex.data.record import DataError
from tildex.files import write_whole

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Photograph"]

_DEEP_FORMATS = {16: ("PNG", "TIFF", "PPM"), 32: ("TIFF",)}
_OPAQUE_FORMATS = ("JPEG", "BMP", "PPM")


@dataclass(frozen=True, eq=False)
class Photograph:
    """The pixels of a picture file.

    Attributes
    ----------
    pixels : float32 array of shape (height, width, channels)
        From 0 to 1; one channel if the file is grey, else red, green and blue.
    alpha : uint8 array of shape (height, width), optional
        Opacity of each pixel, if the file stores it.
    depth : int
        Bits of a grey value, 8, 16 or 32; colours have 8.
    levels : (lowest, highest)
        Values in a file of 32 bits that are 0 and 1 here.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    depth: int = 8
    levels: Levels = (0.0, 1.0)

    @classmethod
    def read(cls, path: Path, *, levels: Levels | None = None) -> Self:
        """Return the photograph in a file, upright, of any mode: palettes and CMYK are converted to RGB.

        Parameters
        ----------
        path : Path
            The file.
        levels : (lowest, highest), optional
            Values of floats and whole numbers of 32 bits that become 0 and 1, where others are clipped; by default
            the photograph's own range, and (0, 1) if it lies within.

        Raises
        ------
        DataError
            If the file is damaged, holds several pictures or NaN, or is too large.
        """
        require_pillow()
        return cls.of(content_of(path, "a picture"), str(path), levels=levels)

    @classmethod
    def of(cls, content: bytes, name: str, *, levels: Levels | None = None) -> Self:
        """Return the photograph in the content of a file, as :meth:`read` does; ``name`` is for messages."""
        found = decoded(content, name, levels)
        # A copy: torch accepts no read-only memory.
        values = np.array(found.image)
        pixels = values if values.dtype == np.float32 else np.divide(values, np.float32(255))
        alpha = None if found.alpha is None else np.asarray(found.alpha)
        kept = found.levels if found.depth == 32 else (0.0, 1.0)
        return cls(pixels.reshape(*pixels.shape[:2], -1), alpha, found.depth, kept)

    def on_white(self) -> np.ndarray:
        """Return the pixels without transparency, composed over white, shape (height, width, channels)."""
        if self.alpha is None:
            return self.pixels
        opacity = np.divide(self.alpha, np.float32(255))[..., None]
        return self.pixels * opacity + (1 - opacity)

    def with_pixels(self, pixels: np.ndarray) -> Photograph:
        """Return a copy with other pixels of the same size, shape (height, width, 1 or 3)."""
        if pixels.shape[2] == 1:
            return Photograph(pixels, self.alpha, self.depth, self.levels)
        return Photograph(pixels, self.alpha)

    def write(self, path: Path) -> None:
        """Write a file atomically, in the format given by the ending of its name.

        Raises
        ------
        DataError
            If the ending is unknown, or the format cannot hold the photograph's transparency or depth.
        """
        from PIL import Image

        ending = path.suffix.lower()
        kind = Image.registered_extensions().get(ending) if ending in IMAGES else None
        if kind is None:
            raise DataError(f"cannot write {path}: expected a name ending in {', '.join(IMAGES)}")
        if kind in _OPAQUE_FORMATS and self.alpha is not None:
            raise DataError(f"{path} cannot hold the photograph's transparency: write .png, .webp or .tif")
        if self.depth > 8 and kind not in _DEEP_FORMATS[self.depth]:
            others = ".png or .tif" if self.depth == 16 else ".tif"
            raise DataError(f"{path} cannot hold {self.depth} bits of grey: write {others}")
        options: dict[str, Any] = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
        image = self._image()
        write_whole(path, lambda target: image.save(target, format=kind, **options))

    def _image(self) -> Image.Image:
        from PIL import Image

        unit = self.pixels.clip(0, 1)
        if self.depth == 32:
            low, high = self.levels
            return Image.fromarray((low + unit[..., 0].astype(np.float64) * (high - low)).astype(np.float32))
        most = 2**self.depth - 1
        values = np.rint(unit * most).astype(np.uint16 if self.depth == 16 else np.uint8)
        image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image
