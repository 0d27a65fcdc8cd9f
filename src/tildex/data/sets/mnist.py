"""MNIST: 70,000 handwritten digits."""

from __future__ import annotations

from pathlib import Path

from tildex.data.formats.idx import labelled_images
from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["MNIST"]

# The authors' page has refused downloads for years; these two are the usual mirrors.
_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def _file(name: str, size: int, sha256: str) -> File:
    return File(name, sha256, size, tuple(mirror + name for mirror in _MIRRORS))


class MNIST(Dataset):
    """Handwritten digits of 28 x 28 grey pixels, with the authors' split."""

    slug = "mnist"
    title = "MNIST handwritten digits"
    licence = "CC BY-SA 3.0"
    source = (
        "LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition, "
        "http://yann.lecun.com/exdb/mnist/"
    )
    rows = Splits(train=60_000, test=10_000)
    shape = (28, 28)
    files = (
        _file(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the rows of a split."""
        X, y = labelled_images(folder, "train" if split == "train" else "t10k")
        return Record(X, y, self.shape, target_names=tuple("0123456789"), name=self.slug)
