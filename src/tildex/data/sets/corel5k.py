"""Corel5k: photographs with a few words each, the classic benchmark for image tagging."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tildex.data.formats.mat import read_words
from tildex.data.pictures.tagged import tagged_record
from tildex.data.reading import Reading
from tildex.data.record import Record, select
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["Corel5k"]

_PLACE = "https://github.com/TonyZZX/MultiGraph_MultiLabel_Learning/raw/master/Graph-based%20Segment/Corel5k/"
_EVERY = 9
_READING = Reading((64, 64), colours=3, resize="stretch")


class Corel5k(Dataset):
    """Photographs as thumbnails of 64 x 64 pixels, with up to five of 260 words each.

    Portrait and landscape photographs are resized to squares. The official test photographs are not in the files:
    every ninth of the 4,500 training photographs is for testing here. The photographs may be used for scientific work
    only.
    """

    slug = "corel5k"
    title = "Corel5k photographs with words"
    licence = "scientific work only, no free licence"
    source = (
        "Duygulu, Barnard, de Freitas and Forsyth (2002), Object recognition as machine translation; word lists of "
        f"Guillaumin, Mensink, Verbeek and Schmid (2009), TagProp; the files of {_PLACE}"
    )
    rows = Splits(train=4_000, test=500)
    shape = (64, 64, 3)
    by_hand = "the word lists as published, and a zip archive of the photographs, scaled to 96 pixels"
    files = (
        File(
            "images_train_96.zip",
            "4f0cb8a5c0dade5faff3652248445e900c60b7c10a70fb15d78c5e9ae05563e4",
            17_257_701,
            (_PLACE,),
        ),
        File(
            "corel5k_train_list.txt",
            "82548aa04412385fe230f7e88cdb037144948594f747f2d823551947bc631dc3",
            60_658,
            (f"{_PLACE}corel5k_train_list.txt",),
        ),
        File(
            "corel5k_train_annot.mat",
            "5d8200d7f078b90c5a0f94ae263b02432259950390030537a14073b08c85ad63",
            24_512,
            (f"{_PLACE}corel5k_train_annot.mat",),
        ),
        File(
            "corel5k_words.txt",
            "705bdcb9e59a4dcd98c95ac59fc06efb510fef52af4a1f6fe1e34bf565c53f19",
            1_735,
            (f"{_PLACE}corel5k_words.txt",),
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return eight of every nine photographs in list order, or the ninth."""
        pictures, listed, annotations, words = (folder / file.name for file in self.files)
        names = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
        known = tuple(line.strip() for line in words.read_text(encoding="utf-8").splitlines() if line.strip())
        present = read_words(annotations, "annot1", (len(names), len(known)))
        table = {
            name: [known[k] for k in np.flatnonzero(row)] for name, row in zip(names, present, strict=True)
        }
        record = tagged_record(pictures, table, listed.name, _READING, tag_names=known)
        # The archive is sorted by name as text, the list by number.
        place = {f"{name}.jpeg": k for k, name in enumerate(names)}
        record = select(record, np.argsort([place[file] for file in record.files]))
        ninth = np.arange(len(record)) % _EVERY == _EVERY - 1
        return select(dataclasses.replace(record, name=self.slug), ninth if split == "test" else ~ninth)
