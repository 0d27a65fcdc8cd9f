"""Frey faces: 1,965 frames of one face from a short film."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.data.formats.mat import read_columns
from tildex.data.formats.numeric import unit_rows
from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["Frey"]


def _pixels(path: Path) -> np.ndarray:
    """Return 1,965 images, row by row."""
    return read_columns(path, "ff", (1965, 28 * 20))


class Frey(Dataset):
    """One face in 28 x 20 grey pixels, without labels.

    There is no official split. Neighbouring frames are nearly equal, so random test frames would be known from their
    neighbours; the last fifth of the film is for testing instead.
    """

    slug = "frey"
    title = "Frey faces"
    licence = "none stated: research, cite"
    source = "B. Frey; the file of S. Roweis, https://cs.nyu.edu/~roweis/data.html"
    rows = Splits(train=1572, test=393)
    shape = (28, 20)
    # The same pixels circulate in several .mat files, so the pixels are hashed.
    files = (
        File(
            "frey_rawface.mat",
            "2438ba4f0d2a6bd8bac43de756141eaa33c8d248dd613d464bdb1210d9b7af78",
            None,
            ("https://cs.nyu.edu/~roweis/data/frey_rawface.mat",),
            _pixels,
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the first four fifths of the film, or the last fifth."""
        images = _pixels(folder / self.files[0].name)
        part = images[: self.rows.train] if split == "train" else images[self.rows.train :]
        return Record(unit_rows(part), shape=self.shape, name=self.slug)
