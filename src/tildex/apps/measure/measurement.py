"""A measurement: the values of one model, as text and JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tildex.apps.measure.kinds import Line
from tildex.apps.measure.measures import MEASURES
from tildex.apps.pages.numbers import counted, measured
from tildex.evaluate import Estimate

__all__ = ["Measurement"]


@dataclass(frozen=True)
class Measurement:
    """The measurement of one model: values that every model has, and in ``found`` those that only some have.

    Each measure in ``found`` is also an attribute, None if it does not apply.

    Attributes
    ----------
    name, model : str
        The user's name for it, and its class.
    n_components, n_features, n_parameters : int
        Size of the code, size of a row, and number of learned weights.
    rows, score_rows : int
        Number of held-out rows, and of those used for the score.
    seconds : float, optional
        Training time, from the history.
    squared_error : Estimate
        Per row, summed over known features, in the ``unit``.
    unit : str
        The unit of squared errors, in words.
    pca, means : Estimate, optional
        The same for PCA with ``pca_rank`` axes and for the columns' means, fitted on the training rows.
    score : Estimate
        In nats per row; ``score_meaning`` says what it is, and ``score_text`` how to read it.
    found : mapping of str to value or None
        By the names of ``MEASURES``.
    """

    name: str
    model: str
    n_components: int
    n_features: int
    n_parameters: int
    rows: int
    seconds: float | None
    squared_error: Estimate
    unit: str
    pca: Estimate | None
    pca_rank: int | None
    means: Estimate | None
    score: Estimate
    score_rows: int
    score_meaning: str
    score_text: str
    found: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["found"][name]
        except KeyError:
            raise AttributeError(f"a measurement has no {name!r}") from None

    @property
    def against_pca(self) -> str | None:
        """The squared error against PCA: "better", "level" (within two standard errors) or "worse".

        "no contest" where PCA of equal rank keeps every feature and its error is 0; None without a baseline.
        """
        if self.pca is None:
            return None
        if self.pca_rank == self.n_features:
            return "no contest"
        difference = self.squared_error.value - self.pca.value
        margin = 2 * math.hypot(self.squared_error.standard_error, self.pca.standard_error)
        if not abs(difference) > margin:
            return "level"
        return "better" if difference < 0 else "worse"

    def lines(self) -> list[Line]:
        """Return the values as lines of text, in order."""
        lines = [
            Line("code", f"{self.n_components} units for {self.n_features} features"),
            Line("parameters", counted(self.n_parameters)),
            Line(f"squared error ({counted(self.rows)} rows)", measured(self.squared_error)),
            Line("unit of errors", self.unit),
        ]
        if self.pca is not None:
            lines.append(Line(f"PCA, rank {self.pca_rank}", f"{measured(self.pca)} ({self.against_pca})"))
        if self.means is not None:
            lines.append(Line("column means", measured(self.means)))
        lines.append(Line(f"{self.score_meaning} ({counted(self.score_rows)} rows)", measured(self.score)))
        for measure in MEASURES:
            if (value := self.found[measure.name]) is not None:
                lines += measure.lines(value)
        if self.seconds is not None:
            lines.append(Line("training", f"{self.seconds:.3g} s"))
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values; non-finite numbers become None."""
        every = asdict(dataclasses.replace(self, found={}))
        del every["found"]
        some = {}
        for measure in MEASURES:
            value = self.found[measure.name]
            some[measure.name] = None if value is None else measure.to_json(value)
        return _finite({**every, **some, "against_pca": self.against_pca})


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
