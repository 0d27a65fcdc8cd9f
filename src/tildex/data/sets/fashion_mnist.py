"""Fashion-MNIST: 70,000 pictures of clothes in MNIST's format."""

from __future__ import annotations

from pathlib import Path

from tildex.data.formats.idx import labelled_images
from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits
from tildex.data.sets.published import File

__all__ = ["FashionMNIST"]

_PUBLISHED = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


def _file(name: str, size: int, sha256: str) -> File:
    return File(name, sha256, size, tuple(address + name for address in _PUBLISHED))


class FashionMNIST(Dataset):
    """Clothes in 28 x 28 grey pixels, with the authors' split."""

    slug = "fashion-mnist"
    title = "Fashion-MNIST clothes"
    licence = "MIT"
    source = (
        "Xiao, Rasul and Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking machine "
        "learning algorithms, https://github.com/zalandoresearch/fashion-mnist"
    )
    rows = Splits(train=60_000, test=10_000)
    shape = (28, 28)
    files = (
        _file(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        _file(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        _file(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        _file(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    )
    classes = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )

    def read_split(self, folder: Path, split: str) -> Record:
        """Return the rows of a split."""
        X, y = labelled_images(folder, "train" if split == "train" else "t10k")
        return Record(X, y, self.shape, target_names=self.classes, name=self.slug)
