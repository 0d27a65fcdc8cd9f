"""A page of cards, pictures with captions: the hits of a query, or the samples of chains."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tildex.apps.pages.asset import POLICY, asset, template
from tildex.apps.pages.markup import escape, paragraphs
from tildex.files import write_whole
from tildex.plots import Card

__all__ = ["build_card_page"]


def build_card_page(
    rows: Sequence[Sequence[Card]],
    heads: Sequence[str],
    *,
    out: Path,
    title: str,
    lead: str,
    warnings: Sequence[str] = (),
) -> Path:
    """Write rows of cards as a self-contained page.

    Parameters
    ----------
    rows : sequence of sequences of Card
        The cards to show.
    heads : sequence of str
        Column headings.
    out : Path
        The page to write.
    title, lead : str
        The page's heading, and the sentence below it.
    warnings : sequence of str
        Warnings for the reader.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    RunError
        If the page cannot be written.
    """
    page = template(__package__, "card_page.html").substitute(
        title=escape(title),
        policy=POLICY,
        lead=escape(lead),
        warning=paragraphs(warnings, "warning"),
        style=asset("tildex.apps.pages", "page.css") + asset(__package__, "card_page.css"),
        heads="".join(f'<th scope="col">{escape(head)}</th>' for head in heads),
        rows="\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows),
    )
    write_whole(Path(out), lambda target: target.write_text(page, encoding="utf-8"))
    return Path(out)


def _cell(card: Card) -> str:
    picture = "" if card.picture is None else _image(card.picture, " ".join(card.lines))
    return f"<td>{picture}{paragraphs(card.lines)}</td>"


def _image(pixels: np.ndarray, words: str) -> str:
    from PIL import Image

    if pixels.dtype != np.uint8:
        pixels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    height, width = pixels.shape[:2]
    return f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{escape(words)}">'
