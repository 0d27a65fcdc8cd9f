"""Choices made per modality from the data: units, scaling, layers, binarisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from tildex.data import binarise
from tildex.estimators.base.binarised import check_binarisation
from tildex.estimators.base.columns import Columns, chunks, standard
from tildex.estimators.multimodal.columns import known_rows, rows_that_know
from tildex.estimators.multimodal.modality import Families, Field, Modality, fields_of
from tildex.generator import Generator
from tildex.maps import CommonLength, Scaling, layer_sizes
from tildex.train import Rows
from tildex.units import Bernoulli, Gaussian, Multinomial, Units

__all__ = ["binariser", "choose", "families", "recognise", "scaling_of"]

# Longest default document: longer counts make the layers between data and joint layer diverge.
_LONGEST = 10


def choose(dbm: Any, data: Rows, weights: torch.dtype) -> Tensor:
    """Choose what each modality leaves open, and return the means of the scaled columns."""
    fields, names = fields_of(dbm._declared), getattr(dbm, "feature_names_in_", None)
    known = known_rows(data, fields)
    chosen, scalings, means, digests = [], [], [], []
    for m, (one, field) in enumerate(zip(dbm._declared, fields, strict=True)):
        rows = rows_that_know(data, field, known[:, m])
        if not len(rows):
            raise ValueError(f"{field.name} is known in no row: omit it, or add rows that have it")
        columns = Columns.of(rows)
        digests.append(columns.digest)
        units = _units(one, field, rows, columns, documents=not (dbm._plain and dbm.modalities is None))
        offset, scale = standard(columns, units)
        if not units.counts_words:
            named = None if names is None else field.of(names[None])[0]
            columns.require(units, Scaling(offset, scale), named)
        elif float(columns.low.min()) < 0:
            raise ValueError(f"{field.name}: expected counts of words, got {float(columns.low.min()):g}")
        chosen.append(_settled(one, units, dbm.hidden_layer_sizes))
        scalings.append((offset, scale))
        means.append(columns.mean)
    dbm._digest = ":".join(digests)
    dbm.modalities_ = tuple(chosen)
    dbm.likelihood_ = families(dbm.modalities_)
    scaling = scaling_of(dbm.modalities_, *map(torch.cat, zip(*scalings, strict=True)))
    dbm.scaling_ = scaling.to(dbm.device_, weights)
    mean: Tensor = dbm.scaling_(torch.cat(means).to(weights)[None])[0]
    return mean


def recognise(dbm: Any, data: Rows) -> None:
    """Check that further data fit the chosen units and scaling."""
    digests = []
    known = known_rows(data, dbm._fields)
    for m, (one, field) in enumerate(zip(dbm.modalities_, dbm._fields, strict=True)):
        rows = rows_that_know(data, field, known[:, m])
        if not len(rows):
            continue
        columns = Columns.of(rows)
        digests.append(columns.digest)
        if not one.units.counts_words:
            offset, scale = (field.of(t[None])[0] for t in (dbm.scaling_.offset, dbm.scaling_.scale))
            columns.require(one.units, Scaling(offset, scale))
    dbm._digest = ":".join(digests)


def families(modalities: Sequence[Modality]) -> Any:
    """Return the unit families of all columns; for one modality, its own family."""
    units = [one.units for one in modalities if one.units is not None]
    return units[0] if len(units) == 1 else Families(units, fields_of(modalities))


def scaling_of(modalities: Sequence[Modality], offset: Tensor, scale: Tensor) -> Scaling:
    """Return the scaling of all columns, which also rescales documents to their common length."""
    documents = [
        (field.start, field.stop, int(one.units.length))  # type: ignore[arg-type]
        for one, field in zip(modalities, fields_of(modalities), strict=True)
        if one.units is not None and one.units.counts_words
    ]
    return CommonLength(offset, scale, documents) if documents else Scaling(offset, scale)


def binariser(modalities: Sequence[Modality]) -> Callable[[Tensor, Generator], Tensor] | None:
    """Return the function that binarises the columns of binary modalities per batch; unknown values stay NaN."""
    binary = [
        (field, one.binarisation)
        for field, one in zip(fields_of(modalities), modalities, strict=True)
        if one.binarisation != "none"
    ]
    if not binary:
        return None

    def present(x: Tensor, generator: Generator) -> Tensor:
        x = x.clone()
        for field, how in binary:
            grey = field.of(x)
            drawn = binarise(grey.nan_to_num(), how, generator)
            x[:, field.start : field.stop] = torch.where(grey.isnan(), grey, drawn)
        return x

    return present


def _units(one: Modality, field: Field, rows: Rows, columns: Columns, *, documents: bool) -> Units:
    """Return the units of a modality in the machine; all documents have one length."""
    if one.units is None:
        return _automatic(rows, columns, documents=documents)
    if not one.units.counts_words:
        return one.units
    units: Any = one.units
    if units.n_words != len(field):
        raise ValueError(
            f"{field.name}: {units!r} has {units.n_words} words, and the data have {len(field)} columns: "
            "give one column per word"
        )
    return Multinomial(len(field), max(1, units.length))


def _automatic(rows: Rows, columns: Columns, *, documents: bool) -> Units:
    """Return the default unit family for the values of one modality."""
    if columns.in_unit_interval:
        return Bernoulli()
    if not documents or float(columns.low.min()) < 0:
        return Gaussian()
    words = []
    for x in chunks(rows):
        if not torch.equal(x, x.round()):
            return Gaussian()
        words.append(x.sum(1))
    lengths = torch.cat(words).double()
    mean = round(float(lengths[lengths > 0].mean()))
    return Multinomial(len(columns.mean), min(max(1, mean), _LONGEST))


def _settled(one: Modality, units: Units, default_sizes: Sequence[int] | int) -> Modality:
    """Return a modality with every setting chosen."""
    sizes = default_sizes if one.hidden_layer_sizes is None else one.hidden_layer_sizes
    return Modality(
        one.name,
        one.columns,
        units=units,
        hidden_layer_sizes=tuple(layer_sizes(sizes)),
        binarisation=check_binarisation(one.binarisation, units, "units=Bernoulli()", one.name),
    )
