"""Hits of a query and samples of chains, as a page or a picture of cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tildex.apps.pages.cards import build_card_page
from tildex.apps.pages.sheet import save_sheet
from tildex.apps.tagging.collection import Collection, Hit
from tildex.apps.tagging.pictures import THUMBNAIL, in_colour, in_words
from tildex.apps.tagging.tagged_pictures import TaggedPictures
from tildex.apps.tagging.traces import Look
from tildex.data import small_picture
from tildex.plots import Card, cards

__all__ = ["write_hits", "write_looks"]


def write_hits(
    out: str | Path,
    pictures: TaggedPictures,
    hits: Sequence[Hit],
    *,
    tags: str | Sequence[str] | None = None,
    picture: Any = None,
    data_dir: str | Path | None = None,
) -> str:
    """Write the hits of a query beside the query.

    Parameters
    ----------
    out : path
        A name that ends in .html or .png.
    pictures : TaggedPictures
        The collection that was searched.
    hits : sequence of Hit
        From its ``find``.
    tags, picture
        The query.
    data_dir : path, optional
        The folder of known data sets.

    Returns
    -------
    str
        A sentence on pictures that no longer exist; empty if all exist.

    Raises
    ------
    ValueError
        If the name ends in something else.
    """
    seen = pictures.thumbnails([hit.file for hit in hits], data_dir=data_dir)
    row = [_question(pictures.collection, tags, picture), *(_hit_card(hit, seen) for hit in hits)]
    heads = ["query", *(f"{k + 1}" for k in range(len(hits)))]
    lead, gone = in_words(tags, picture), _gone(len(hits) - len(seen))
    _write(Path(out), [row], heads, title="What was found", lead=lead, gone=gone)
    return gone


def write_looks(
    out: str | Path,
    pictures: TaggedPictures,
    chains: Sequence[Sequence[Look]],
    *,
    tags: str | Sequence[str] | None = None,
    picture: Any = None,
    data_dir: str | Path | None = None,
) -> str:
    """Write the samples of Gibbs chains, one row per chain.

    Parameters
    ----------
    out : path
        A name that ends in .html or .png.
    pictures : TaggedPictures
        The collection whose pictures are shown.
    chains : sequence of sequences of Look
        From its ``trace``.
    tags, picture
        What was held fixed.
    data_dir : path, optional
        The folder of known data sets.

    Returns
    -------
    str
        As :func:`write_hits`.

    Raises
    ------
    ValueError
        If the name ends in something else.
    """
    files = [look.file for chain in chains for look in chain if look.file is not None]
    seen = pictures.thumbnails(files, data_dir=data_dir)
    given = tags is not None or picture is not None
    held = [_question(pictures.collection, tags, picture)] if given else []
    rows = [[*held, *(_look_card(look, pictures.collection, seen) for look in chain)] for chain in chains]
    heads = [*(["given"] if given else []), *(f"step {look.step}" for look in chains[0])]
    lead, gone = f"{in_words(tags, picture) or 'nothing'} held fixed", _gone(len(set(files)) - len(seen))
    _write(Path(out), rows, heads, title="Gibbs chains", lead=lead, gone=gone)
    return gone


def _question(collection: Collection, tags: str | Sequence[str] | None, picture: Any) -> Card:
    if isinstance(picture, str | Path):
        picture = small_picture(Path(picture), THUMBNAIL)
    elif picture is not None:
        picture = in_colour(np.reshape(picture, collection.shape))
    said = tags if isinstance(tags, str) else ", ".join(tags or ())
    return Card(picture, (said,) if said else ())


def _hit_card(hit: Hit, seen: dict[str, np.ndarray]) -> Card:
    return Card(seen.get(hit.file), (*hit.tags, Path(hit.file).name))


def _look_card(look: Look, collection: Collection, seen: dict[str, np.ndarray]) -> Card:
    if look.tags is not None:
        lines = tuple(name for name, _ in look.tags)
    else:
        lines = () if look.row is None else collection.tags_of(look.row)
    return Card(None if look.file is None else seen.get(look.file), lines)


def _gone(missing: int) -> str:
    if not missing:
        return ""
    return f"{missing} of the pictures are no longer in their place and are not shown"


def _write(
    out: Path, rows: Sequence[Sequence[Card]], heads: Sequence[str], *, title: str, lead: str, gone: str
) -> None:
    ending = out.suffix.lower()
    if ending not in (".html", ".png"):
        raise ValueError(f"cannot write {out}: expected a name ending in .html or .png")
    if ending == ".png":
        save_sheet(out, cards(rows, heads, title=f"{title}: {lead}"))
    else:
        build_card_page(rows, heads, out=out, title=title, lead=lead, warnings=[gone] if gone else [])
