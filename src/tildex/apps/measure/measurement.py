"""A measurement: the figures of one model, in words and in JSON."""

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
    """What was measured of one model: what every model has, and in ``found`` what only some have.

    What was found is also an attribute by the name of its measure, None where that does not apply.

    Attributes
    ----------
    name, model : str
        What the user calls it, and its class.
    n_components, n_features, n_parameters : int
        Sizes of the code, of a row, and how many weights are learned.
    rows, score_rows : int
        Held-out rows, and those the score stands on.
    seconds : float, optional
        Of training, from the history.
    squared_error : Estimate
        Summed over features, in the data's units, a row.
    pca : Estimate, optional
        The same of PCA with ``pca_rank`` axes, fitted on the training rows.
    score : Estimate
        In nats a row; ``score_meaning`` says of what, and ``score_text`` how to read it.
    found : mapping of str to value or None
        By the name of every one of ``MEASURES``.
    """

    name: str
    model: str
    n_components: int
    n_features: int
    n_parameters: int
    rows: int
    seconds: float | None
    squared_error: Estimate
    pca: Estimate | None
    pca_rank: int | None
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
        """Whether the squared error is "better", "level" (within two standard errors) or "worse" than that of PCA.

        "no contest" where PCA of equal rank keeps every feature, and loses nothing; None without a baseline.
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
        """Return the figures in words, in reading order."""
        lines = [
            Line("code", f"{self.n_components} units for {self.n_features} features"),
            Line("parameters", counted(self.n_parameters)),
            Line(f"squared error ({counted(self.rows)} rows)", measured(self.squared_error)),
        ]
        if self.pca is not None:
            lines.append(Line(f"of PCA, rank {self.pca_rank}", f"{measured(self.pca)} ({self.against_pca})"))
        lines.append(Line(f"{self.score_meaning} ({counted(self.score_rows)} rows)", measured(self.score)))
        for measure in MEASURES:
            if (value := self.found[measure.name]) is not None:
                lines += measure.lines(value)
        if self.seconds is not None:
            lines.append(Line("training", f"{self.seconds:.3g} s"))
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON can hold; a number that is not finite is None."""
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
