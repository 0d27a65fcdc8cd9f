"""The log-likelihood of rows under a model and under independent units."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tildex.apps.measure.kinds import Line, Measure
from tildex.apps.measure.likelihood import likelihood_of, scaled_rows
from tildex.apps.measure.subject import Subject
from tildex.apps.pages.numbers import measured
from tildex.data import binarise
from tildex.evaluate import Annealing, Estimate, Likelihood, independent_bernoulli
from tildex.evaluate.ais import Progress
from tildex.generator import Generator

__all__ = ["LIKELIHOOD", "Compared", "find_likelihood"]

# Enough for a report; `tildex likelihood` uses more.
_ANNEALING = Annealing(n_chains=100, n_betas=1000, burn_in=200)

_SAMPLES = 20

_SEED = 0


@dataclass(frozen=True)
class Compared:
    """A log-likelihood in nats per row, and its baseline.

    Attributes
    ----------
    found : Likelihood
        The value, and how it was computed.
    independent : Estimate, optional
        The log-likelihood of the same binary rows under independent units with the training means.
    """

    found: Likelihood
    independent: Estimate | None

    @property
    def kind(self) -> str:
        """What the value is, in a few words."""
        if self.found.log_partition is None:
            return f"bound of {self.found.n_samples} importance samples"
        return "exact but for log Z" if self.found.exact else "importance-weighted estimate"

    @property
    def method(self) -> str:
        """How log Z was computed and how rows were made binary."""
        rows = f"rows: {self.found.notes['binarisation']}"
        if self.found.log_partition is None:
            return f"lower bound of one sample {measured(self.found.bound)}, no log Z; {rows}"
        if (both := self.found.annealing) is None:
            return f"log Z exact, one side enumerated; {rows}"
        return (
            f"log Z annealed both ways, {both.forward.n_chains} chains x {both.forward.n_betas:,} temperatures, "
            f"effective sample sizes {both.forward.effective_sample_size:.0f} and "
            f"{both.reverse.effective_sample_size:.0f}, gap {both.gap:.2f}: {both.verdict}; {rows}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        independent = None if self.independent is None else asdict(self.independent)
        own = {"value": asdict(self.found.value), "independent": independent, "method": self.method}
        return {**self.found.to_json(), **own}


def find_likelihood(subject: Subject, progress: Progress | None = None) -> Compared | None:
    """Return the log-likelihood of the scored rows, or None for a model without one.

    Grey values are binarised by one frozen draw; reverse chains begin at the training rows. ``progress`` is called as
    by :func:`tildex.evaluate.likelihood`.
    """
    estimator, X_train, X = subject.estimator, subject.X_train, subject.scored.X
    units, model = estimator.likelihood_, estimator.module_
    # The log Z of documents depends on their length; they are measured by perplexity.
    if not model.has_likelihood or (model.normaliser and units.counts_words):
        return None
    # Rows with gaps cannot be made binary.
    if units.binary and np.isnan(np.asarray(scaled_rows(estimator, X).cpu())).any():
        return None
    found = likelihood_of(
        estimator,
        X,
        start=X_train,
        seed=_SEED,
        n_samples=_SAMPLES,
        annealing=_ANNEALING,
        progress=progress,
    )
    independent = None
    if X_train is not None and units.binary:
        drawn = binarise(scaled_rows(estimator, X), "frozen", Generator(_SEED))
        known = scaled_rows(estimator, X_train)
        independent = independent_bernoulli(known.cpu().numpy(), drawn.cpu().numpy())
    return Compared(found, independent)


def _lines(compared: Compared) -> list[Line]:
    value = f"{measured(compared.found.value)} ({compared.method})"
    lines = [Line(f"log P(x), {compared.kind}", value)]
    if compared.independent is not None:
        lines.append(Line("log P(x), independent units", measured(compared.independent)))
    return lines


LIKELIHOOD = Measure("likelihood", find_likelihood, _lines, Compared.to_json)
