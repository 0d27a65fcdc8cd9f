"""Data: known sets by name, files and folders, and how a training loop reads them.

A new data set is one file with a :class:`Dataset` in it and one import here.
"""

from tildex.data.binarise import BINARISATIONS, FrozenRows, binarise
from tildex.data.pictures.patches import read_patches
from tildex.data.pictures.photograph import Photograph
from tildex.data.pictures.photographs import photographs_in, photographs_of
from tildex.data.pictures.single import read_picture, read_pictures, small_picture, small_pictures
from tildex.data.pictures.tagged import read_tagged
from tildex.data.pictures.tags import read_tag_table, tag_rows, vocabulary
from tildex.data.readers import read
from tildex.data.reading import Reading
from tildex.data.record import DataError, Record, select
from tildex.data.rows import JoinedRows, OneHotRows, Rows, rows
from tildex.data.sets.catalogue import Entry, known
from tildex.data.sets.cifar10 import CIFAR10
from tildex.data.sets.corel5k import Corel5k
from tildex.data.sets.dataset import Dataset
from tildex.data.sets.digits import Digits
from tildex.data.sets.esc10 import ESC10
from tildex.data.sets.fashion_mnist import FashionMNIST
from tildex.data.sets.fashion_products import FashionProducts
from tildex.data.sets.frey import Frey
from tildex.data.sets.fsdd import FSDD
from tildex.data.sets.mnist import MNIST
from tildex.data.sets.newsgroups import Newsgroups100, Newsgroups1000
from tildex.data.sets.olivetti import Olivetti
from tildex.data.sets.published import File
from tildex.data.sets.wikipedia import Wikipedia
from tildex.data.sounds.folder import read_sound, read_sounds
from tildex.data.tables import Schema, is_frame

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
    "Reading",
    "Record",
    "Rows",
    "Schema",
    "Wikipedia",
    "binarise",
    "is_frame",
    "known",
    "photographs_in",
    "photographs_of",
    "read",
    "read_patches",
    "read_picture",
    "read_pictures",
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
