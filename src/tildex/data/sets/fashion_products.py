"""Fashion products: catalogue photographs with article types, colours and uses."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tildex.data.pictures.tagged import tagged_record
from tildex.data.pictures.tags import read_tag_table
from tildex.data.reading import Reading
from tildex.data.record import Record, select
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["FashionProducts"]

_PLACE = "https://www.kaggle.com/datasets/paramaggarwal/fashion-product-images-small"
_COLUMNS = ("masterCategory", "subCategory", "articleType", "baseColour", "usage")
_EVERY = 10
_READING = Reading((80, 60), colours=3, resize="stretch")


class FashionProducts(Dataset):
    """Photographs of 80 x 60 pixels with five tags each: two categories, the article type, its colour and its use.

    A tag in two columns is written with its column's name. There is no official split: every tenth photograph, in
    order of file name, is for testing.
    """

    slug = "fashion-products"
    title = "Fashion product photographs with tags"
    licence = "MIT, as its publisher states"
    source = f"Aggarwal, Fashion Product Images (Small), {_PLACE}"
    rows = Splits(train=12_600, test=1_400)
    shape = (80, 60, 3)
    by_hand = "a zip archive of 14,000 of the photographs, and the table of these with six columns"
    files = (
        File(
            "images.zip",
            "2736f4b5d8fc716238c1a34a654fc5ea7d27bf47a350c0ccf637d680ca81d2b6",
            21_593_942,
            (_PLACE,),
        ),
        File(
            "styles.csv",
            "ce6f67d91b2450fce6f068401c5245a6c7677d59aa028449e5d1ac2c6412ce57",
            1_153_433,
            (_PLACE,),
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return nine of every ten photographs, or the tenth."""
        pictures, table = (folder / file.name for file in self.files)
        record = tagged_record(pictures, read_tag_table(table, _COLUMNS), table.name, _READING)
        tenth = np.arange(len(record)) % _EVERY == _EVERY - 1
        return select(dataclasses.replace(record, name=self.slug), tenth if split == "test" else ~tenth)
