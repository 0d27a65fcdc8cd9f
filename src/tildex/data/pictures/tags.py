"""Tags of files: read from a table, and encoded as rows of zeros and ones."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from tildex.data.record import DataError
from tildex.part import nearest

__all__ = ["match", "read_tag_table", "tag_rows", "vocabulary"]

_LARGEST = 1 << 28
_FILE_COLUMNS = ("file", "filename", "file_name", "image", "picture", "sound", "path", "id")


def read_tag_table(path: Path, columns: Sequence[str] | None = None) -> dict[str, list[str]]:
    r"""Return tags by file name, from a .csv file with a header line.

    One column names the file: the one called file, filename, image, picture, sound, path or id, or else the first.
    Every other column holds tags; several in one cell are separated by commas, semicolons or bars. A tag in more than
    one column is written as ``column: tag``, since its meaning then depends on the column.

    Parameters
    ----------
    path : Path
        The table, with cells separated by commas, semicolons or tabs.
    columns : sequence of str, optional
        The tag columns; all except the file names when not given.

    Raises
    ------
    DataError
        If it cannot be read, lacks the columns or has no rows.

    Example
    -------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder) / "tags.csv"
    ...     _ = table.write_text('file,tags\na.jpg,"sea, sky"\nb.jpg,snow\n')
    ...     read_tag_table(table)
    {'a.jpg': ['sea', 'sky'], 'b.jpg': ['snow']}
    """
    head, rows = _cells(path)
    key = next((k for k, name in enumerate(head) if name.lower() in _FILE_COLUMNS), 0)
    chosen = [k for k, name in enumerate(head) if k != key and (columns is None or name in columns)]
    if not chosen or (columns is not None and len(chosen) < len(columns)):
        wanted = "a column of tags beside the file names" if columns is None else ", ".join(columns)
        raise DataError(f"{path}: expected {wanted}, got the columns {', '.join(head)}; name them in line 1")
    if not rows:
        raise DataError(f"{path}: expected one row per file below the header line, got none")
    found: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        # Unquoted tags separated by commas spill into extra cells, which belong to the last column.
        cells = [row[k] if k < len(row) else "" for k in chosen]
        cells[-1] = ",".join([cells[-1], *row[len(head) :]])
        said = found.setdefault(row[key].strip() if key < len(row) else "", [])
        said += [(k, tag) for k, cell in zip(chosen, cells, strict=True) for tag in _split(cell)]
    uses = Counter(tag for _, tag in {pair for said in found.values() for pair in said})
    return {
        name: list(dict.fromkeys(f"{head[k]}: {tag}" if uses[tag] > 1 else tag for k, tag in said))
        for name, said in found.items()
    }


def vocabulary(tags: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all tags in alphabetical order.

    Example
    -------
    >>> vocabulary([["sky", "sea"], ["snow"]])
    ('sea', 'sky', 'snow')
    """
    return tuple(sorted({tag for one in tags for tag in one}))


def tag_rows(tags: Iterable[Iterable[str]], names: Sequence[str]) -> sparse.csr_array:
    """Return one row of zeros and ones per list of tags, shape (rows, tags), float32.

    Parameters
    ----------
    tags : iterable of iterables of str
        The tags of each row.
    names : sequence of str
        The known tags, one per column.

    Raises
    ------
    DataError
        If a tag is unknown; the message suggests the nearest.

    Example
    -------
    >>> tag_rows([["sky"], []], ("sea", "sky")).toarray()
    array([[0., 1.],
           [0., 0.]], dtype=float32)
    """
    column = {name: k for k, name in enumerate(names)}
    places: list[tuple[int, int]] = []
    count = 0
    for said in tags:
        for tag in dict.fromkeys(said):
            if tag not in column:
                raise DataError(f"no tag is called {tag!r}; {nearest(tag, names)}")
            places.append((count, column[tag]))
        count += 1
    row, col = np.array(places, dtype=int).reshape(-1, 2).T
    ones = np.ones(len(places), dtype=np.float32)
    return sparse.csr_array((ones, (row, col)), shape=(count, len(names)))


def match(
    table: Mapping[str, list[str]], files: Sequence[str], where: str
) -> tuple[dict[str, list[str]], list[str]]:
    """Return tags by file, for files that have a row, and one sentence for each unmatched row or file.

    A row matches a file by path, else by name, else by name without ending.

    Parameters
    ----------
    table : mapping of str to list of str
        From :func:`read_tag_table`.
    files : sequence of str
        Paths, with slashes as separators.
    where : str
        Name of the table, for messages.

    Example
    -------
    >>> match({"1163": ["Blue"], "7": ["Red"]}, ["images/1163.jpg"], "tags.csv")
    ({'images/1163.jpg': ['Blue']}, ["tags.csv: no file is called '7'; add it, or remove the row"])
    """
    by_name: dict[str, list[str]] = {}
    for file in files:
        name = file.rpartition("/")[2]
        for known in {file, file.rpartition(".")[0], name, name.rpartition(".")[0]}:
            by_name.setdefault(known, []).append(file)
    tags: dict[str, list[str]] = {}
    left = []
    for row, said in table.items():
        meant = [row] if row in by_name.get(row, ()) else by_name.get(row, [])
        if len(meant) == 1:
            tags.setdefault(meant[0], []).extend(said)
        elif meant:
            left.append(f"{where}: {row!r} matches {' and '.join(sorted(meant)[:2])}; write the path")
        else:
            left.append(f"{where}: no file is called {row!r}; add it, or remove the row")
    left += [f"{file} has no row in {where}; add one" for file in files if file not in tags]
    return {file: tags[file] for file in files if file in tags}, left


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the column names and the non-empty rows."""
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path} has more than {_LARGEST:,} bytes, too many for a table of tags")
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        apart = max(",;\t", key=first.count)
        head, *rows = csv.reader(text.splitlines(), delimiter=apart)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a .csv file with a header line ({error}); write it again") from error
    return [name.strip() for name in head], [row for row in rows if any(cell.strip() for cell in row)]


def _split(cell: str) -> list[str]:
    return [tag for part in re.split(r"[,;|]", cell) if (tag := " ".join(part.split()))]
