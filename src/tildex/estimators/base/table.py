"""The table of models: encoder, decoder, corruption, penalty and rule of every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ModelRow", "is_model", "rows_of"]


@dataclass(frozen=True)
class ModelRow:
    """A row of the table of models: its place in the order, and its cells."""

    place: int
    encoder: str
    decoder: str
    corruption: str = "-"
    penalty: str = "-"
    rule: str = "reconstruction"


def is_model(value: Any) -> bool:
    """Return whether a value is an estimator with a row in the table."""
    return isinstance(getattr(value, "row", None), ModelRow)


def rows_of(table: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the estimators' rows in order, each a dict of column to cell."""
    return [
        {
            "model": slug,
            "class": cls.__name__,
            "P(h given x)": cls.row.encoder,
            "P(x given h)": cls.row.decoder,
            "corruption": cls.row.corruption,
            "penalty": cls.row.penalty,
            "rule": cls.row.rule,
        }
        for slug, cls in sorted(table.items(), key=lambda item: item[1].row.place)
    ]
