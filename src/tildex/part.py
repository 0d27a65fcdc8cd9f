"""The base of every configurable piece of a model: constructor arguments, a name in a table, JSON both ways."""

from __future__ import annotations

import difflib
import functools
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any, ClassVar, Self

__all__ = ["Default", "Part", "default_part", "nearest", "part"]


class Part:
    """A piece of a model, fully configured by its constructor arguments.

    A *kind* (units, corruptions, penalties, ...) is a direct subclass that names itself with ``class Penalty(Part,
    kind="penalty")``. Each subclass with a public name is then registered in the kind's table, where the command
    line, saved recipes, documentation and the law tests find it.

    Parts follow scikit-learn's parameter protocol, so ``clone`` and ``GridSearchCV`` reach into them.

    Example
    -------
    >>> from tildex import Masking
    >>> Masking(0.3)
    Masking(rate=0.3)
    >>> Masking(0.3).set_params(rate=0.5).to_json()
    {'corruption': 'Masking', 'rate': 0.5}
    """

    kind: ClassVar[str]
    table: ClassVar[dict[str, type[Part]]]
    kinds: ClassVar[dict[str, type[Part]]] = {}

    def __init_subclass__(cls, kind: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if kind is not None:
            cls.kind, cls.table = kind, {}
            Part.kinds[kind] = cls
        elif not cls.__name__.startswith("_"):
            cls.table[cls.__name__] = cls

    @classmethod
    def named(cls, name: str) -> type[Self]:
        """Return the class of this kind with that name, ignoring case.

        Raises
        ------
        ValueError
            If the table has no such name; the message suggests the nearest one.
        """
        folded = {known.lower(): part for known, part in cls.table.items()}
        try:
            return folded[name.lower()]  # type: ignore[return-value]
        except KeyError:
            raise ValueError(f"no {cls.kind} is called {name!r}; {nearest(name, cls.table)}") from None

    @classmethod
    def parameter_names(cls) -> list[str]:
        """Return the constructor's argument names, in order."""
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments, and with ``deep`` those of nested parts as ``outer__inner``."""
        params = {name: getattr(self, name) for name in self.parameter_names()}
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, Part):
                    params.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set arguments by name, nested ones as ``outer__inner``; unknown names are refused."""
        for name, value in params.items():
            head, _, rest = name.partition("__")
            if head not in self.parameter_names():
                raise ValueError(
                    f"{type(self).__name__} has no parameter {head!r}; {nearest(head, self.parameter_names())}"
                )
            if rest:
                getattr(self, head).set_params(**{rest: value})
            else:
                setattr(self, head, value)
        return self

    def copy(self) -> Self:
        """Return a new part with the same arguments and no learned state."""
        return type(self)(**{name: _copied(value) for name, value in self.get_params(deep=False).items()})

    def misplaced(self, setting: str) -> ValueError | None:
        """Return the error if this was given as a ``setting`` of another kind; None for the usual error."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain JSON values: its kind and name, then its arguments."""
        arguments = {name: encode(value) for name, value in self.get_params(deep=False).items()}
        return {self.kind: type(self).__name__, **arguments}

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Part:
        """Rebuild a part from :meth:`to_json`; only registered names can be built.

        Raises
        ------
        ValueError
            If the record names no kind, an unknown part or an unknown argument.
        """
        kind = next(iter(record), None)
        if kind not in Part.kinds or not isinstance(record[kind], str):
            raise ValueError(f"expected one of {sorted(Part.kinds)} as the first key of a part, got {kind!r}")
        part = Part.kinds[kind].named(record[kind])
        arguments = {name: decode(value) for name, value in record.items() if name != kind}
        for name in arguments:
            if name not in part.parameter_names():
                raise ValueError(
                    f"{part.__name__} has no parameter {name!r}; {nearest(name, part.parameter_names())}"
                )
        return part(**arguments)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_params(deep=False).items())
        return f"{type(self).__name__}({arguments})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Part):
            return NotImplemented
        return type(self) is type(other) and self.get_params(deep=False) == other.get_params(deep=False)

    # Parts can be modules, which are looked up by identity, so equality by value must not change the hash.
    __hash__ = object.__hash__


Default = Part | None | Callable[[Any, Any], Any]
"""The default of a setting that is None: a part, or a function of owner and module (None before there is one)."""


def part(owner: Any, name: str, module: Any = None) -> Any:
    """Return a new copy of a setting that is a part, or of its default for ``module`` if it is None.

    Parameters
    ----------
    owner : object
        Holds the setting, annotated with its allowed kinds of part, and ``defaults`` by name.
    name : str
        Name of the setting.
    module : Module, optional
        The module to train, for defaults that depend on it.

    Raises
    ------
    ValueError
        If the setting does not match its annotation.
    """
    value = getattr(owner, name)
    if value is None:
        value = default_part(owner, name, module)
        return None if value is None else value.copy()
    kinds = _kinds(owner.__class__, name)
    if isinstance(value, kinds):
        return value.copy()
    if isinstance(value, Part) and (error := value.misplaced(name)) is not None:
        raise error
    some = ", ".join(f"{known}()" for known in list(kinds[0].table)[:3])
    raise ValueError(f"{name} must be one of the {kinds[0].kind} parts, such as {some}, got {value!r}")


def default_part(owner: Any, name: str, module: Any = None) -> Part | None:
    """Return the default of a setting that is None; without a module, as far as it is known before there are data."""
    default = owner.defaults.get(name)
    while not (default is None or isinstance(default, Part)):
        default = default(owner, module)
    return default


@functools.cache
def _kinds(cls: type, name: str) -> tuple[type[Part], ...]:
    """Return the kinds of part that a setting's annotation allows."""
    hint = typing.get_type_hints(cls)[name]
    allowed = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return tuple(kind for kind in allowed if isinstance(kind, type) and issubclass(kind, Part))


def _copied(value: Any) -> Any:
    """Return a copy of a part, or of each part in a sequence; other values as they are."""
    if isinstance(value, Part):
        return value.copy()
    return type(value)(map(_copied, value)) if isinstance(value, list | tuple) else value


def encode(value: Any) -> Any:
    """Return ``value`` as plain JSON: parts become records, sequences lists, numpy scalars numbers."""
    if isinstance(value, Part):
        return value.to_json()
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(
        f"expected a number, string, sequence or part, got {type(value).__name__}: cannot be saved"
    )


def decode(value: Any) -> Any:
    """Undo :func:`encode`; sequences become tuples, which cannot be changed by accident."""
    if isinstance(value, Mapping):
        return Part.from_json(value)
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    return value


def nearest(name: str, known: Iterable[str]) -> str:
    """Return advice for a misspelt name: the closest known name, or all of them.

    >>> nearest("Maskin", ["Masking", "Dropout"])
    "did you mean 'Masking'?"
    """
    known = list(known)
    folded = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"known: {', '.join(sorted(known)) or 'none'}"
