"""Tables with named columns, from files and frames: what each column is, and how it becomes numbers and back."""

from tildex.data.tables.cells import Cells, shortened
from tildex.data.tables.columns import Column, Span
from tildex.data.tables.kinds import Kind
from tildex.data.tables.libraries import frame_of, is_frame, is_plain, library_of
from tildex.data.tables.options import TableOptions, as_names
from tildex.data.tables.schema import Schema
from tildex.data.tables.table import Table

__all__ = [
    "Cells",
    "Column",
    "Kind",
    "Schema",
    "Span",
    "Table",
    "TableOptions",
    "as_names",
    "frame_of",
    "is_frame",
    "is_plain",
    "library_of",
    "shortened",
]
