"""One modality among several: its units, its columns and its hidden layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from tildex.data import BINARISATIONS
from tildex.part import Part
from tildex.units import Units

__all__ = ["Families", "Field", "Modality", "fields_of"]

# A frozen draw needs whole rows, and rows here may lack modalities.
_BINARISATIONS = ("auto", *(how for how in BINARISATIONS if how != "frozen"))


class Modality(Part, kind="modality"):
    """One modality of a :class:`MultimodalDBM`; settings that are None are chosen from the data.

    Parameters
    ----------
    name : str
        Name of the modality, its key where data are a dict.
    columns : int or str, optional
        For one table of several modalities: number of columns, or prefix of the column names. Modalities stand in
        this order, each in adjacent columns; one may leave ``columns`` open and takes the remaining columns.
    units : Units, optional
        Unit family of the data. By default ``Bernoulli()`` where all values lie in [0, 1], word counts where all are
        whole numbers of at least 0, and otherwise ``Gaussian()``, after standardising each column. Word counts,
        ``ReplicatedSoftmax(n_words, length)`` or ``Multinomial(n_words, length)``, are rescaled to that length, which
        is their weight relative to other modalities. By default it is their mean length, at most 10: with longer ones
        the layers between data and joint layer diverge at learning rates that suit other data.
    hidden_layer_sizes : sequence of int, or int, optional
        Units of the hidden layers between the data and the joint layer; ``()`` couples the data to it directly.
    binarisation : str
        How values between 0 and 1 of Bernoulli units become binary in training: ``dynamic``, ``threshold`` or
        ``none``, as in :class:`RBM`. ``auto``, the default, is dynamic.

    Example
    -------
    >>> from tildex import Modality, ReplicatedSoftmax
    >>> Modality("tags", units=ReplicatedSoftmax(260, 5), hidden_layer_sizes=(64,))
    Modality(name='tags', columns=None, units=ReplicatedSoftmax(n_words=260, length=5), hidden_layer_sizes=(64,), \
binarisation='auto')
    """

    def __init__(
        self,
        name: str = "data",
        columns: int | str | None = None,
        *,
        units: Units | None = None,
        hidden_layer_sizes: Sequence[int] | int | None = None,
        binarisation: str = "auto",
    ) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f"name must be the name of a modality, got {name!r}")
        if isinstance(columns, int) and columns < 1:
            raise ValueError(f"columns must be at least 1, got {columns}")
        if units is not None and not isinstance(units, Units):
            raise ValueError(f"units must be a unit family such as Gaussian(), got {units!r}")
        if binarisation not in _BINARISATIONS:
            raise ValueError(f"binarisation must be one of {', '.join(_BINARISATIONS)}, got {binarisation!r}")
        self.name = name
        self.columns = columns
        self.units = units
        self.hidden_layer_sizes = hidden_layer_sizes
        self.binarisation = binarisation


# The only part of this kind; saved recipes look it up here.
Modality.table[Modality.__name__] = Modality


class Field:
    """The columns of a modality in the joint table.

    Parameters
    ----------
    name : str
        Name of the modality.
    start, stop : int
        Its first column, and one past its last.
    """

    def __init__(self, name: str, start: int, stop: int) -> None:
        self.name, self.start, self.stop = name, start, stop

    def of(self, x: Any) -> Any:
        """Return these columns of rows."""
        return x[:, self.start : self.stop]

    def __len__(self) -> int:
        return self.stop - self.start


class Families(list):
    """The unit families of several modalities, with the interface of one family over all their columns.

    Parameters
    ----------
    units : sequence of Units
        One family per modality.
    fields : sequence of Field
        The columns of each.
    """

    low, high = -np.inf, np.inf
    constrained = True
    binary = real = counts_words = own_lengths = False

    def __init__(self, units: Sequence[Units], fields: Sequence[Field]) -> None:
        super().__init__(units)
        self.fields = fields

    @property
    def bounded(self) -> bool:
        """Whether every family is bounded."""
        return all(units.bounded for units in self)

    @property
    def finite(self) -> bool:
        """Whether every family is finite."""
        return all(units.finite for units in self)

    def for_rows(self, x: Tensor) -> Families:
        """Return these families: all documents have one length."""
        return self

    def outside(self, x: Tensor) -> str | None:
        """Return why the first family to refuse the rows does so, or None; rows with NaN are ignored."""
        for units, field in zip(self, self.fields, strict=True):
            known = field.of(x)
            known = known[~known.isnan().any(-1)]
            if len(known) and (message := units.outside(known)) is not None:
                return f"{message} in {field.name}"
        return None

    outside_known = outside


def fields_of(modalities: Sequence[Modality]) -> list[Field]:
    """Return the columns of modalities whose number of columns is set."""
    ends = np.cumsum([0, *(int(one.columns or 0) for one in modalities)]).tolist()
    return [Field(one.name, *ends[m : m + 2]) for m, one in enumerate(modalities)]
