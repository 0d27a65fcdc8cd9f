"""The common style of figures: white background, one font size, and literal text."""

from __future__ import annotations

import functools
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

__all__ = ["COLOURS", "FAINT", "INK", "WIDTH", "blank", "headed", "plain", "quiet"]

WIDTH = 5.2
"""Inches: two figures fit side by side on a desktop, one on a phone, with 9-point text readable on both."""

INK = "#222222"
FAINT = "#6b6b6b"
COLOURS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)
"""Ten colours for any colour vision: Petroff (2021), "Accessible color sequences for data visualization"."""

_HEAD = 0.36
_MISSING = "\N{WHITE SQUARE}"


def blank(height: float, *, width: float = WIDTH, layout: Any = None) -> Figure:
    """Return an empty white figure of that size in inches, without a window."""
    return Figure(figsize=(width, height), facecolor="white", layout=layout)


def headed(figure: Figure, title: str) -> None:
    """Write the title at the top left; a layout engine reserves the space."""
    height = float(figure.get_size_inches()[1])
    if figure.get_layout_engine() is not None:
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - _HEAD / height))
    figure.text(0.01, 1 - 0.08 / height, plain(title, most=64), ha="left", va="top", fontsize=10.5, color=INK)


def quiet(axes: Axes) -> None:
    """Keep only the parts of the frame needed to read values."""
    axes.set_facecolor("white")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=FAINT, labelsize=8.5, length=3)
    axes.xaxis.label.set(color=FAINT, fontsize=9)
    axes.yaxis.label.set(color=FAINT, fontsize=9)


def plain(text: object, most: int = 24) -> str:
    r"""Return one line that matplotlib draws literally: no mathematics, no missing glyphs, at most ``most``
    characters.

    Example
    -------
    >>> plain("a\nprice in $", most=9)
    'a price …'
    >>> plain("$x$")
    '\\$x\\$'
    """
    line = " ".join(str(text).split())
    if len(line) > most:
        line = line[: most - 1] + "…"
    return "".join(sign if _drawable(sign) else _MISSING for sign in line).replace("$", r"\$")


@functools.cache
def _drawable(sign: str) -> bool:
    return bool(get_font(findfont(FontProperties())).get_char_index(ord(sign)))
