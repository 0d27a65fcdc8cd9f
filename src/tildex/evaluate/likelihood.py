r"""The log-likelihood of rows under any model, with everything needed to compare it.

.. math:: \text{bound}(x) - \log Z \;\le\; \log \frac1K \sum_k w_k(x) - \log Z \;\lesssim\; \log P(x)

A model provides ``evidence(x, generator)`` and ``normaliser``. An RBM's bound is exact; that of a deep machine or
belief network is variational, and importance weights tighten it. A variational autoencoder has no Z: its bound is the
mean log weight, and the log mean weight is the importance-weighted bound.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from tildex.evaluate.ais import Progress
from tildex.evaluate.estimate import Estimate
from tildex.evaluate.exact import enumerable
from tildex.evaluate.exact import log_partition as exact_log_partition
from tildex.evaluate.two_sided import TwoSided, two_sided
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, Evidence
from tildex.products import autocast, fast_products

__all__ = ["Annealing", "Bounded", "Likelihood", "likelihood"]

_CHUNK = 1000


class Bounded(Protocol):
    """A model whose log-likelihood can be bounded and estimated up to one log Z."""

    def evidence(self, x: Tensor, generator: Generator) -> Evidence:
        """Return a bound on log P(x) before subtracting log Z, and a function that draws weights to tighten it."""
        ...

    @property
    def normaliser(self) -> BoltzmannMachine | None:
        """The machine whose log Z must be subtracted, or None."""
        ...

    def normaliser_rows(self, x: Tensor, generator: Generator) -> Tensor:
        """Return rows of that machine's visible layers, encoded from data rows."""
        ...


@dataclass(frozen=True, kw_only=True)
class Annealing:
    """Settings for estimating log Z if it cannot be enumerated.

    Attributes
    ----------
    n_chains, n_betas, burn_in : int
        As in :func:`two_sided`.
    precision : torch.dtype
        Type of its matrix products, and of those that draw the weights of a variational autoencoder.
    """

    n_chains: int = 100
    n_betas: int = 10_000
    burn_in: int = 1000
    precision: torch.dtype = torch.float32


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """A log-likelihood in nats per row, and how it was computed.

    Attributes
    ----------
    bound : Estimate
        The mean bound minus log Z; apart from log Z's error it is exact if ``exact``. Its error combines those of
        rows and log Z.
    tightened : Estimate or None
        The importance-weighted estimate from ``n_samples`` weights per row; None if the bound is exact.
    log_partition : Estimate or None
        log Z, without error if enumerated; None if the model has none.
    annealing : TwoSided or None
        The two runs that estimated log Z; None if it was enumerated or is not needed.
    rows, n_samples : int
        Number of rows, and of weights per row.
    error_over_rows : float
        The part of the bound's standard error due to rows.
    notes : dict of str to str
        Context from the caller: model, data, split, binarisation, seed.
    per_row : array of shape (rows,)
        The best estimate of each row, whose mean is ``value``.
    """

    bound: Estimate
    tightened: Estimate | None
    log_partition: Estimate | None
    annealing: TwoSided | None
    rows: int
    n_samples: int
    error_over_rows: float
    notes: dict[str, str]
    per_row: np.ndarray = field(repr=False, compare=False)

    @property
    def value(self) -> Estimate:
        """The best estimate: tightened if there are weights, else the exact bound."""
        return self.bound if self.tightened is None else self.tightened

    @property
    def exact(self) -> bool:
        """Whether all hidden units were summed out."""
        return self.tightened is None

    @property
    def ok(self) -> bool:
        """Whether log Z is exact, or the two-sided check passed."""
        return self.annealing is None or self.annealing.ok

    def lines(self) -> list[tuple[str, str]]:
        """Return labels and texts, for a table."""
        lines = [
            ("log-likelihood" if self.exact else "variational bound", f"{_text(self.bound)} nats per row")
        ]
        if self.tightened is not None:
            lines.append(
                (
                    "importance-weighted estimate",
                    f"{_text(self.tightened)} nats per row, {self.n_samples} samples per row",
                )
            )
        errors = f"{self.error_over_rows:.3f} over {self.rows} rows"
        if self.log_partition is not None and self.log_partition.standard_error:
            errors += f", {self.log_partition.standard_error:.3f} of log Z"
        lines.append(("standard errors", errors))
        lines += self._partition_lines()
        return lines + [(name.replace("_", " "), text) for name, text in self.notes.items()]

    def _partition_lines(self) -> list[tuple[str, str]]:
        if self.log_partition is None:
            return [("log Z", "none to subtract: codes are drawn from a prior")]
        value = f"{self.log_partition.value:.3f}"
        if (both := self.annealing) is None:
            return [("log Z", f"{value}, exact: one side enumerated")]
        moved = both.forward.log_partition.value - both.halved.log_partition.value
        lines = [
            ("log Z", f"{value} ± {self.log_partition.standard_error:.3f}, annealed importance sampling"),
            *(
                (
                    f"log Z, {name}",
                    f"{result.log_partition.value:.3f} ± {result.log_partition.standard_error:.3f}, "
                    f"effective sample size {result.effective_sample_size:.0f} of {result.n_chains} chains",
                )
                for name, result in (("forward", both.forward), ("reverse", both.reverse))
            ),
            ("gap between them", f"{both.gap:.3f} nats"),
            (
                "temperatures",
                f"{both.forward.n_betas:,}; half as many give {-moved:+.3f} nats of log Z forward",
            ),
            ("base", "independent units with the means of the layers' base biases"),
            ("burn-in of reverse chains", f"{both.burn_in:,} Gibbs steps"),
        ]
        return [*lines, ("verdict", both.verdict)]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            **self.notes,
            "rows": self.rows,
            "estimator": "exact" if self.exact else "variational bound",
            "bound": asdict(self.bound),
            "importance_weighted": None if self.tightened is None else asdict(self.tightened),
            "samples_a_row": self.n_samples,
            "error_over_rows": self.error_over_rows,
            "log_partition": None if self.log_partition is None else asdict(self.log_partition),
            "enumerated": self.log_partition is not None and self.annealing is None,
            "annealing": None if self.annealing is None else self.annealing.to_json(),
            "ok": self.ok,
        }


