"""Several modalities in one table: the columns of each, and the rows where each is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tildex.estimators.base.columns import Transformed, chunks
from tildex.estimators.multimodal.modality import Field, Modality
from tildex.train import Rows

__all__ = ["known_rows", "rows_that_know", "widths_of"]


def known_rows(data: Rows, fields: Sequence[Field]) -> np.ndarray:
    """Return whether each modality is known in each row, shape (rows, modalities).

    Raises
    ------
    ValueError
        If only some columns of a modality are known in a row.
    """
    found, start = [], 0
    for x in chunks(data):
        unknown = x.isnan()
        some, whole = (
            torch.stack([function(field.of(unknown), -1) for field in fields], 1)
            for function in (torch.any, torch.all)
        )
        if bool((some & ~whole).any()):
            row, m = (some & ~whole).nonzero()[0].tolist()
            raise ValueError(
                f"row {start + row} has NaN in some columns of {fields[m].name} but not in all: "
                "a modality must be known in all its columns or NaN in all"
            )
        found.append(~whole)
        start += len(x)
    return torch.cat(found).cpu().numpy()


def rows_that_know(data: Rows, field: Field, known: np.ndarray) -> Transformed:
    """Return one modality's columns of the rows where it is ``known``, shape (rows,)."""
    return Transformed(data, field.of, None if known.all() else known.nonzero()[0])


def widths_of(given: Sequence[Modality], total: int, names: Any) -> list[int]:
    """Return the number of columns of each modality in a table."""
    widths = [_width(one, names) for one in given]
    if widths.count(None) > 1:
        raise ValueError("only one modality of a table may leave columns open: set columns of the others")
    rest = total - sum(n for n in widths if n is not None)
    if rest < (1 if None in widths else 0) or (rest and None not in widths):
        said = {one.name: n for one, n in zip(given, widths, strict=True)}
        raise ValueError(f"expected a table with columns {said}, got {total} columns")
    widths = [rest if n is None else n for n in widths]
    if names is not None:
        _require_adjacent(given, [int(n or 0) for n in widths], names)
    return [int(n or 0) for n in widths]


def _width(one: Modality, names: Any) -> int | None:
    if not isinstance(one.columns, str):
        return one.columns
    if names is None:
        raise ValueError(
            f"{one.name}: columns={one.columns!r} is a prefix of column names, but the data have no names: "
            "give a data frame, or the number of columns"
        )
    n = sum(name.startswith(one.columns) for name in names)
    if not n:
        raise ValueError(f"{one.name}: no column's name begins with {one.columns!r}")
    return n


def _require_adjacent(given: Sequence[Modality], widths: Sequence[int], names: Any) -> None:
    ends = np.cumsum([0, *widths])
    for m, one in enumerate(given):
        own = names[ends[m] : ends[m + 1]]
        if isinstance(one.columns, str):
            wrong = [name for name in own if not name.startswith(one.columns)]
            if wrong:
                raise ValueError(
                    f"{one.name}: columns that begin with {one.columns!r} must be adjacent and in the order of the "
                    f"modalities, but {wrong[0]!r} is among them"
                )
