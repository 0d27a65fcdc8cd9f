"""Data: known sets by name, files and folders, and how a training loop reads them.

A new data set is one file with a :class:`Dataset` in it and one import here.
"""

from tildex.data.base import Dataset
from tildex.data.binarise import BINARISATIONS, FrozenRows, binarise
from tildex.data.catalogue import Entry, known
from tildex.data.cifar10 import CIFAR10
from tildex.data.corel5k import Corel5k
from tildex.data.digits import Digits
from tildex.data.errors import DataError
from tildex.data.esc10 import ESC10
from tildex.data.fashion_mnist import FashionMNIST
from tildex.data.fashion_products import FashionProducts
from tildex.data.files import File
from tildex.data.frey import Frey
from tildex.data.fsdd import FSDD
from tildex.data.mnist import MNIST
from tildex.data.newsgroups import Newsgroups100, Newsgroups1000
from tildex.data.olivetti import Olivetti
from tildex.data.one_picture import picture_paths, read_picture, small_picture, small_pictures
from tildex.data.photograph import Photograph
from tildex.data.pieces import photographs_in, read_patches
from tildex.data.readers import read
from tildex.data.record import Record
from tildex.data.rows import JoinedRows, OneHotRows, Rows, rows
from tildex.data.selection import select
from tildex.data.sounds import read_sound, read_sounds
from tildex.data.tagged import read_tagged
from tildex.data.tags import read_tag_table, tag_rows, vocabulary
from tildex.data.wikipedia import Wikipedia

__all__ = [
    "BINARISATIONS",
    "CIFAR10",
    "ESC10",
    "FSDD",
    "MNIST",
    "Corel5k",
    "DataError",
    "Dataset",
    "Digits",
    "Entry",
    "FashionMNIST",
    "FashionProducts",
    "File",
    "Frey",
    "FrozenRows",
    "JoinedRows",
    "Newsgroups100",
    "Newsgroups1000",
    "Olivetti",
    "OneHotRows",
    "Photograph",
    "Record",
    "Rows",
    "Wikipedia",
    "binarise",
    "known",
    "photographs_in",
    "picture_paths",
    "read",
    "read_patches",
    "read_picture",
    "read_sound",
    "read_sounds",
    "read_tag_table",
    "read_tagged",
    "rows",
    "select",
    "small_picture",
    "small_pictures",
    "tag_rows",
    "vocabulary",
]
