"""A photograph of any size and mode: pixel values, and what else a copy of the file must keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tildex.data.pictures.decode import broken_picture, opened_picture, require_pillow
from tildex.data.pictures.folder import IMAGES
from tildex.data.record import DataError
from tildex.files import write_whole

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Photograph"]

_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I")


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
        Bits of a grey value, 8 or 16; colours have 8.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    depth: int = 8

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the photograph in a file, upright, of any mode: palettes and CMYK are converted to RGB.

        Raises
        ------
        DataError
            If the file is damaged, holds several pictures, or is too large.
        """
        require_pillow()
        from PIL import ImageOps

        if not path.is_file():
            raise DataError(f"there is no file {path}")
        with opened_picture(path, str(path)) as image:
            _require_one(path, image)
            try:
                return cls._of(ImageOps.exif_transpose(image))
            # Decoders raise many kinds of errors on damaged bytes.
            except Exception as error:
                raise broken_picture(str(path), error) from error

    @classmethod
    def _of(cls, image: Image.Image) -> Self:
        if image.mode in _DEEP:
            deep = np.asarray(image, dtype=np.float32) / np.float32(65535)
            return cls(deep.clip(0, 1)[..., None], depth=16)
        alpha = None
        if image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info:
            alpha = np.asarray(image.convert("RGBA").getchannel("A"))
        grey = image.mode in ("1", "L", "LA", "La")
        pixels = np.asarray(
            image.convert("LA").getchannel("L") if grey else image.convert("RGBA").convert("RGB")
        )
        return cls(np.divide(pixels.reshape(*pixels.shape[:2], -1), np.float32(255)), alpha)

    def with_pixels(self, pixels: np.ndarray) -> Photograph:
        """Return a copy with other pixels of the same size, shape (height, width, 1 or 3)."""
        return Photograph(pixels, self.alpha, self.depth if pixels.shape[2] == 1 else 8)

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
        if ending in (".jpg", ".jpeg", ".bmp", ".pgm", ".ppm") and self.alpha is not None:
            raise DataError(f"{path} cannot hold the photograph's transparency: write .png, .webp or .tif")
        if self.depth == 16 and ending not in (".png", ".tif", ".tiff", ".pgm"):
            raise DataError(f"{path} cannot hold 16 bits of grey: write .png or .tif")
        options: dict[str, Any] = {"quality": 95} if ending in (".jpg", ".jpeg", ".webp") else {}
        image = self._image()
        write_whole(path, lambda target: image.save(target, format=kind, **options))

    def _image(self) -> Image.Image:
        from PIL import Image

        most = 2**self.depth - 1
        values = np.rint(self.pixels.clip(0, 1) * most).astype(np.uint16 if self.depth == 16 else np.uint8)
        image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values)
        if self.alpha is not None:
            image.putalpha(Image.fromarray(self.alpha))
        return image


def _require_one(path: Path, image: Image.Image) -> None:
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise DataError(
            f"{path} holds {frames} pictures, as an animation or pages: save the one you want in its own file"
        )
