"""A measure: computes a value for some models and formats it as text and JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tildex.apps.measure.subject import Subject

__all__ = ["Line", "Measure"]


@dataclass(frozen=True)
class Line:
    """A labelled value as text."""

    label: str
    text: str


@dataclass(frozen=True)
class Measure:
    """A measure that applies to some models.

    Attributes
    ----------
    name : str
        Its name in a measurement and in JSON.
    find : callable
        Maps a :class:`Subject` to the value, or None if the measure does not apply.
    lines : callable
        Maps the value to its lines of text, in order.
    to_json : callable
        Maps the value to plain JSON values.
    """

    name: str
    find: Callable[[Subject], Any]
    lines: Callable[[Any], list[Line]]
    to_json: Callable[[Any], Any] = asdict
