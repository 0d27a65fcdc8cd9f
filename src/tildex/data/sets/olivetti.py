"""Olivetti faces: 400 portraits of 40 people."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.data.formats.mat import read_columns
from tildex.data.formats.numeric import unit_rows
from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["Olivetti"]


def _pixels(path: Path) -> np.ndarray:
    """Return 400 images, transposed because pixels are stored column by column."""
    return read_columns(path, "faces", (400, 64 * 64))


class Olivetti(Dataset):
    """Portraits of 64 x 64 grey pixels, ten of each of 40 people, ordered by person.

    There is no official split: the last two portraits of each person are for testing.
    """

    slug = "olivetti"
    title = "Olivetti faces"
    licence = "research use, credit AT&T Laboratories Cambridge"
    source = (
        "Samaria and Harter (1994), Parameterisation of a stochastic model for human face identification; "
        "the file of S. Roweis, https://cs.nyu.edu/~roweis/data.html"
    )
    rows = Splits(train=320, test=80)
    shape = (64, 64)
    # The same pixels circulate in several .mat files, so the pixels are hashed.
    files = (
        File(
            "olivettifaces.mat",
            "b119468c2f13775df12d3950e7c96644811647a6e10d30617777f245bf9b2f8b",
            None,
            (
                "https://cs.nyu.edu/~roweis/data/olivettifaces.mat",
                "https://ndownloader.figshare.com/files/5976027",
            ),
            _pixels,
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the first eight, or the last two, portraits of each person."""
        images = _pixels(folder / self.files[0].name).reshape(400, 64, 64).transpose(0, 2, 1)
        number = np.arange(400)
        chosen = number % 10 >= 8 if split == "test" else number % 10 < 8
        return Record(
            X=unit_rows(images[chosen]),
            y=number[chosen] // 10,
            shape=self.shape,
            target_names=tuple(f"person {k}" for k in range(40)),
            name=self.slug,
        )
