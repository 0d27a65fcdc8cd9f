"""A page with a map of sounds: a click on a point plays its sound and lists the nearest ones."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tildex.apps.pages.asset import POLICY, asset, template
from tildex.apps.pages.markup import escape, paragraphs
from tildex.apps.pages.numbers import counted
from tildex.apps.report.figures import plane
from tildex.apps.sounds.clips import MEDIA_TYPE, clips
from tildex.data import Record
from tildex.evaluate.distances import others_nearest
from tildex.files import write_whole
from tildex.plots.paper import COLOURS

__all__ = ["build_sound_page"]

_BUDGET = 16_000_000
_NEIGHBOURS = 6
_SIDE, _MARGIN = 1000, 20
_MOST_IN_LEGEND = 40


def build_sound_page(record: Record, codes: Any, *, out: Path, title: str, budget: int = _BUDGET) -> Path:
    """Write a self-contained page with a map of sounds; the sounds are embedded.

    Parameters
    ----------
    record : Record
        The sounds, with their rate, and their files and classes if known.
    codes : array of shape (sounds, components)
        Their codes; codes of more than two components are projected on their first two principal axes.
    out : Path
        The page to write.
    title : str
        The page's heading.
    budget : int
        Maximum size of the embedded sounds, in characters; they are cut to fit.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ValueError
        If the record holds no sounds, or there is not one code per sound.
    RunError
        If the page cannot be written.
    """
    codes = np.asarray(codes, dtype=float)
    if record.rate is None or codes.ndim != 2 or len(codes) != len(record):
        raise ValueError(f"expected sounds and one code per sound, got {record!r} and codes of {codes.shape}")
    played = clips(np.asarray(record.X), record.rate, budget)
    script = asset(__package__, "sound_page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    points, _, where = plane(codes)
    page = template(__package__, "sound_page.html").substitute(
        title=escape(title),
        policy=f"media-src data:; {POLICY}; script-src 'sha256-{digest}'",
        style=asset("tildex.apps.pages", "page.css") + asset(__package__, "sound_page.css"),
        lead=escape(_lead(record, played)),
        warning=paragraphs([record.note] if record.note else [], "warning"),
        side=_SIDE,
        points=_circles(points, record),
        legend=_legend(record),
        caption=escape(where),
        data=_json(record, codes, played),
        script=script,
    )
    write_whole(Path(out), lambda target: target.write_text(page, encoding="utf-8"))
    return Path(out)


def _lead(record: Record, played: Sequence[str]) -> str:
    sounds = f"{counted(len(record))} sounds of {record.name or 'a folder'}"
    silent = sum(not text for text in played)
    some = (
        f" {counted(silent)} of them cannot be played here, because the page would be too large."
        if silent
        else ""
    )
    return f"{sounds}: similar sounds lie close together. Click a point to hear it.{some}"


def _circles(points: np.ndarray, record: Record) -> str:
    low, high = points.min(0), points.max(0)
    # Each axis has its own scale: only the neighbourhoods matter.
    places = (points - low) / np.where(high > low, high - low, 1.0) * (_SIDE - 2 * _MARGIN) + _MARGIN
    places[:, 1] = _SIDE - places[:, 1]
    radius = float(np.clip(200 / np.sqrt(len(points)), 4, 11))
    y = np.zeros(len(points), dtype=int) if record.y is None else record.y
    return "\n".join(
        f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{radius:.1f}" fill="{COLOURS[k % len(COLOURS)]}"/>'
        for (cx, cy), k in zip(places, y, strict=True)
    )


def _legend(record: Record) -> str:
    if record.y is None:
        return ""
    found = np.unique(record.y)[:_MOST_IN_LEGEND]
    return "\n".join(
        f'<li><span style="background:{COLOURS[k % len(COLOURS)]}"></span>{escape(_class_of(record, k))}</li>'
        for k in found
    )


def _json(record: Record, codes: np.ndarray, played: Sequence[str]) -> str:
    """Return the script's data as JSON, escaped so that no name can end the string or the element."""
    value = {
        "type": MEDIA_TYPE,
        "names": list(record.files) or [f"sound {k + 1}" for k in range(len(record))],
        "kinds": [] if record.y is None else [_class_of(record, k) for k in record.y],
        "near": others_nearest(codes, _NEIGHBOURS).tolist() if len(codes) > 1 else [[]],
        "clips": list(played),
    }
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _class_of(record: Record, label: int) -> str:
    names = record.target_names
    return names[label] if names is not None and 0 <= label < len(names) else str(label)
