"""Free Spoken Digit Dataset: the ten digits, spoken repeatedly by a few people."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tildex.data.reading import Reading
from tildex.data.record import Record, select
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File
from tildex.data.sounds.folder import read_sounds

__all__ = ["FSDD"]

_PLACE = "https://github.com/Jakobovski/free-spoken-digit-dataset"
_TESTED = 5


class FSDD(Dataset):
    """Spoken digits at 8,000 samples per second; five per speaker and digit are for testing, as published.

    ``groups`` are speakers. This reads an archive of five speakers' recordings; read any other copy of the collection
    as a folder of sounds.
    """

    slug = "fsdd"
    title = "Free Spoken Digits"
    licence = "CC BY-SA 4.0"
    source = f"Jackson and others, Free Spoken Digit Dataset, {_PLACE}"
    rows = Splits(train=2_250, test=250)
    shape = (18_262,)
    by_hand = "a zip archive of the 2,500 recordings of george, jackson, lucas, theo and yweweler"
    files = (
        File(
            "recordings.zip",
            "7d7365e555f34a9c63974df436a6211e2dd048600a2b1a90e2b8030eb286d86b",
            15_204_570,
            (_PLACE,),
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the recordings of a split."""
        record = read_sounds(folder / self.files[0].name, Reading(rate=8_000))
        digit, speaker, index = zip(*(_parts(name) for name in record.files), strict=True)
        _, groups = np.unique(speaker, return_inverse=True)
        record = dataclasses.replace(
            record,
            y=np.array(digit, dtype=np.int64),
            groups=groups.astype(np.int64),
            target_names=tuple(map(str, range(10))),
            name=self.slug,
            note="",
        )
        tested = np.array(index) < _TESTED
        return select(record, tested if split == "test" else ~tested)


def _parts(name: str) -> tuple[int, str, int]:
    digit, speaker, index = Path(name).stem.split("_")
    return int(digit), speaker, int(index)
