"""What a measure is: a figure of some models, found, put into words and into JSON in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tildex.apps.measure.subject import Subject

__all__ = ["Line", "Measure"]


@dataclass(frozen=True)
class Line:
    """A figure in words: what it is and its value."""

    label: str
    text: str


@dataclass(frozen=True)
class Measure:
    """A figure that not every model has.

    Attributes
    ----------
    name : str
        Under which it stands in a measurement and in JSON.
    find : callable
        From a :class:`Subject` to the value, or None where the measure does not apply.
    lines : callable
        From the value to its figures in words, in reading order.
    to_json : callable
        From the value to plain values.
    """

    name: str
    find: Callable[[Subject], Any]
    lines: Callable[[Any], list[Line]]
    to_json: Callable[[Any], Any] = asdict
