"""Folders of images: one image a row, sub-folders name the classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tildex.data.errors import DataError
from tildex.data.record import Record

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["IMAGES", "SOUNDS", "read_images"]

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")

_GREY = ("1", "L", "LA")
_GREY_16_BITS = ("I", "I;16", "I;16B", "I;16L")


def read_images(folder: Path, image_size: tuple[int, int] | None = None) -> Record:
    """Return the images of a folder in the order of their names, pixels from 0 to 1.

    Parameters
    ----------
    folder : Path
        Holds images, or one sub-folder of images for each class.
    image_size : (height, width), optional
        Every image is resized to it; without it all must have one size.

    Returns
    -------
    Record
        Samples are (height, width) if every image is grey, else (height, width, 3).

    Raises
    ------
    DataError
        If there are no images, one cannot be read, or their sizes differ.
    """
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise DataError("a folder of images needs Pillow: pip install 'tildex[image]'") from error
    paths, y, target_names = _files(folder)
    mode, size = _form(paths, image_size)
    pixels = np.stack([_pixels(path, mode, size) for path in paths])
    return Record(pixels.reshape(len(paths), -1), y, pixels.shape[1:], None, target_names, folder.name)


def _files(folder: Path) -> tuple[list[Path], np.ndarray | None, tuple[str, ...] | None]:
    """Return the paths, and the classes and their names where there are sub-folders of images."""
    flat = _inside(folder, IMAGES)
    classes = {sub.name: found for sub in _folders(folder) if (found := _inside(sub, IMAGES))}
    if flat and classes:
        raise DataError(
            f"{folder} has images beside its sub-folders: put each into the sub-folder of its class"
        )
    if flat:
        return flat, None, None
    if not classes:
        if any(_inside(place, SOUNDS) for place in (folder, *_folders(folder))):
            raise DataError(f"{folder} holds sounds: sound folders are not read yet, give a folder of images")
        raise DataError(f"{folder} holds no images: expected files ending in {', '.join(IMAGES)}")
    y = np.repeat(np.arange(len(classes)), [len(found) for found in classes.values()])
    return [path for found in classes.values() for path in found], y, tuple(classes)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _inside(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    files = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return sorted(path for path in files if path.suffix.lower() in endings)


def _form(paths: list[Path], image_size: tuple[int, int] | None) -> tuple[str, tuple[int, int]]:
    """Return the common mode and (width, height), from the heads of the files alone."""
    heads = [_head(path) for path in paths]
    mode = "L" if all(head in (*_GREY, *_GREY_16_BITS) for head, _ in heads) else "RGB"
    if image_size is not None:
        return mode, (image_size[1], image_size[0])
    first = heads[0][1]
    for path, (_, size) in zip(paths, heads, strict=True):
        if size != first:
            raise DataError(
                f"{path} is {size[0]} x {size[1]}, {paths[0].name} is {first[0]} x {first[1]}: "
                "expected one size; give image_size to resize them"
            )
    return mode, first


def _head(path: Path) -> tuple[str, tuple[int, int]]:
    with _opened(path) as image:
        return image.mode, image.size


def _pixels(path: Path, mode: str, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    with _opened(path) as image:
        try:
            if image.mode in _GREY_16_BITS:
                # Pillow's own conversion to 8 bits clips these instead of scaling them.
                deep = np.asarray(image, dtype=np.float32) / np.float32(65535 / 255)
                image = Image.fromarray(np.clip(np.rint(deep), 0, 255).astype(np.uint8))
            plain = image.convert(mode)
            if plain.size != size:
                plain = plain.resize(size, Image.Resampling.LANCZOS)
        # Decoders answer damaged bytes with many kinds of errors.
        except Exception as error:
            raise _broken(path, error) from error
    return np.divide(np.asarray(plain), np.float32(255))


def _opened(path: Path) -> Image.Image:
    from PIL import Image

    try:
        return Image.open(path)
    except Exception as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is not a whole image ({error}); replace or remove it")
