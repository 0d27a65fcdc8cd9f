"""20 newsgroups as bags of words: 1,000 words counted, or 100 words present or absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.data.formats.mat import read_counts, read_labels, read_names
from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["Newsgroups100", "Newsgroups1000"]


class Newsgroups1000(Dataset):
    """Posts to 20 newsgroups as sparse counts of 1,000 words; rows differ in length.

    Forms of a word are counted together and named after the first. The split is the publisher's.
    """

    slug = "20news-w1000"
    title = "20 newsgroups, counts of 1,000 words"
    licence = "none stated: research, cite"
    source = "B. Marlin; the collection of probml, https://github.com/probml/pmtkdata"
    rows = Splits(train=11_256, test=7_489)
    shape = (1000,)
    folder = "20news"
    files = (
        File(
            "20news_w1000.mat",
            "ccdbccc06d2981a9011eb4d515955e5083868e760fb26d4ca5602c433979e6c5",
            1_210_033,
            ("https://github.com/probml/pmtkdata/raw/master/20news_w1000/20news_w1000.mat",),
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the publisher's training or test posts."""
        path = folder / self.files[0].name
        return Record(
            read_counts(path, f"{split}W", (getattr(self.rows, split), 1000)),
            read_labels(path, f"{split}C"),
            shape=self.shape,
            feature_names=read_names(path, "vocab"),
            target_names=read_names(path, "class_names"),
            name=self.slug,
        )


class Newsgroups100(Dataset):
    """Posts to 20 newsgroups in four groups, as sparse binary rows: presence of 100 words.

    There is no official split: every fifth post of the file, which is sorted by group, is for testing.
    """

    slug = "20news-w100"
    title = "20 newsgroups, presence of 100 words"
    licence = "none stated: research, cite"
    source = "the data of S. Roweis, https://cs.nyu.edu/~roweis/data.html"
    rows = Splits(train=12_994, test=3_248)
    shape = (100,)
    folder = "20news"
    files = (
        File(
            "20news_w100.mat",
            "6667c5459e22eb544a854bff1443edaaea71735cf1af7b12cc5d986e74af7064",
            416_176,
            (
                "https://cs.nyu.edu/~roweis/data/20news_w100.mat",
                "https://github.com/probml/pmtkdata/raw/master/20news_w100/20news_w100.mat",
            ),
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return four of every five posts, or the fifth."""
        path = folder / self.files[0].name
        words = read_counts(path, "documents", (100, 16_242)).T.tocsr()
        fifth = np.arange(words.shape[0]) % 5 == 4
        chosen = np.flatnonzero(fifth if split == "test" else ~fifth)
        words = words[chosen]
        return Record(
            words,
            read_labels(path, "newsgroups")[chosen],
            shape=self.shape,
            feature_names=read_names(path, "wordlist"),
            target_names=read_names(path, "groupnames"),
            name=self.slug,
        )
