"""The log-likelihood of a model in a report, beside that of independent units on the same rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from tildex.apps.formatting import measured
from tildex.apps.likelihood_of import likelihood_of
from tildex.data import binarise
from tildex.evaluate import Annealing, Estimate, Likelihood, independent_bernoulli
from tildex.generator import Generator
from tildex.units import Bernoulli, ReplicatedSoftmax

__all__ = ["Compared", "measure_likelihood"]

# Enough for a page that is read in passing; `tildex likelihood` spends more.
_ANNEALING = Annealing(n_chains=100, n_betas=1000, burn_in=200)
_SAMPLES = 20
_SEED = 0


@dataclass(frozen=True)
class Compared:
    """A log-likelihood in nats a row, and its baseline.

    Attributes
    ----------
    found : Likelihood
        The figure, with everything it must carry.
    independent : Estimate, optional
        What independent units with the training means give the same binary rows.
    """

    found: Likelihood
    independent: Estimate | None

    @property
    def kind(self) -> str:
        """What the figure is, in a word or two."""
        if self.found.log_partition is None:
            return f"bound of {self.found.n_samples} importance samples"
        return "exact but for log Z" if self.found.exact else "importance-weighted estimate"

    @property
    def method(self) -> str:
        """How log Z was had and how rows became binary, in words."""
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


def measure_likelihood(estimator: Any, X_train: Any, X: np.ndarray) -> Compared | None:
    """Return the log-likelihood of the rows of ``X``, or None where the model has none, even up to a log Z.

    Parameters
    ----------
    estimator : fitted estimator
        Any; its ``module_`` says what it is.
    X_train : array of shape (rows, features), optional
        For the independent units beside it, and the rows from which reverse chains begin.
    X : array of shape (rows, features)
        Held-out rows; grey values stand for one frozen binary draw.
    """
    units = estimator.likelihood_
    # The log Z of documents differs from length to length; perplexity is what is asked of them.
    module = estimator.module_
    if not hasattr(module, "normaliser") or (module.normaliser and isinstance(units, ReplicatedSoftmax)):
        return None
    found = likelihood_of(estimator, X, start=X_train, seed=_SEED, n_samples=_SAMPLES, annealing=_ANNEALING)
    independent = None
    if X_train is not None and isinstance(units, Bernoulli):
        scaled = [
            estimator.scaling_(torch.as_tensor(rows).to(estimator.scaling_.offset)) for rows in (X_train, X)
        ]
        drawn = binarise(scaled[1], "frozen", Generator(_SEED))
        independent = independent_bernoulli(scaled[0].cpu().numpy(), drawn.cpu().numpy())
    return Compared(found, independent)
