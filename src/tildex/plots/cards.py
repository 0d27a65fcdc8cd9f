"""Rows of cards, each a picture, lines of text below it, or both; for search results and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from tildex.plots.paper import FAINT, INK, WIDTH, blank, headed, plain

__all__ = ["Card", "cards"]

# Inches: title, column heads, margins, a line of text, and maximum width of a card.
_TITLE, _HEADS, _GAP, _LINE, _LARGEST = 0.36, 0.2, 0.09, 0.125, 1.25
# Letters per inch at the font size of the text.
_LETTERS = 15.5
_SIZE = 7.0


@dataclass(frozen=True, eq=False)
class Card:
    """A picture, lines of text, or both.

    Attributes
    ----------
    picture : array of shape (height, width, 3), optional
        Whole numbers from 0 to 255, or pixels from 0 to 1.
    lines : tuple of str
        Lines of text below it.
    """

    picture: np.ndarray | None = None
    lines: tuple[str, ...] = ()


def cards(rows: Sequence[Sequence[Card]], heads: Sequence[str], *, title: str) -> Figure:
    """Draw rows of cards below column heads; pictures keep their aspect ratio.

    Parameters
    ----------
    rows : sequence of sequences of Card
        At most as many cards per row as there are heads.
    heads : sequence of str
        Titles of the columns.
    title : str
        Title of the figure.

    Raises
    ------
    ValueError
        If there are no cards, or more in a row than heads.

    Example
    -------
    >>> row = [Card(np.zeros((4, 6, 3)), ("sea, sky",)), Card(None, ("snow",))]
    >>> len(cards([row], ("query", "1"), title="Found").axes)
    1
    """
    if not rows or not any(map(len, rows)) or max(map(len, rows)) > len(heads):
        raise ValueError(f"expected rows of one to {len(heads)} cards, got {[len(row) for row in rows]}")
    width = min(_LARGEST, (WIDTH - _GAP) / len(heads))
    heights = [_height(row, width - _GAP) for row in rows]
    total = _TITLE + _HEADS + sum(heights) + _GAP
    figure = blank(total)
    for k, head in enumerate(heads):
        _words(figure, head, (_GAP + k * width, _TITLE), width, color=FAINT)
    top = _TITLE + _HEADS
    for row, height in zip(rows, heights, strict=True):
        for k, card in enumerate(row):
            _draw(figure, card, (_GAP + k * width, top), width - _GAP)
        top += height
    headed(figure, title)
    return figure


def _height(row: Sequence[Card], width: float) -> float:
    return max((_room(card, width) + _LINE * len(card.lines) for card in row), default=0) + _GAP


def _room(card: Card, width: float) -> float:
    """Return the height at which a card's picture is drawn: at most its width."""
    if card.picture is None:
        return 0.0
    height, across = card.picture.shape[:2]
    return width * min(1.0, height / across)


def _draw(figure: Figure, card: Card, corner: tuple[float, float], width: float) -> None:
    left, top = corner
    room = _room(card, width)
    if card.picture is not None:
        total = float(figure.get_size_inches()[1])
        axes = figure.add_axes((left / WIDTH, 1 - (top + room) / total, width / WIDTH, room / total))
        axes.imshow(card.picture, interpolation="antialiased")
        axes.set_anchor("W")
        axes.set_axis_off()
    for k, line in enumerate(card.lines):
        _words(figure, line, (left, top + room + 0.025 + k * _LINE), width, color=INK)


def _words(figure: Figure, text: str, corner: tuple[float, float], width: float, *, color: str) -> None:
    height = float(figure.get_size_inches()[1])
    figure.text(
        corner[0] / WIDTH,
        1 - corner[1] / height,
        plain(text, most=max(4, round(_LETTERS * width))),
        ha="left",
        va="top",
        fontsize=_SIZE,
        color=color,
    )
