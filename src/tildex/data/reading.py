"""How rows were read from files: kept with a trained model, so that later files are read in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from tildex.data.tables import Schema

__all__ = ["ANY_READING", "Reading"]


@dataclass(frozen=True)
class Reading:
    """How rows were read: what was chosen for the files of training, and what later files must follow.

    Attributes
    ----------
    image_size : (height, width), optional
        Size of every picture.
    colours : int, optional
        Values per pixel: 1 for grey, 3 for colour.
    resize : str, optional
        How pictures of another aspect ratio are brought to the size: "crop", "pad" or "stretch".
    levels : (lowest, highest), optional
        Values of pictures in floats or whole numbers of 32 bits that became 0 and 1.
    rate : int, optional
        Samples per second of every sound.
    samples : int, optional
        Length of every sound, in samples.
    classes : tuple of str, optional
        Names of the labels, by index: sub-folders of pictures or sounds.
    schema : Schema, optional
        What the columns of a table were taken for.

    Example
    -------
    >>> Reading.from_json(Reading(image_size=(32, 24), colours=3).to_json()).image_size
    (32, 24)
    """

    image_size: tuple[int, int] | None = None
    colours: int | None = None
    rate: int | None = None
    samples: int | None = None
    resize: str | None = None
    levels: tuple[float, float] | None = None
    classes: tuple[str, ...] | None = None
    schema: Schema | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what was chosen, as JSON."""
        noted = {one.name: getattr(self, one.name) for one in fields(self)}
        if self.schema is not None:
            noted["schema"] = self.schema.to_json()
        return {name: value for name, value in noted.items() if value is not None}

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Self:
        """Return the reading that :meth:`to_json` noted."""
        kinds: dict[str, Callable[[Any], Any]] = {
            "image_size": lambda size: (int(size[0]), int(size[1])),
            **dict.fromkeys(("colours", "rate", "samples"), int),
            "resize": str,
            "levels": lambda levels: (float(levels[0]), float(levels[1])),
            "classes": lambda names: tuple(map(str, names)),
            "schema": Schema.from_json,
        }
        return cls(**{name: kind(noted[name]) for name, kind in kinds.items() if noted.get(name) is not None})


ANY_READING = Reading()
"""Nothing is known of how rows are to be read."""
