"""The kinds of columns, in the order in which a column is compared with them by ``Kind.recognise``."""

from tildex.data.tables.kinds.base import Kind
from tildex.data.tables.kinds.binary import Binary
from tildex.data.tables.kinds.category import Category
from tildex.data.tables.kinds.count import Count
from tildex.data.tables.kinds.date import Date
from tildex.data.tables.kinds.left_out import Constant, Dropped, Identifier, Label, Text
from tildex.data.tables.kinds.positive import Positive
from tildex.data.tables.kinds.real import Real

__all__ = [
    "Binary",
    "Category",
    "Constant",
    "Count",
    "Date",
    "Dropped",
    "Identifier",
    "Kind",
    "Label",
    "Positive",
    "Real",
    "Text",
]