@torch.no_grad()
def likelihood(
    model: Bounded,
    x: Tensor,
    generator: Generator,
    *,
    start: Tensor | None = None,
    n_samples: int = 100,
    annealing: Annealing | None = None,
    log_volume: float | Tensor = 0.0,
    notes: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Likelihood:
    """Return the mean log-likelihood of rows, with log Z enumerated if possible, else estimated from both sides.

    Parameters
    ----------
    model : Bounded
        A Boltzmann machine of any depth, a deep belief network, or a pair with a prior.
    x : Tensor of shape (rows, columns)
        Rows in the model's units, already binarised if the model is binary.
    generator : Generator
        Draws chains and weights.
    start : Tensor of shape (any, columns), optional
        Rows at which reverse chains start, preferably not those being measured; ``x`` when not given. If the model's
        normaliser is another machine, they are encoded for it.
    n_samples : int
        Importance weights per row, if the bound is not exact.
    annealing : Annealing, optional
        Chains, temperatures and precision.
    log_volume : float or Tensor of shape (rows,)
        The term to add to a log-density in the model's units to get that of the data; one per row where rows differ in
        what is known.
    notes : dict of str to str, optional
        Context to print with the result: data, split, binarisation, seed.
    progress : callable, optional
        Called with the current task and its progress.
    """
    machine, settings = model.normaliser, annealing or Annealing()
    both = partition = None
    if machine is not None and not enumerable(machine):
        rows = model.normaliser_rows(x if start is None else start, generator)
        both = two_sided(machine, generator, start=rows, progress=progress, **_fields(settings))
        partition = both.log_partition
    elif machine is not None:
        partition = Estimate(exact_log_partition(machine))
    with _products(machine, settings, x):
        bounds, weights = _over_rows(model, x, generator, n_samples, progress)
    over_rows = Estimate.of((bounds + log_volume).cpu().numpy())
    tightened = None
    if weights is not None:
        tightened = _less(Estimate.of((weights + log_volume).cpu().numpy()), partition)
    best = (bounds if weights is None else weights) + log_volume
    return Likelihood(
        bound=_less(over_rows, partition),
        tightened=tightened,
        log_partition=partition,
        annealing=both,
        rows=len(x),
        n_samples=0 if tightened is None else n_samples,
        error_over_rows=over_rows.standard_error,
        notes=dict(notes or {}),
        per_row=best.cpu().numpy() - (0.0 if partition is None else partition.value),
    )


def _over_rows(
    model: Bounded, x: Tensor, generator: Generator, n_samples: int, progress: Progress | None
) -> tuple[Tensor, Tensor | None]:
    """Return every row's bound and log mean weight, in float64; None instead of weights if bounds are exact."""
    bounds, weights = [], []
    with fast_products(x.device):
        for part in x.split(_CHUNK):
            bound, weigh = model.evidence(part, generator)
            if weigh is not None:
                draws = torch.stack([weigh(generator).double() for _ in range(n_samples)])
                weights.append(draws.logsumexp(0) - math.log(n_samples))
                bound = draws.mean(0) if bound is None else bound
            bounds.append(bound.double())  # type: ignore[union-attr]
            if progress is not None:
                progress("rows", sum(map(len, bounds)) / len(x))
    return torch.cat(bounds), torch.cat(weights) if weights else None


def _products(machine: Any, settings: Annealing, x: Tensor) -> contextlib.AbstractContextManager[Any]:
    """Return the precision context of draws for models without log Z; chains set their own precision."""
    return contextlib.nullcontext() if machine is not None else autocast(x.device, settings.precision)


def _less(mean: Estimate, partition: Estimate | None) -> Estimate:
    if partition is None:
        return mean
    error = math.hypot(mean.standard_error, partition.standard_error)
    return Estimate(mean.value - partition.value, error)


def _fields(settings: Annealing) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in Annealing.__dataclass_fields__}


def _text(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ± {estimate.standard_error:.2f}"
