"""Folders of images: one image per row, with sub-folders as classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.data.formats.members import Members, each, note_of, opened
from tildex.data.formats.numeric import unit_rows
from tildex.data.pictures.decode import form_of, is_grey, pixels_of, require_pillow
from tildex.data.record import DataError, Record

__all__ = ["IMAGES", "classes_of", "pixels_at", "read_images"]

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")


def read_images(folder: Path, image_size: tuple[int, int] | None = None) -> Record:
    """Return the images of a folder in order of name, with pixels from 0 to 1.

    Parameters
    ----------
    folder : Path
        Folder of images, or of one sub-folder of images per class.
    image_size : (height, width), optional
        Every image is resized to it; when not given, all must have the same size.

    Returns
    -------
    Record
        Samples are (height, width) if every image is grey, else (height, width, 3). Images that cannot be read
        are ``skipped``.

    Raises
    ------
    DataError
        If there are no images that can be read, or their sizes differ.
    """
    require_pillow()
    with opened(folder, IMAGES) as members:
        if not members.names:
            raise DataError(f"{folder} holds no images: expected files ending in {', '.join(IMAGES)}")
        y, target_names = classes_of(members.names, folder)
        found, shape, skipped = pixels_at(members, members.names, image_size)
    kept = [k for k, name in enumerate(members.names) if name in found]
    return Record(
        unit_rows(np.stack(list(found.values()))),
        None if y is None else y[kept],
        shape,
        None,
        target_names,
        folder.name,
        note_of(skipped),
        files=tuple(found),
        skipped=tuple(skipped),
    )


def pixels_at(
    members: Members, names: tuple[str, ...], image_size: tuple[int, int] | None = None
) -> tuple[dict[str, np.ndarray], tuple[int, ...], list[str]]:
    """Return uint8 images by name, their common shape, and one sentence per unreadable image.

    Raises
    ------
    DataError
        If no image can be read, or sizes differ and no size is given.
    """
    forms, broken = each(names, lambda name: form_of(members.read(name), name))
    if not forms:
        raise DataError(note_of(broken))
    mode = "L" if all(is_grey(mode) for mode, _ in forms.values()) else "RGB"
    size = _size(forms) if image_size is None else (image_size[1], image_size[0])
    found, damaged = each(forms, lambda name: pixels_of(members.read(name), name, mode, size))
    if not found:
        raise DataError(note_of(damaged))
    return found, next(iter(found.values())).shape, [*broken, *damaged]


def classes_of(names: tuple[str, ...], folder: Path) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """Return each file's class and the class names, if sub-folders are classes.

    Raises
    ------
    DataError
        If some files are in sub-folders and others beside them.
    """
    parents = [name.rpartition("/")[0] for name in names]
    if len(set(parents)) > 1 and "" in parents:
        raise DataError(
            f"{folder} has files beside its sub-folders: put each into the sub-folder of its class"
        )
    if parents[0] == "":
        return None, None
    classes, y = np.unique([parent.rpartition("/")[2] for parent in parents], return_inverse=True)
    return y.astype(np.int64), tuple(map(str, classes))


def _size(forms: dict[str, tuple[str, tuple[int, int]]]) -> tuple[int, int]:
    (first, (_, wanted)), *others = forms.items()
    for name, (_, size) in others:
        if size != wanted:
            raise DataError(
                f"{name} is {size[0]} x {size[1]}, {first} is {wanted[0]} x {wanted[1]}: "
                "expected one size; give image_size to resize them"
            )
    return wanted
