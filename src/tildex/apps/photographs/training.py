"""Rows that a restorer learns from: patches of photographs of any sizes, or images of one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tildex.data import Record, read, read_patches
from tildex.data.sets.catalogue import find

__all__ = ["read_photographs"]

_SHAPE = (64, 64, 3)
_PATCHES = 4000


def read_photographs(
    data: str | Path,
    *,
    image_shape: Sequence[int] | None = None,
    n_patches: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
    random_state: int = 0,
) -> Record:
    """Return rows for a :class:`~tildex.Restorer`, whose ``image_shape`` is the ``shape`` of the record.

    Parameters
    ----------
    data : str or Path
        A folder of pictures of any sizes, of which patches are taken; or a known name or file, which is read whole.
    image_shape : sequence of int, optional
        Of a patch: 64 x 64 pixels in colour by default.
    n_patches : int, optional
        How many patches; 4,000 by default.
    split : str
        The part of a known data set.
    data_dir : path, optional
        The folder of known data sets.
    random_state : int
        The seed of where patches are taken.

    Raises
    ------
    ValueError
        If patches are asked for, and there is no folder of pictures.
    DataError
        If the pictures cannot be read.

    Example
    -------
    >>> read_photographs("digits").shape
    (8, 8)
    """
    if find(str(data)) is None and Path(data).is_dir():
        shape = _SHAPE if image_shape is None else tuple(image_shape)
        return read_patches(
            Path(data), shape, _PATCHES if n_patches is None else n_patches, seed=random_state
        )
    if n_patches is not None:
        raise ValueError(
            f"patches are taken of a folder of pictures, and {data} is none: leave out their number"
        )
    return read(data, split=split, data_dir=data_dir)
