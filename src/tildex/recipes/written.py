"""Settings as text: ``penalty.weight=0.1``, with parts written as in Python; nothing is executed."""

from __future__ import annotations

import ast
from typing import Any

from tildex.estimators import Estimator
from tildex.part import Part, default_part, nearest

__all__ = ["assign", "estimator_named", "parse_value", "setting_of"]


def estimator_named(name: str) -> type[Estimator]:
    """Return the estimator class of a command-line or class name, ignoring case.

    Raises
    ------
    ValueError
        If there is no such class; the message names the nearest.
    """
    known = {**Estimator.table, **{cls.__name__: cls for cls in Estimator.table.values()}}
    folded = {key.lower(): cls for key, cls in known.items()}
    if name.lower() not in folded:
        raise ValueError(
            f"no model is called {name!r}; {nearest(name, Estimator.table)} See `tildex models`."
        )
    return folded[name.lower()]


def assign(estimator: Estimator, assignment: str) -> None:
    """Apply ``name=value`` or ``part.name=value`` to an estimator in place.

    Raises
    ------
    ValueError
        If a name or a value is not understood.

    Example
    -------
    >>> from tildex import RBM
    >>> rbm = RBM()
    >>> assign(rbm, "optimizer.learning_rate=0.2")
    >>> rbm.optimizer.learning_rate
    0.2
    """
    path, equals, text = assignment.partition("=")
    if not equals:
        raise ValueError(f"expected --set name=value, got {assignment!r}")
    head, _, rest = path.strip().partition(".")
    params = estimator.get_params(deep=False)
    _require_setting(type(estimator), head, params)
    if not rest:
        estimator.set_params(**{head: _value(params[head], text.strip())})
        return
    part = params[head] if params[head] is not None else default_part(estimator, head)
    if not isinstance(part, Part):
        raise ValueError(
            f"{type(estimator).__name__} has no {head} yet, so {rest!r} cannot be set: first choose one, "
            f"as in --set '{head}=NAME(...)'"
        )
    part = part.copy()
    part.set_params(**{rest.replace(".", "__"): parse_value(text.strip())})
    estimator.set_params(**{head: part.copy()})


def setting_of(cls: type[Estimator], name: str, written: Any) -> Any:
    """Return the value of a setting in a recipe file; text is read by :func:`parse_value`.

    >>> setting_of(estimator_named("rbm"), "rule", "PCD(1, centring=0.01)").centring
    0.01

    Raises
    ------
    ValueError
        If the estimator has no such setting, or the text is not understood.
    """
    params = cls().get_params(deep=False)
    _require_setting(cls, name, params)
    if isinstance(written, list):
        return tuple(written)
    return _value(params[name], written) if isinstance(written, str) else written


def _require_setting(cls: type[Estimator], name: str, params: dict[str, Any]) -> None:
    if name not in params:
        raise ValueError(f"{cls.__name__} has no setting {name!r}; {nearest(name, params)}")


def _value(default: Any, text: str) -> Any:
    # Single words stay text: "none" may be a kind of pretraining, and "relu" is an activation and a unit family.
    word = isinstance(default, str) and text.replace("-", "").isidentifier()
    return text if word else parse_value(text)


def parse_value(text: str) -> Any:
    """Return the value that ``text`` describes; nothing is executed.

    >>> parse_value("0.5"), parse_value("256,64"), parse_value("true"), parse_value("tanh")
    (0.5, (256, 64), True, 'tanh')
    >>> parse_value("Adam(0.01, schedule=Cosine(warmup=0.1))")
    Adam(learning_rate=0.01, weight_decay=0.0, schedule=Cosine(warmup=0.1, end=0.0))
    """
    words = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return text
    value = _evaluate(node, text)
    return tuple(value) if isinstance(value, list) else value


def _evaluate(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Name):
        part = _part_named(node.id)
        return part() if part is not None else node.id
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _evaluate(node.left, text) + _evaluate(node.right, text)
    if isinstance(node, ast.Tuple | ast.List) and any(isinstance(e, ast.Name | ast.Call) for e in node.elts):
        # In a list of models, "linear" is the autoencoder; elsewhere it is the schedule.
        return tuple(
            e.id if isinstance(e, ast.Name) and e.id in Estimator.table else _evaluate(e, text)
            for e in node.elts
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        made: Any = _part_named(node.func.id) or _model_named(node.func.id)
        if made is None:
            known = [name for kind in Part.kinds.values() for name in kind.table]
            raise ValueError(f"no part is called {node.func.id!r}; {nearest(node.func.id, known)}")
        values = [_evaluate(argument, text) for argument in node.args]
        named = {k.arg: _evaluate(k.value, text) for k in node.keywords if k.arg is not None}
        try:
            return made(*values, **named)
        except TypeError as error:
            raise ValueError(f"{text} does not fit {made.__name__}: {error}") from error
    try:
        return ast.literal_eval(node)
    except ValueError:
        return text


def _model_named(name: str) -> type[Estimator] | None:
    """Return the class of a model that is trained inside another."""
    return next((cls for cls in Estimator.table.values() if cls.__name__.lower() == name.lower()), None)


def _part_named(name: str) -> type[Part] | None:
    for kind in Part.kinds.values():
        for known, part in kind.table.items():
            if known.lower() == name.lower():
                return part
    return None
