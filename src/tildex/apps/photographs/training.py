"""Training rows for a restorer: patches of photographs of any size, or images of one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tildex.data import Record, read, read_patches
from tildex.data.formats.members import is_archive
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
    **reading: Any,
) -> Record:
    """Return training rows for a :class:`~tildex.Restorer`; its ``image_shape`` is the record's ``shape``.

    Parameters
    ----------
    data : str or Path
        A folder or zip archive of pictures of any size, from which patches are taken; or a known name or file, read
        whole.
    image_shape : sequence of int, optional
        The shape of a patch: 64 x 64 pixels in colour by default.
    n_patches : int, optional
        The number of patches; 4,000 by default.
    split : str
        The part of a known data set.
    data_dir : path, optional
        The folder of known data sets.
    random_state : int
        The seed of the patch positions.
    **reading
        How the rows of a known set are read, as for :func:`~tildex.data.read`; not for patches.

    Raises
    ------
    ValueError
        If ``n_patches`` is given and ``data`` is not a folder of pictures, or it is one and ``reading`` is given.
    DataError
        If the pictures cannot be read.

    Example
    -------
    >>> read_photographs("digits").shape
    (8, 8)
    """
    if find(str(data)) is None and (Path(data).is_dir() or is_archive(Path(data))):
        if reading:
            raise ValueError(
                f"patches are cut from pictures as they are: leave out {' and '.join(reading)}, and set image_shape to "
                "the height, width and channels of a patch"
            )
        shape = _SHAPE if image_shape is None else tuple(image_shape)
        return read_patches(
            Path(data), shape, _PATCHES if n_patches is None else n_patches, seed=random_state
        )
    if n_patches is not None:
        raise ValueError(
            f"patches are taken from a folder of pictures, and {data} is not one: leave out the number of patches"
        )
    return read(data, split=split, data_dir=data_dir, **reading)
