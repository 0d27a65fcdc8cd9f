"""Settings of estimators: how they are declared, and what one that is None stands for."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, TypeVar, dataclass_transform

from tildex.part import Part
from tildex.units import Activation

__all__ = ["Default", "fill_in", "part", "settings", "usual", "where", "where_unbounded"]

T = TypeVar("T")


Default = Part | None | Callable[[Any, Any], Any]
"""A part, or a function of estimator and module, None before there is one, that returns a default."""


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def settings(cls: type[T]) -> type[T]:
    """Make an estimator's annotated fields its settings: keyword-only arguments that the constructor only stores."""
    return dataclass(kw_only=True, eq=False, repr=False)(cls)


def where_unbounded(gentle: Part, *, otherwise: Default) -> Default:
    """Return a default for modules with unbounded units: values without bounds make gradients without bounds."""

    def choose(estimator: Any, module: Any) -> Default:
        return otherwise if module is None or module.bounded else gentle

    return choose


def where(holds: Callable[[Any], bool], part: Part, *, otherwise: Default) -> Default:
    """Return a default for estimators of which ``holds`` is true."""
    return lambda estimator, module: part if holds(estimator) else otherwise


def usual(estimator: Any, name: str) -> Part | None:
    """Return what a setting that is None stands for, as far as it can be said before there are data."""
    return _resolved(estimator.defaults.get(name), estimator, None)


def fill_in(estimator: Any, names: Iterable[str]) -> None:
    """Put default parts where there are none, so that ``part__name`` can be set in them."""
    names = list(names)
    for name in names:
        head, _, rest = name.partition("__")
        if rest and head not in names and getattr(estimator, head, None) is None:
            default = usual(estimator, head)
            if default is not None:
                setattr(estimator, head, default.copy())


def part(estimator: Any, name: str, module: Any = None) -> Any:
    """Return a fresh copy of a setting that is a part, or of what None stands for where ``module`` is trained.

    Raises
    ------
    ValueError
        If the setting is something else than its annotation says.
    """
    value = getattr(estimator, name)
    if value is None:
        value = _resolved(estimator.defaults.get(name), estimator, module)
        return None if value is None else value.copy()
    kinds = _kinds(estimator.__class__, name)
    if isinstance(value, kinds):
        return value.copy()
    if isinstance(value, Activation):
        raise value.refuse(f"given as {name}")
    some = ", ".join(f"{known}()" for known in list(kinds[0].table)[:3])
    raise ValueError(f"{name} must be one of the {kinds[0].kind} parts, such as {some}, got {value!r}")


@functools.cache
def _kinds(cls: type, name: str) -> tuple[type[Part], ...]:
    """Return the kinds of part that a setting's annotation allows."""
    hint = typing.get_type_hints(cls)[name]
    allowed = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(kind for kind in allowed if isinstance(kind, type) and issubclass(kind, Part))


def _resolved(default: Default, estimator: Any, module: Any) -> Part | None:
    while not (default is None or isinstance(default, Part)):
        default = default(estimator, module)
    return default
