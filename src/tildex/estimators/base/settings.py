"""Settings of estimators: their declaration, and defaults that depend on the estimator or its module."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

from tildex.part import Default, Part, default_part, part

__all__ = ["Default", "fill_in", "part", "settings", "where", "where_unbounded"]

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def settings(cls: type[T]) -> type[T]:
    """Turn an estimator's annotated fields into settings: keyword-only arguments that the constructor only stores."""
    return dataclass(kw_only=True, eq=False, repr=False)(cls)


def where_unbounded(gentle: Part, *, otherwise: Default) -> Default:
    """Return a default that is ``gentle`` for modules with unbounded units, whose gradients are unbounded too."""

    def choose(estimator: Any, module: Any) -> Default:
        return otherwise if module is None or module.bounded else gentle

    return choose


def where(holds: Callable[[Any], bool], chosen: Default, *, otherwise: Default) -> Default:
    """Return a default that is ``chosen`` for estimators where ``holds`` is true."""
    return lambda estimator, module: chosen if holds(estimator) else otherwise


def fill_in(estimator: Any, names: Iterable[str]) -> None:
    """Replace None by a copy of the default part wherever ``part__name`` is to be set."""
    names = list(names)
    for name in names:
        head, _, rest = name.partition("__")
        if rest and head not in names and getattr(estimator, head, None) is None:
            default = default_part(estimator, head)
            if default is not None:
                setattr(estimator, head, default.copy())
