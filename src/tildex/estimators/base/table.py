"""The table of models: what each term of the sentence is for every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ModelRow", "is_model", "rows_of"]


@dataclass(frozen=True)
class ModelRow:
    """A line of the table of models: its place there, and what each term of the sentence is for one of them."""

    place: int
    encoder: str
    decoder: str
    corruption: str = "-"
    penalty: str = "-"
    rule: str = "reconstruction"


def is_model(value: Any) -> bool:
    """Say whether a value is an estimator with a line in the table."""
    return isinstance(getattr(value, "row", None), ModelRow)


def rows_of(table: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the estimators' rows in order, a dictionary of column to cell each."""
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
