"""How several kinds of data come in: a dictionary of arrays or one table, statistics of each, rows that miss some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tildex.data import binarise
from tildex.estimators.base.checks import check, layer_sizes
from tildex.estimators.base.columns import Columns, Transformed, standard
from tildex.estimators.base.joined import SideBySide
from tildex.estimators.multimodal.columns import (
    array_of,
    automatic_units,
    fields_of,
    known_rows,
    scaling_of,
    widths_of,
)
from tildex.estimators.multimodal.modality import Families, Field, Modality, documents_of
from tildex.generator import Generator
from tildex.maps import Scaling
from tildex.part import decode, encode, nearest
from tildex.train import Rows
from tildex.units import Bernoulli, Multinomial, Units

__all__ = ["ModalitiesMixin"]


class ModalitiesMixin:
    """An estimator whose data are of several kinds.

    Attributes
    ----------
    modalities_ : tuple of Modality
        What was chosen for each kind, in the order of its columns.
    column_names_ : dict of str to list of str
        The columns' names of kinds that came as frames in a dictionary.
    """

    modalities: Sequence[Modality] | None
    hidden_layer_sizes: Sequence[int] | int
    modalities_: tuple[Modality, ...]
    column_names_: dict[str, list[str]]
    float_types: Any
    n_features_in_: int
    device_: torch.device
    scaling_: Scaling
    likelihood_: Any
    _declared: tuple[Modality, ...]
    _plain: bool

    @property
    def _fields(self) -> list[Field]:
        """The columns of each kind."""
        return fields_of(self.modalities_)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        given = self._given_modalities(X) if reset else self.modalities_
        if isinstance(X, Mapping):
            X = self._side_by_side(X, given, reset=reset)
            widths = [n for _, n in X.parts]
        else:
            X = check(self, X, reset=reset, finite="allow-nan" if len(given) > 1 else True)
            widths = widths_of(given, X.shape[1], getattr(self, "feature_names_in_", None)) if reset else []
        if reset:
            self._declared = tuple(
                Modality(**{**one.get_params(deep=False), "columns": n})
                for one, n in zip(given, widths, strict=True)
            )
        return X

    def _given_modalities(self, X: Any) -> tuple[Modality, ...]:
        """Return what the user has said of each kind of data."""
        self._plain = not isinstance(X, Mapping)
        if self.modalities is None:
            return tuple(Modality(name) for name in X) if isinstance(X, Mapping) else (Modality(),)
        given = tuple(self.modalities)
        if not given or not all(isinstance(one, Modality) for one in given):
            raise ValueError(f"modalities must be a sequence of Modality, got {self.modalities!r}")
        names = [one.name for one in given]
        if len(set(names)) < len(names):
            raise ValueError(f"every modality needs a name of its own, got {names}")
        return given

    def _side_by_side(self, X: Mapping[str, Any], given: Sequence[Modality], *, reset: bool) -> SideBySide:
        """Return a dictionary of arrays as one table; kinds that are not in it are unknown in all rows."""
        names = [one.name for one in given]
        for name in X:
            if name not in names:
                raise ValueError(f"there is no modality {name!r}; {nearest(str(name), names)}")
        lacking = [name for name in names if name not in X]
        if lacking and (reset or len(lacking) == len(names)):
            raise ValueError(f"expected arrays of {', '.join(names)}, and there is none of {lacking[0]}")
        arrays = {name: array_of(name, part, self.float_types) for name, part in X.items()}
        rows = {name: array.shape[0] for name, array in arrays.items()}
        if len(set(rows.values())) > 1:
            raise ValueError(f"expected as many rows of every modality, got {rows}")
        parts: list[tuple[Any, int]] = []
        for one in given:
            array = arrays.get(one.name)
            wanted = one.columns if isinstance(one.columns, int) else None
            columns = wanted if array is None else array.shape[1]
            if wanted not in (None, columns):
                raise ValueError(f"{one.name}: expected {wanted} columns, got {columns}")
            parts.append((array, int(columns or 0)))
        total = sum(columns for _, columns in parts)
        if reset:
            self.n_features_in_ = total
            self.__dict__.pop("feature_names_in_", None)
            self.column_names_ = {
                name: [str(column) for column in part.columns]
                for name, part in X.items()
                if hasattr(part, "columns")
            }
        wide = any(str(array.dtype).endswith("float64") for array in arrays.values())
        dtype = np.dtype(np.float64 if wide else np.float32)
        return SideBySide(parts, (next(iter(rows.values())), total), dtype)

    def _choose(self, data: Rows, weights: torch.dtype) -> Tensor:
        fields, names = fields_of(self._declared), getattr(self, "feature_names_in_", None)
        known = known_rows(data, fields)
        chosen, scalings, means, digest = [], [], [], []
        for m, (one, field) in enumerate(zip(self._declared, fields, strict=True)):
            rows = Transformed(data, field.of, None if known[:, m].all() else known[:, m].nonzero()[0])
            if not len(rows):
                raise ValueError(f"{field.name} is known in no row: leave it out, or give rows that have it")
            columns = Columns.of(rows)
            digest.append(columns.digest())
            units = documents_of(one.units, len(field), field.name)
            if units is None:
                units = automatic_units(
                    rows, columns, documents=not (self._plain and self.modalities is None)
                )
            offset, scale = standard(columns, units)
            named = None if names is None else field.of(names[None])[0]
            if not isinstance(units, Multinomial):
                columns.require(units, Scaling(offset, scale), named)
            elif float(columns.low.min()) < 0:
                raise ValueError(f"{field.name}: expected counts of words, got {float(columns.low.min()):g}")
            chosen.append(self._settled(one, units))
            scalings.append((offset, scale))
            means.append(columns.mean)
        self._digest = ":".join(digest)
        self.modalities_ = tuple(chosen)
        self.likelihood_ = self._families()
        self.scaling_ = scaling_of(self.modalities_, *map(torch.cat, zip(*scalings, strict=True)))
        self.scaling_.to(self.device_, weights)
        return self.scaling_(torch.cat(means).to(weights)[None])[0]

    def _settled(self, one: Modality, units: Units) -> Modality:
        """Return a modality with everything chosen."""
        sizes = self.hidden_layer_sizes if one.hidden_layer_sizes is None else one.hidden_layer_sizes
        how = one.binarisation
        binary = isinstance(units, Bernoulli)
        if how == "auto":
            how = "dynamic" if binary else "none"
        elif how != "none" and not binary:
            raise ValueError(
                f"{one.name}: binarisation={how!r} makes rows binary and the data have {units!r} units: "
                "use binarisation='none', or units=Bernoulli()"
            )
        return Modality(
            one.name,
            one.columns,
            units=units,
            hidden_layer_sizes=tuple(layer_sizes(sizes)),
            binarisation=how,
        )

    def _recognise(self, data: Rows) -> None:
        fields, digest = self._fields, []
        known = known_rows(data, fields)
        for m, (one, field) in enumerate(zip(self.modalities_, fields, strict=True)):
            rows = Transformed(data, field.of, None if known[:, m].all() else known[:, m].nonzero()[0])
            if not len(rows):
                continue
            columns = Columns.of(rows)
            digest.append(columns.digest())
            if not isinstance(one.units, Multinomial):
                assert one.units is not None
                scaling = self.scaling_
                columns.require(
                    one.units, Scaling(field.of(scaling.offset[None])[0], field.of(scaling.scale[None])[0])
                )
        self._digest = ":".join(digest)

    def _families(self) -> Any:
        """Return the units of all columns; of one kind of data, its units."""
        units = [one.units for one in self.modalities_ if one.units is not None]
        return units[0] if len(units) == 1 else Families(units, self._fields)

    def _present(self) -> Callable[[Tensor, Generator], Tensor] | None:
        ways = [one.binarisation for one in self.modalities_]
        binary = [(field, how) for field, how in zip(self._fields, ways, strict=True) if how != "none"]
        if not binary:
            return None

        def present(x: Tensor, generator: Generator) -> Tensor:
            x = x.clone()
            for field, how in binary:
                grey = field.of(x)
                x[:, field.start : field.stop] = torch.where(
                    grey.isnan(), grey, binarise(grey.nan_to_num(), how, generator)
                )
            return x

        return present

    def _likelihood_of(self, fitted: dict[str, Any]) -> Any:
        self.modalities_ = decode(fitted["modalities"])
        if not all(isinstance(one, Modality) for one in self.modalities_):
            raise ValueError(f"expected modalities, got {self.modalities_!r}")
        self._plain = bool(fitted["plain"])
        if names := fitted["column_names"]:
            self.column_names_ = {name: list(columns) for name, columns in names.items()}
        return self._families()

    def _no_scaling(self) -> Scaling:
        zeros = torch.zeros(self.n_features_in_)
        return scaling_of(self.modalities_, zeros, zeros + 1)

    def _fitted(self) -> dict[str, Any]:
        own = {
            "modalities": encode(self.modalities_),
            "plain": self._plain,
            "column_names": getattr(self, "column_names_", {}),
        }
        return {**super()._fitted(), **own}  # type: ignore[misc]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = self.modalities is not None and len(self.modalities) > 1
        return tags
