"""CIFAR-10: 60,000 small colour photographs of ten classes of objects."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from tildex.data.record import Record
from tildex.data.sets.cifar_batches import BATCHES, TEST, decode, from_archive, from_folder, unpacked, usable
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["CIFAR10"]

_ROWS = 10_000
"""Rows of a batch."""


class CIFAR10(Dataset):
    """Photographs of 32 x 32 colour pixels, with the author's split.

    Reads the published archive or its unpacked folder, with batches plain or as .xz. If some of the five training
    batches are missing, the rest is read, with a warning and a note.
    """

    slug = "cifar10"
    title = "CIFAR-10 colour photographs"
    licence = "none stated: research, cite"
    source = (
        "Krizhevsky (2009), Learning multiple layers of features from tiny images, "
        "https://www.cs.toronto.edu/~kriz/cifar.html"
    )
    rows = Splits(train=50_000, test=10_000)
    shape = (32, 32, 3)
    files = (
        File(
            "cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
            ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
        ),
    )
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    def present(self, root: Path | str | None = None) -> bool:
        """Say whether the archive or its unpacked folder exists."""
        return usable(unpacked(self.where(root))) or super().present(root)

    def fetch(self, root: Path | str | None = None) -> None:
        """Download the archive unless its unpacked folder exists."""
        if not usable(unpacked(self.where(root))):
            super().fetch(root)

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the rows of a split, verifying each batch."""
        batches = self._batches(folder, [name for name in BATCHES if (name == TEST) == (split == "test")])
        # Filled batch by batch, because the whole set takes 600 MB and should not be in memory twice.
        X = np.empty((_ROWS * len(batches), 3072), dtype=np.float32)
        y = np.empty(len(X), dtype=np.int64)
        for k, name in enumerate(sorted(batches)):
            part = slice(_ROWS * k, _ROWS * (k + 1))
            X[part], y[part] = decode(name, batches.pop(name))
        note = ""
        published = getattr(self.rows, split)
        if len(X) < published:
            note = f"{len(X):,} of the {published:,} rows of {self.slug}: the other batches are not there"
            warnings.warn(note, stacklevel=3)
        return Record(X, y, self.shape, target_names=self.classes, name=self.slug, note=note)

    def _batches(self, folder: Path, names: list[str]) -> dict[str, bytes]:
        paths, archive = unpacked(folder), folder / self.files[0].name
        if len(paths) < len(BATCHES) and archive.exists():
            return from_archive(archive, names)
        return from_folder(paths, names)
