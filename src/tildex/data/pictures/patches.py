"""Patches of photographs: a folder of pictures of any size as rows of equal-sized patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from tildex.data.formats.members import each, note_of
from tildex.data.pictures.photographs import Photographs, photographs_of
from tildex.data.reading import Reading
from tildex.data.record import DataError, Record
from tildex.images import luminance

__all__ = ["read_patches"]


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
        Folder or zip archive of pictures of any size and mode, including sub-folders. Transparent ones are laid on
        white.
    shape : sequence of int
        Height, width and channels of a patch; with one channel, the pictures' luminance.
    n : int
        Total number of patches.
    seed : int
        Seed of the random places.
    scales : sequence of float
        Factors, at most 1, by which each picture is scaled first; patches are taken at every scale.
    leave_out : sequence of str
        Names of files not to read, without their folders, such as those for evaluation.

    Returns
    -------
    Record
        Files that give no patches are ``skipped``: damaged, too large, or smaller than a patch.

    Raises
    ------
    DataError
        If there is no usable picture.
    """
    height, width, channels = (*shape, 1)[:3]
    if channels not in (1, 3):
        raise DataError(f"patches have 1 channel or 3 (red, green and blue), got {channels}")
    with photographs_of(folder, leave_out=leave_out) as photographs:
        reading = Reading((height, width), channels, resize="crop", levels=photographs.levels)
        cutter = _cutter(photographs, channels, scales, (height, width))
        found, damaged = each(photographs.names, cutter)
        skipped, said = (*photographs.skipped, *damaged), photographs.said
    if not found:
        raise DataError(f"{folder} holds no picture to cut patches from: {note_of(skipped)}")
    pictures = [picture for several in found.values() for picture in several]
    X = _cut(pictures, (height, width), n, np.random.default_rng(seed))
    return Record(
        X.reshape(n, -1),
        shape=X.shape[1:],
        name=folder.name,
        note="\n".join(filter(None, (*said, note_of(skipped)))),
        skipped=skipped,
        reading=reading,
    )


def _cutter(
    photographs: Photographs, channels: int, scales: Sequence[float], size: tuple[int, int]
) -> Callable[[str], list[np.ndarray]]:
    """Return a function that gives a picture at every scale at which it is large enough."""

    def scaled(name: str) -> list[np.ndarray]:
        pixels = _channels(photographs.read(name).on_white(), channels)
        pictures = [_scaled(pixels, scale) for scale in scales]
        large = [p for p in pictures if p.shape[0] >= size[0] and p.shape[1] >= size[1]]
        if not large:
            raise DataError(
                f"{name} is smaller than a patch of {size[0]} x {size[1]}; remove it, or cut smaller ones"
            )
        return large

    return scaled


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
