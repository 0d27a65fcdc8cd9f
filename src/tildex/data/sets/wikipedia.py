"""Wikipedia: features of pictures and of their texts, from featured articles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse

from tildex.data.formats.mat import read_floats
from tildex.data.record import DataError, Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["Wikipedia"]

_PLACE = (
    "https://github.com/BMC-SDNU/Cross-Modal-Retrieval/raw/master/"
    "Supervised-cross-modal-real-valued/JFSSL/wikipedia_info/"
)


def _file(name: str, size: int, sha256: str) -> File:
    return File(name, sha256, size, (_PLACE + name,))


class Wikipedia(Dataset):
    """Pairs of a picture, as frequencies of 128 visual words, and a text, as weights of 10 topics. Rows of both sum
    to one. ``X`` holds the pictures, ``tags`` the topics of the texts; labels are ten kinds of articles. The split is
    the authors'.
    """

    slug = "wikipedia"
    title = "Wikipedia pictures and texts, as features"
    licence = "research, cite"
    source = (
        "Rasiwasia and others (2010), A new approach to cross-modal multimedia retrieval, "
        "http://www.svcl.ucsd.edu/projects/crossmodal/"
    )
    rows = Splits(train=2_173, test=693)
    shape = (128,)
    files = (
        _file("categories.list", 75, "4929f3ee00e9de9ffe11f9ab18fc8919b0f6182cc801309409df2f2d05e2b0f5"),
        _file(
            "raw_features.mat", 1_075_232, "ca628f765a69575e168ab29eb97f5ade12fadf47b31de1328c7ff631c7f225ae"
        ),
        _file(
            "trainset_txt_img_cat.list",
            155_153,
            "30c1ba8afbe90da5986de9b12496b6dd2e4680d3876b79ab7aae2e437d5819a3",
        ),
        _file(
            "testset_txt_img_cat.list",
            49_494,
            "ec3123ee31cc89dd95fbeb23eb73b2ecfd1d8909bba863723471aad99408c1eb",
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the authors' training or test pairs."""
        ending, count = ("tr", self.rows.train) if split == "train" else ("te", self.rows.test)
        features = folder / "raw_features.mat"
        listed = folder / f"{split}set_txt_img_cat.list"
        lines = [line.split("\t") for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
        if len(lines) != count or any(len(line) != 3 for line in lines):
            raise DataError(f"{listed}: expected {count} lines of text, image and class; download it again")
        kinds = (folder / "categories.list").read_text(encoding="utf-8").split()
        return Record(
            read_floats(features, f"I_{ending}", (count, 128)),
            np.array([int(line[2]) - 1 for line in lines]),
            self.shape,
            target_names=tuple(kinds),
            name=self.slug,
            tags=sparse.csr_array(read_floats(features, f"T_{ending}", (count, 10))),
            tag_names=tuple(f"topic {k + 1}" for k in range(10)),
            files=tuple(f"{line[1]} with {line[0]}" for line in lines),
        )
