"""One kind of data among several: its units, its columns and its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from tildex.data import BINARISATIONS
from tildex.part import Part
from tildex.units import Units

__all__ = ["Families", "Field", "Modality", "fields_of"]

# A draw for good is of whole rows, and a row here need not know all modalities.
_BINARISATIONS = ("auto", *(how for how in BINARISATIONS if how != "frozen"))


class Modality(Part, kind="modality"):
    """What a multimodal machine should know of one kind of data; what is None is chosen from the data.

    Parameters
    ----------
    name : str
        What the data are called where several kinds come as a dictionary.
    columns : int or str, optional
        Where several kinds come as one table, how many columns are of this kind, or what the names of its columns
        begin with. Kinds stand in their order, each in adjacent columns; one may leave it open and has all the rest.
    units : Units, optional
        The family of the data. By default ``Bernoulli()`` where all values lie in [0, 1], documents where all are whole
        numbers of at least 0, and ``Gaussian()`` otherwise, after standardising each column. Word counts, said by
        ``ReplicatedSoftmax(n_words, length)`` or ``Multinomial(n_words, length)``, are brought to that length whatever
        their own: it is what they weigh beside other data. By default it is their mean length, 10 at most: longer ones
        drive layers between data and joint layer apart at rates that suit other data.
    hidden_layer_sizes : sequence of int, or int, optional
        Units of the layers between the data and the joint layer; ``()`` joins the data to it.
    binarisation : str
        How values between 0 and 1 of Bernoulli units become binary in training: ``dynamic``, ``threshold`` or
        ``none``, as in :class:`RBM`. ``auto`` is dynamic.

    Example
    -------
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


# The only one of its kind, which a saved recipe finds here.
Modality.table[Modality.__name__] = Modality


class Field:
    """The columns of a modality in the table of all.

    Parameters
    ----------
    name : str
        The modality's.
    start, stop : int
        Its first column, and the one after its last.
    """

    def __init__(self, name: str, start: int, stop: int) -> None:
        self.name, self.start, self.stop = name, start, stop

    def of(self, x: Any) -> Any:
        """Return these columns of rows."""
        return x[:, self.start : self.stop]

    def __len__(self) -> int:
        return self.stop - self.start


class Families(list):
    """The units of several modalities, which answer as one family would that had all their columns.

    Parameters
    ----------
    units : sequence of Units
        One family a modality.
    fields : sequence of Field
        Their columns.
    """

    low, high = -np.inf, np.inf
    constrained = True
    binary = real = counts_words = own_lengths = False

    def __init__(self, units: Sequence[Units], fields: Sequence[Field]) -> None:
        super().__init__(units)
        self.fields = fields

    @property
    def bounded(self) -> bool:
        """Whether every family is."""
        return all(units.bounded for units in self)

    @property
    def finite(self) -> bool:
        """Whether every family is."""
        return all(units.finite for units in self)

    def for_rows(self, x: Tensor) -> Families:
        """Return these: documents all have one length."""
        return self

    def outside(self, x: Tensor) -> str | None:
        """Say what about rows the first family that refuses them cannot take; NaN is not looked at."""
        for units, field in zip(self, self.fields, strict=True):
            known = field.of(x)
            known = known[~known.isnan().any(-1)]
            if len(known) and (message := units.outside(known)) is not None:
                return f"{message} in {field.name}"
        return None


def fields_of(modalities: Sequence[Modality]) -> list[Field]:
    """Return the columns of modalities that know how many they have."""
    ends = np.cumsum([0, *(int(one.columns or 0) for one in modalities)]).tolist()
    return [Field(one.name, *ends[m : m + 2]) for m, one in enumerate(modalities)]
