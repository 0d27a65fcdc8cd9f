"""Which estimators are compared, from names, estimators and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.base import clone

from tildex.apps.compare.nature import Nature
from tildex.part import nearest
from tildex.recipes.written import assign, estimator_named

__all__ = ["chosen", "default_components"]

Models = Sequence[Any] | Mapping[str, Any] | None
Settings = Mapping[str, Any] | Sequence[str]


def default_components(n_features: int) -> int:
    """Return the number of code units: a quarter of the columns, from 2 to 32, but fewer than columns.

    Example
    -------
    >>> default_components(64), default_components(784), default_components(2)
    (16, 32, 1)
    """
    return max(1, min(max(2, n_features // 4), 32, n_features - 1))


def chosen(
    models: Models,
    nature: Nature,
    *,
    n_components: int,
    settings: Settings,
    gaps: bool = False,
    **shared: Any,
) -> dict[str, Any]:
    """Return the untrained estimators by name.

    Parameters
    ----------
    models : sequence of str or estimator, mapping of str to estimator, or None
        Names from ``tildex models``, or estimators, whose own settings are kept; None for the nature's own.
    nature : Nature
        The kind of rows.
    n_components : int
        Units of the code, of named models.
    settings : mapping or sequence of str
        Settings by name, for each model that has them; of one model by its name, as a mapping. Or as text:
        ``n_iter=20``, ``vae.n_components=4``.
    gaps : bool
        Whether the rows have unknown values, so that the nature's models are those that honour them.
    **shared
        Further settings of all named models, such as ``random_state``.

    Raises
    ------
    ValueError
        If a model or setting is unknown, or cannot reconstruct rows.

    Example
    -------
    >>> from tildex.apps.compare.nature import BINARY
    >>> models = chosen(["linear", "vae"], BINARY, n_components=3, settings={"vae": {"n_iter": 7}})
    >>> models["vae"].n_iter, models["linear"].n_components
    (7, 3)
    """
    if models is None:
        models = [name for name in nature.models if not gaps or estimator_named(name).allows_nan]
    if not isinstance(models, Mapping):
        models = {one if isinstance(one, str) else one.slug: one for one in models}
    if not models:
        raise ValueError("expected at least one model to compare, got none")
    built = {}
    for name, one in models.items():
        if isinstance(one, str):
            built[name] = _named(one, {**nature.settings, "n_components": n_components, **shared})
        else:
            built[name] = clone(one)
        if "reconstruct" not in built[name].can:
            raise ValueError(f"{name} does not reconstruct rows, so it cannot be compared: leave it out")
    _set(built, settings)
    return built


def _named(name: str, given: Mapping[str, Any]) -> Any:
    estimator = estimator_named(name)()
    had = estimator.get_params(deep=False)
    return estimator.set_params(**{key: value for key, value in given.items() if key in had})


def _set(models: Mapping[str, Any], settings: Settings) -> None:
    """Apply settings to the models that have them; each must apply to at least one."""
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            own = isinstance(value, Mapping)
            for model in _those(models, key, own=own):
                model.set_params(**(value if own else {key: value}))
        return
    for text in settings:
        head, dot, rest = text.partition(".")
        own = bool(dot) and head in models
        for model in _those(models, head if own else head.partition("=")[0].strip(), own=own):
            assign(model, rest if own else text)


def _those(models: Mapping[str, Any], key: str, *, own: bool) -> list[Any]:
    """Return the models that a setting is for: the named one, or all that have it."""
    if own:
        if key not in models:
            raise ValueError(f"no model {key!r} is compared; {nearest(key, models)}")
        return [models[key]]
    head = key.partition("__")[0]
    having = [model for model in models.values() if head in model.get_params(deep=False)]
    if not having:
        known = {name for model in models.values() for name in model.get_params(deep=False)}
        raise ValueError(f"none of the compared models has a setting {head!r}; {nearest(head, known)}")
    return having
