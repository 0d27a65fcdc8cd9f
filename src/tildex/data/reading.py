"""How rows were read from files: kept with a trained model, so that later files are read in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from tildex.data.tables import Schema

__all__ = ["Reading"]


@dataclass(frozen=True)
class Reading:
    """How rows were read: what was chosen for the files of training, and what later files must follow.

    Attributes
    ----------
    image_size : (height, width), optional
        Size of every picture.
    colours : int, optional
        Values per pixel: 1 for grey, 3 for colour.
    rate : int, optional
        Samples per second of every sound.
    samples : int, optional
        Length of every sound, in samples.
    schema : Schema, optional
        What the columns of a table were taken for.

    Example
    -------
    >>> Reading.from_json(Reading(image_size=(32, 24), colours=3).to_json())
    Reading(image_size=(32, 24), colours=3, rate=None, samples=None, schema=None)
    """

    image_size: tuple[int, int] | None = None
    colours: int | None = None
    rate: int | None = None
    samples: int | None = None
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
        size, schema = noted.get("image_size"), noted.get("schema")
        whole = {name: noted.get(name) for name in ("colours", "rate", "samples")}
        return cls(
            image_size=None if size is None else (int(size[0]), int(size[1])),
            **{name: None if value is None else int(value) for name, value in whole.items()},
            schema=None if schema is None else Schema.from_json(schema),
        )
