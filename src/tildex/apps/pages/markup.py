"""HTML elements of a page; all text is escaped."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

__all__ = ["Cell", "Picture", "escape", "facts", "figure", "notes", "paragraphs", "table"]

# CSS pixels per inch of a figure: its 9-point type then has the size of small print.
_PIXELS = 100


@dataclass(frozen=True)
class Picture:
    """A figure, its caption, and its alternative text."""

    figure: Figure
    caption: str
    alt: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, a second line in small print, and a class of the style sheet."""

    text: str
    small: str = ""
    style: str = ""


def escape(text: object) -> str:
    """Return text escaped for HTML, including attributes."""
    return html.escape(str(text), quote=True)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return terms and descriptions, for the inside of a <dl>."""
    return "\n".join(f"<dt>{escape(term)}</dt><dd>{escape(said)}</dd>" for term, said in pairs)


def notes(pairs: Iterable[tuple[str, str]]) -> str:
    """Return terms and descriptions, each pair in a <div>, for the inside of a <dl>."""
    return "\n".join(f"<div>{facts([pair])}</div>" for pair in pairs)


def paragraphs(texts: Iterable[str], style: str = "") -> str:
    """Return one <p> per text."""
    return "\n".join(f"<p{_class(style)}>{escape(text)}</p>" for text in texts)


def table(head: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table that scrolls sideways if it is too wide; the first column holds row headings.

    Example
    -------
    >>> table([Cell("model")], [[Cell("a < b")]]).count("&lt;")
    1
    """
    top = "".join(_cell("th", cell, ' scope="col"') for cell in head)
    body = "\n".join(_row(*row) for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def figure(picture: Picture, density: int) -> str:
    """Return a <figure> with its picture embedded, at ``density`` dots per inch."""
    buffer = io.BytesIO()
    picture.figure.savefig(buffer, format="png", dpi=density, metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width, height = (round(inches * _PIXELS) for inches in picture.figure.get_size_inches())
    return (
        f'<figure><img src="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'alt="{escape(picture.alt)}"><figcaption>{escape(picture.caption)}</figcaption></figure>'
    )


def _row(first: Cell, *rest: Cell) -> str:
    heading = _cell("th", first, ' scope="row"')
    return f"<tr>{heading}{''.join(_cell('td', cell) for cell in rest)}</tr>"


def _cell(tag: str, cell: Cell, attributes: str = "") -> str:
    small = f"<small>{escape(cell.small)}</small>" if cell.small else ""
    return f"<{tag}{attributes}{_class(cell.style)}>{escape(cell.text)}{small}</{tag}>"


def _class(style: str) -> str:
    return f' class="{escape(style)}"' if style else ""
