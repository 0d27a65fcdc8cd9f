"""Patches of photographs: a folder of pictures of any size as rows of equal-sized patches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tildex.data.pictures.folder import IMAGES
from tildex.data.pictures.photograph import Photograph
from tildex.data.record import DataError, Record
from tildex.images import luminance

__all__ = ["photographs_in", "read_patches"]


def photographs_in(folder: Path) -> list[Path]:
    """Return the picture files of a folder and its sub-folders, sorted by name, without hidden files.

    Raises
    ------
    DataError
        If there are none.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not paths:
        raise DataError(f"{folder} holds no pictures: expected files ending in {', '.join(IMAGES)}")
    return paths


def read_patches(
    folder: Path,
    shape: Sequence[int] = (64, 64, 3),
    n: int = 4000,
    *,
    seed: int = 0,
    scales: Sequence[float] = (1.0,),
    leave_out: Sequence[str] = (),
) -> Record:
    """Return patches from random places of all pictures in a folder, more from larger ones, in random order.

    Parameters
    ----------
    folder : Path
        Folder of pictures of any size and mode, including sub-folders.
    shape : sequence of int
        Height, width and channels of a patch; with one channel, the pictures' luminance.
    n : int
        Total number of patches.
    seed : int
        Seed of the random places.
    scales : sequence of float
        Factors, at most 1, by which each picture is scaled first; patches are taken at every scale.
    leave_out : sequence of str
        Names of files not to read, such as those for evaluation.

    Returns
    -------
    Record
        Its note lists skipped files and why: damaged, too large, or smaller than a patch.

    Raises
    ------
    DataError
        If there is no usable picture.
    """
    height, width, channels = (*shape, 1)[:3]
    if channels not in (1, 3):
        raise DataError(f"patches have 1 channel or 3 (red, green and blue), got {channels}")
    found, skipped = [], []
    for path in (path for path in photographs_in(folder) if path.name not in leave_out):
        try:
            pictures = [_scaled(_channels(Photograph.read(path).pixels, channels), scale) for scale in scales]
        except DataError as error:
            skipped.append(str(error))
            continue
        large = [p for p in pictures if p.shape[0] >= height and p.shape[1] >= width]
        if not large:
            skipped.append(f"{path} is smaller than a patch of {height} x {width}")
        found += large
    if not found:
        raise DataError(f"{folder} holds no picture to cut patches from: {'; '.join(skipped)}")
    X = _cut(found, (height, width), n, np.random.default_rng(seed))
    note = f"skipped {len(skipped)} files: {'; '.join(skipped)}" if skipped else ""
    return Record(X.reshape(n, -1), shape=X.shape[1:], name=folder.name, note=note)


def _cut(
    pictures: Sequence[np.ndarray], size: tuple[int, int], n: int, random: np.random.Generator
) -> np.ndarray:
    areas = np.array([p.shape[0] * p.shape[1] for p in pictures], dtype=float)
    X = np.empty((n, *size, pictures[0].shape[2]), dtype=np.float32)
    for k, which in enumerate(random.choice(len(pictures), n, p=areas / areas.sum())):
        picture = pictures[which]
        top, left = (int(random.integers(picture.shape[axis] - size[axis] + 1)) for axis in (0, 1))
        X[k] = picture[top : top + size[0], left : left + size[1]]
    return X


def _channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    if pixels.shape[2] == channels:
        return pixels
    return np.repeat(pixels, 3, axis=2) if channels == 3 else luminance(torch.from_numpy(pixels)).numpy()


def _scaled(pixels: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return pixels
    from PIL import Image

    height, width = (max(1, round(edge * scale)) for edge in pixels.shape[:2])
    # Channel by channel, because Pillow resizes single float channels without rounding.
    bands = [
        Image.fromarray(pixels[..., c]).resize((width, height), Image.Resampling.LANCZOS)
        for c in range(pixels.shape[2])
    ]
    return np.stack([np.asarray(band) for band in bands], -1).clip(0, 1)
