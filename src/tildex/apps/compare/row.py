"""One row of a comparison: a model or a baseline, and what was measured on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tildex.evaluate import Estimate

__all__ = ["Row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A model or a baseline of a comparison; a value is None where there is none.

    All means run over held-out rows of all folds. Differences are paired by row: their standard errors are smaller
    than those of the two values.

    Attributes
    ----------
    name, model : str
        Its name, and its class, empty for a baseline.
    n_components : int, optional
        Units of its code.
    can_sample : bool
        Whether it draws new rows.
    error : Estimate, optional
        Squared error per row, summed over columns.
    ratio : Estimate, optional
        The error relative to that of PCA with as many axes.
    probe, probe_gain : Estimate, optional
        Accuracy of a linear probe of the code, or R2 for a real target; and the same minus that of PCA.
    likelihood, likelihood_gain : Estimate, optional
        Log-likelihood in nats per row; and the same minus that of the best baseline.
    likelihood_said : str
        What the likelihood is, such as exact or a bound, or why there is none.
    seconds : Estimate, optional
        Time to train on one fold.
    stopped_early : int
        Folds whose training ended at its deadline.
    notes : tuple of str
        Warnings, or why the model failed.
    """

    name: str
    model: str = ""
    n_components: int | None = None
    can_sample: bool = False
    error: Estimate | None = None
    ratio: Estimate | None = None
    probe: Estimate | None = None
    probe_gain: Estimate | None = None
    likelihood: Estimate | None = None
    likelihood_gain: Estimate | None = None
    likelihood_said: str = ""
    seconds: Estimate | None = None
    stopped_early: int = 0
    notes: tuple[str, ...] = ()

    @property
    def baseline(self) -> bool:
        """Whether it is a baseline and not a model."""
        return not self.model

    @property
    def failed(self) -> bool:
        """Whether it is a model that could not be trained on these rows."""
        return not self.baseline and self.error is None

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {**asdict(self), "baseline": self.baseline, "failed": self.failed}
