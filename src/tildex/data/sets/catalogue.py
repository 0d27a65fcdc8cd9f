"""The known data sets: found by name, and listed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tildex.data.sets.dataset import Dataset

__all__ = ["Entry", "by_slug", "find", "known"]


@dataclass(frozen=True)
class Entry:
    """An entry in the list of known data sets; ``rows`` reads like "60,000 + 10,000 of 28 x 28"."""

    slug: str
    title: str
    rows: str
    licence: str
    source: str
    present: bool
    how_to_get: str


def known(data_dir: Path | str | None = None) -> list[Entry]:
    """Return all known data sets in order of name.

    Parameters
    ----------
    data_dir : path, optional
        The folder of data sets; ``$TILDEX_DATA`` or the user's cache when not given.

    Example
    -------
    >>> [entry.rows for entry in known() if entry.slug == "digits"]
    ['1,438 + 359 of 8 x 8']
    """
    return [_entry(dataset, data_dir) for _, dataset in sorted(by_slug().items())]


def find(slug: str) -> Dataset | None:
    """Return the data set named ``slug``, ignoring case.

    >>> find("Digits")
    Digits()
    >>> find("digit") is None
    True
    """
    return by_slug().get(slug.lower())


def by_slug() -> dict[str, Dataset]:
    """Return every known data set by its name."""
    parts = (cast(type[Dataset], part) for part in Dataset.table.values())
    return {part.slug: part() for part in parts}


def _entry(dataset: Dataset, data_dir: Path | str | None) -> Entry:
    counts = " + ".join(f"{count:,}" for count in dataset.rows)
    sample = " x ".join(map(str, dataset.shape))
    return Entry(
        slug=dataset.slug,
        title=dataset.title,
        rows=f"{counts} of {sample}",
        licence=dataset.licence,
        source=dataset.source,
        present=dataset.present(data_dir),
        how_to_get=dataset.how_to_get(data_dir),
    )
