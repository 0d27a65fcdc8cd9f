"""A recipe: a model's named settings, with their data, source and measured result."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from tildex.estimators import Estimator
from tildex.part import Part, nearest

__all__ = ["Data", "Measured", "Recipe", "Source"]


@dataclass(frozen=True)
class Data:
    """The kind of data that a recipe is for, and the data set that it was measured on."""

    kind: str
    set: str
    note: str = ""


@dataclass(frozen=True)
class Source:
    """The paper that the settings follow."""

    author: str
    year: int
    title: str

    def __str__(self) -> str:
        return f"{self.author} ({self.year}), {self.title}"


@dataclass(frozen=True)
class Measured:
    """The measured result: its value, unit, meaning, number of seeds and date."""

    value: float
    unit: str
    meaning: str
    seeds: int
    date: datetime.date

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True)
class Recipe:
    """Settings that are known to work.

    Attributes
    ----------
    name : str
        The recipe's name.
    model : str
        The estimator's name in ``tildex models``.
    settings : dict of str to value
        Settings of the estimator, with parts as objects.
    sentence : str
        A description.
    data, source, measured : Data, Source, Measured, optional
        None for a run's recipe.
    start : str, optional
        The recipe of the trained model that it starts from.

    Example
    -------
    >>> from tildex.recipes import recipe
    >>> found = recipe("rbm-mnist")
    >>> found.model, str(found.measured)
    ('rbm', '-83.51 nats per image')
    >>> model = found.estimator(n_iter=5, optimizer__learning_rate=0.1)
    >>> model.n_components, model.n_iter, model.optimizer.learning_rate
    (500, 5, 0.1)
    """

    name: str
    model: str
    settings: dict[str, Any]
    sentence: str
    data: Data | None = None
    source: Source | None = None
    measured: Measured | None = None
    start: str | None = None

    def estimator(self, **changes: Any) -> Any:
        """Return an unfitted estimator with these settings.

        Parameters
        ----------
        **changes
            Settings to change; those of parts as ``part__name``.

        Raises
        ------
        ValueError
            If the model does not have such a setting.
        """
        whole = {name: value for name, value in changes.items() if "__" not in name}
        settings = {**self.fresh(), **whole}
        cls = Estimator.table[self.model]
        known = cls._get_param_names()
        for name in whole:
            if name not in known:
                raise ValueError(f"{cls.__name__} has no setting {name!r}; {nearest(name, known)}")
        return cls(**settings).set_params(**{k: v for k, v in changes.items() if k not in whole})

    def fresh(self) -> dict[str, Any]:
        """Return the settings with copies of the parts, so that estimators do not share parts."""
        return {name: _fresh(value) for name, value in self.settings.items()}

    def to_json(self) -> dict[str, Any]:
        """Return everything except the settings as JSON values."""
        parts = {name: getattr(self, name) for name in ("data", "source", "measured")}
        told = {name: {k: _plain(v) for k, v in vars(part).items()} for name, part in parts.items() if part}
        return {
            "name": self.name,
            "model": self.model,
            "sentence": self.sentence,
            "start": self.start,
            **told,
        }


def _fresh(value: Any) -> Any:
    if isinstance(value, Part):
        return value.copy()
    return tuple(_fresh(one) for one in value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
