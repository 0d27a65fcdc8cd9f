"""Classes of files: the sub-folder that each is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Classes", "classes_of"]

_TOP = "."


class Classes(NamedTuple):
    """The classes of files.

    Attributes
    ----------
    y : int64 array of shape (files,), optional
        The index of each file's class; None if all files are in one folder.
    names : tuple of str, optional
        The classes: those known before, then any others in order of name.
    said : tuple of str
        Sentences for the user, if files lie beside sub-folders or in new ones.
    """

    y: np.ndarray | None
    names: tuple[str, ...] | None
    said: tuple[str, ...] = ()


def classes_of(files: Sequence[str], known: Sequence[str] = ()) -> Classes:
    """Return the class of each file: the path of its folder, below the folders that all files share.

    Files beside sub-folders are in a class of their own, called ".".

    Parameters
    ----------
    files : sequence of str
        Paths with slashes.
    known : sequence of str
        Classes of training, which keep their indices. If they are not all here, those that are here may be shared by
        all files.

    Example
    -------
    >>> files = ["pets/cat/1.png", "pets/dog/old/2.png"]
    >>> classes_of(files).names, classes_of(["dog/1.png"]).names, classes_of(["dog/1.png"], ["cat", "dog"]).y.tolist()
    (('cat', 'dog/old'), None, [1])
    """
    folders = [file.split("/")[:-1] for file in files]
    shared = 0
    while all(len(path) > shared and path[shared] == folders[0][shared] for path in folders):
        shared += 1
    labels = ["/".join(path[shared:]) or _TOP for path in folders]
    for start in range(shared - 1, -1, -1):
        above = ["/".join(path[start:]) for path in folders]
        if _count(above, known) > _count(labels, known):
            labels = above
    new = sorted(set(labels) - set(known))
    if len(set(labels)) == 1 and new:
        return Classes(None, None)
    names = (*known, *new)
    index = {name: k for k, name in enumerate(names)}
    y = np.array([index[label] for label in labels], dtype=np.int64)
    return Classes(y, names, tuple(_said(labels, new, known)))


def _count(labels: Sequence[str], known: Sequence[str]) -> int:
    return sum(label in known for label in labels)


def _said(labels: Sequence[str], new: Sequence[str], known: Sequence[str]) -> list[str]:
    said = []
    if beside := labels.count(_TOP):
        files = "1 file lies" if beside == 1 else f"{beside:,} files lie"
        said.append(
            f'{files} beside the sub-folders and got the class "{_TOP}"; move them if they have another'
        )
    if new and _count(labels, known):
        said.append(f"no class of training is called {' or '.join(new)}")
    return said
