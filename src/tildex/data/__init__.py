"""Data: known sets by name, files and folders, and how a training loop reads them.

A new data set is one file with a :class:`Dataset` in it and one import here.
"""

from tildex.data.base import Dataset
from tildex.data.binarise import BINARISATIONS, FrozenRows, binarise
from tildex.data.catalogue import Entry, known
from tildex.data.cifar10 import CIFAR10
from tildex.data.digits import Digits
from tildex.data.errors import DataError
from tildex.data.fashion_mnist import FashionMNIST
from tildex.data.files import File
from tildex.data.frey import Frey
from tildex.data.mnist import MNIST
from tildex.data.newsgroups import Newsgroups100, Newsgroups1000
from tildex.data.olivetti import Olivetti
from tildex.data.readers import read
from tildex.data.record import Record
from tildex.data.rows import JoinedRows, OneHotRows, Rows, rows

__all__ = [
    "BINARISATIONS",
    "CIFAR10",
    "MNIST",
    "DataError",
    "Dataset",
    "Digits",
    "Entry",
    "FashionMNIST",
    "File",
    "Frey",
    "FrozenRows",
    "JoinedRows",
    "Newsgroups100",
    "Newsgroups1000",
    "Olivetti",
    "OneHotRows",
    "Record",
    "Rows",
    "binarise",
    "known",
    "read",
    "rows",
]
