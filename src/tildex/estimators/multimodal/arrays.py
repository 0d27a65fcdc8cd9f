"""Input of several modalities: a dict of arrays, or one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_array
from torch import Tensor

from tildex.estimators.base.checks import check
from tildex.estimators.base.joined import JoinedArrays
from tildex.estimators.multimodal.columns import widths_of
from tildex.estimators.multimodal.modality import Modality
from tildex.part import nearest

__all__ = ["checked", "require_name", "table_row"]


def checked(dbm: Any, X: Any, *, reset: bool) -> Any:
    """Return data as one checked table; ``reset`` also stores each modality's columns in ``dbm._declared``."""
    given = _given(dbm, X) if reset else dbm.modalities_
    if isinstance(X, Mapping):
        X = _joined(dbm, X, given, reset=reset)
        widths = [n for _, n in X.parts]
    else:
        X = check(dbm, X, reset=reset, finite="allow-nan" if len(given) > 1 else True)
        widths = widths_of(given, X.shape[1], getattr(dbm, "feature_names_in_", None)) if reset else []
    if reset:
        dbm._declared = tuple(
            Modality(**{**one.get_params(deep=False), "columns": n})
            for one, n in zip(given, widths, strict=True)
        )
    return X


def table_row(dbm: Any, n: int, given: Mapping[str, Any]) -> np.ndarray:
    """Return ``n`` rows of all columns, with NaN for modalities that are not given."""
    rows = np.full((n, dbm.n_features_in_), np.nan)
    names = [field.name for field in dbm._fields]
    for name in given:
        require_name(name, names)
    for field in dbm._fields:
        if field.name in given:
            values = given[field.name]
            dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values, dtype=float)
            field.of(rows)[:] = dense
    return rows


def require_name(name: str, names: Sequence[str]) -> str:
    """Return ``name`` if there is a modality of that name, and raise an error otherwise."""
    if name not in names:
        raise ValueError(f"there is no modality {name!r}; {nearest(str(name), names)}")
    return name


def _given(dbm: Any, X: Any) -> tuple[Modality, ...]:
    """Return the modalities as declared, or one per array of a dict."""
    dbm._plain = not isinstance(X, Mapping)
    if dbm.modalities is None:
        return tuple(Modality(name) for name in X) if isinstance(X, Mapping) else (Modality(),)
    given = tuple(dbm.modalities)
    if not given or not all(isinstance(one, Modality) for one in given):
        raise ValueError(f"modalities must be a sequence of Modality, got {dbm.modalities!r}")
    names = [one.name for one in given]
    if len(set(names)) < len(names):
        raise ValueError(f"modality names must be unique, got {names}")
    return given


def _joined(dbm: Any, X: Mapping[str, Any], given: Sequence[Modality], *, reset: bool) -> JoinedArrays:
    """Return a dict of arrays as one table; absent modalities are unknown in all rows."""
    names = [one.name for one in given]
    for name in X:
        require_name(name, names)
    lacking = [name for name in names if name not in X]
    if lacking and (reset or len(lacking) == len(names)):
        raise ValueError(f"expected arrays of {', '.join(names)}, but there is none of {lacking[0]}")
    arrays = {name: _array(name, part, dbm.float_types) for name, part in X.items()}
    rows = {name: array.shape[0] for name, array in arrays.items()}
    if len(set(rows.values())) > 1:
        raise ValueError(f"expected the same number of rows in every modality, got {rows}")
    parts = [_part(one, arrays.get(one.name)) for one in given]
    total = sum(columns for _, columns in parts)
    if reset:
        dbm.n_features_in_ = total
        dbm.__dict__.pop("feature_names_in_", None)
        dbm.column_names_ = {
            name: [str(column) for column in part.columns]
            for name, part in X.items()
            if hasattr(part, "columns")
        }
    wide = any(str(array.dtype).endswith("float64") for array in arrays.values())
    dtype = np.dtype(np.float64 if wide else np.float32)
    return JoinedArrays(parts, (next(iter(rows.values())), total), dtype)


def _part(one: Modality, array: Any) -> tuple[Any, int]:
    """Return the array of a modality and its number of columns."""
    wanted = one.columns if isinstance(one.columns, int) else None
    columns = wanted if array is None else array.shape[1]
    if wanted not in (None, columns):
        raise ValueError(f"{one.name}: expected {wanted} columns, got {columns}")
    return array, int(columns or 0)


def _array(name: str, part: Any, types: Any) -> Any:
    """Return one modality's checked rows."""
    if isinstance(part, Tensor):
        part = part.detach().cpu().numpy()
    return check_array(
        part, dtype=list(types), accept_sparse="csr", ensure_all_finite="allow-nan", input_name=name
    )
