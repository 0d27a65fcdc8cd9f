"""How a text file writes a table: encoding, separator, quotes, comments before the header."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tildex.data.errors import DataError

__all__ = ["Dialect", "decoded", "dialect_of", "numeric"]

_SEPARATORS = ",;\t|"
_SAMPLE = 200
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "spaces"}
_NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    separator, quote : str
        One character each; a separator of " " is any number of spaces and tabs.
    skipped : int
        Lines before the header: comments, and empty lines.
    names : tuple of str
        The names in the header line, without spaces around them.
    coded : tuple of str
        Columns in which numbers are written with leading zeros, as codes are.
    """

    separator: str
    quote: str
    skipped: int
    names: tuple[str, ...]
    coded: tuple[str, ...]

    def __str__(self) -> str:
        return f"separator {_NAMES[self.separator]}" + (", quotes '" if self.quote == "'" else "")


def decoded(path: Path) -> tuple[str, str]:
    """Return a file's text, and its encoding: the one that its first bytes name, UTF-8, or cp1252."""
    content = path.read_bytes()
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return _decode(content, encoding, path), encoding.upper().removesuffix("-SIG")
    # Without a mark, UTF-16 of Latin letters shows as every other byte being zero.
    some = content[:400]
    for encoding, half in (("utf-16-le", some[1::2]), ("utf-16-be", some[::2])):
        if half.count(0) > len(half) / 2:
            return _decode(content, encoding, path), "UTF-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding.upper() if encoding == "utf-8" else encoding
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "Latin-1"


def dialect_of(text: str, path: Path) -> Dialect:
    """Return how a table is written.

    Raises
    ------
    DataError
        If there is no header line.
    """
    lines = _first_lines(text)
    skipped, marked = _before_header(lines)
    lines = lines[skipped:]
    if not any(line.strip() for line in lines):
        raise DataError(f"{path} is not a table with a header line: it is empty")
    quote = "'" if _single_quotes(lines) else '"'
    said = re.fullmatch(r"\ufeff?sep=(.)\s*", lines[0])
    if said:
        skipped, lines = skipped + 1, lines[1:]
    separator = said[1] if said else _separator(lines, quote, path)
    rows = _rows(lines, separator, quote)
    names = [name.strip() for name in rows[0]]
    if marked:
        names[0] = names[0].lstrip("# ")
    body = [row for row in rows[1:] if row]
    if body and all(len(row) == len(names) + 1 for row in body):
        # As R writes it: the column of the rows' names has none.
        names = ["", *names]
    _require_header(names, body, path)
    return Dialect(separator, quote, skipped + 1, tuple(names), _codes(names, body))


def numeric(cell: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma.

    >>> numeric("1,5"), numeric("-2e3"), numeric("12 a")
    (True, True, False)
    """
    return bool(_NUMBER.fullmatch(cell.strip()))


def _decode(content: bytes, encoding: str, path: Path) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} begins as {encoding} text and goes on otherwise ({error}); write it again"
        ) from error


def _first_lines(text: str) -> list[str]:
    end = 0
    for _ in range(_SAMPLE):
        end = text.find("\n", end) + 1
        if end == 0:
            # Old text files end their lines with a carriage return alone.
            return re.split(r"\r\n|\n|\r", text)
    return re.split(r"\r\n|\n|\r", text[:end])


def _before_header(lines: list[str]) -> tuple[int, bool]:
    """Return how many lines come before the header, and whether the header is the last of the lines marked ``#``."""
    n = 0
    while n < len(lines) and (not lines[n].strip() or lines[n].lstrip("\ufeff").startswith("#")):
        n += 1
    marks = [k for k in range(n) if lines[k].strip()]
    if not marks or n == len(lines):
        return (n, False) if n < len(lines) else (0, False)
    last = lines[marks[-1]]
    for separator in _SEPARATORS:
        cells = lines[n].split(separator)
        if len(cells) > 1 and last.count(separator) == len(cells) - 1 and any(map(numeric, cells)):
            return marks[-1], True
    return n, False


def _single_quotes(lines: list[str]) -> bool:
    text = "\n".join(lines)
    inside = rf"(^|[{_SEPARATORS}])'[^'\n]*[{_SEPARATORS} ][^'\n]*'($|[{_SEPARATORS}])"
    return '"' not in text and bool(re.search(inside, text, re.MULTILINE))


def _separator(lines: list[str], quote: str, path: Path) -> str:
    """Return the separator that cuts the lines into rows of equal length, at least two cells each."""
    order = "\t,;|" if path.suffix.lower() in (".tsv", ".tab") else _SEPARATORS
    best, best_share, best_width = ",", 0.0, 1
    for separator in order:
        lengths = [len(row) for row in _rows(lines, separator, quote) if row]
        width, times = Counter(lengths).most_common(1)[0]
        # A header with fewer cells than the rows was not cut by this separator.
        share = times / len(lengths) if lengths[0] >= width - 1 and lengths[0] > 1 else 0.0
        if width > 1 and (share, width) > (best_share, best_width):
            best, best_share, best_width = separator, share, width
    if best_share == 0.0 and _in_columns(lines):
        return " "
    return best


def _in_columns(lines: list[str]) -> bool:
    """Return whether spaces alone cut all lines into equally many cells, some of them numbers."""
    rows = [line.split() for line in lines if line.strip()]
    same = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 and len(rows) > 1
    return same and not any('"' in line for line in lines) and any(map(numeric, rows[1]))


def _rows(lines: list[str], separator: str, quote: str) -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    cut = [line + "\n" for line in lines]
    try:
        rows = list(csv.reader(cut, delimiter=separator, quotechar=quote))
    except csv.Error:
        return [line.split(separator) for line in lines]
    # The last row of a sample may be cut inside quotes.
    return rows[:-1] if len(lines) >= _SAMPLE and len(rows) > 2 else rows


def _require_header(names: list[str], body: list[list[str]], path: Path) -> None:
    cure = "add a line with the columns' names"
    if all(numeric(name) for name in names):
        raise DataError(f"{path}: expected column names in the first line, got numbers; {cure}")
    named = [name for name in names if name]
    for k, name in enumerate(names):
        below = [row[k].strip() for row in body if k < len(row)]
        if (
            name
            and not numeric(name)
            and below.count(name) > 1
            and (len(set(named)) < len(named) or any(map(numeric, named)))
        ):
            raise DataError(
                f"{path}: expected column names in the first line, and {name!r} is also a cell of its column; {cure}"
            )


def _codes(names: list[str], body: list[list[str]]) -> tuple[str, ...]:
    coded = []
    for k, name in enumerate(names):
        if any(k < len(row) and re.fullmatch(r"0\d+", row[k].strip()) for row in body):
            coded.append(name)
    return tuple(coded)
