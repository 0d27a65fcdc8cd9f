r"""The log-likelihood that a restricted Boltzmann machine gives to rows, beside independent units.

.. math:: \log P(v) = \log \sum_h e^{-E(v, h)} - \log Z

Rows of values between 0 and 1 stand for the binary rows drawn with them as probabilities. The first term is convex in
``v``, so what is computed bounds the mean over those binary rows from below (Jensen), while that of independent units
is linear and exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tildex.evaluate import AISResult, Estimate, enumerable, independent_bernoulli, log_partition_ais
from tildex.evaluate import log_partition as exact_log_partition
from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.units import Bernoulli

__all__ = ["Likelihood", "measure_likelihood"]


@dataclass(frozen=True)
class Likelihood:
    """A log-likelihood in nats a row, and how it was had.

    Attributes
    ----------
    value : Estimate
        The mean over rows; its error joins that of the rows and that of log Z.
    log_partition : Estimate
        log Z, without error where it was enumerated.
    annealing : AISResult, optional
        The run that estimated log Z; None where it is exact.
    independent : Estimate, optional
        What independent units with the training means give the same rows.
    rows : int
        How many.
    binary : bool
        Whether all values are 0 or 1; otherwise ``value`` is a lower bound.
    """

    value: Estimate
    log_partition: Estimate
    annealing: AISResult | None
    independent: Estimate | None
    rows: int
    binary: bool

    @property
    def method(self) -> str:
        """How log Z was had, in words."""
        if self.annealing is None:
            return "exact, one side enumerated"
        return (
            f"annealed importance sampling, {self.annealing.n_chains} chains x {self.annealing.n_betas:,} "
            f"temperatures, effective sample size {self.annealing.effective_sample_size:.0f}"
        )


@torch.no_grad()
def measure_likelihood(estimator: Any, X_train: Any, X: np.ndarray) -> Likelihood | None:
    """Return the log-likelihood of the rows of ``X``, or None where the model is no machine of two binary layers.

    Parameters
    ----------
    estimator : fitted estimator
        Any; its ``module_`` says what it is.
    X_train : array of shape (rows, features), optional
        For the independent units beside it.
    X : array of shape (rows, features)
        Held-out rows.
    """
    machine = estimator.module_
    if not isinstance(machine, BoltzmannMachine) or len(machine.layers) != 2:
        return None
    if not isinstance(machine.layers[0].units, Bernoulli):
        return None
    visible = _scaled(estimator, X)
    annealing, log_partition = _log_partition(machine)
    unnormalised = Estimate.of(machine.log_marginal([visible, visible]).double().cpu().numpy())
    independent = None
    if X_train is not None:
        independent = independent_bernoulli(_scaled(estimator, X_train).cpu().numpy(), visible.cpu().numpy())
    return Likelihood(
        value=Estimate(
            unnormalised.value - log_partition.value,
            math.hypot(unnormalised.standard_error, log_partition.standard_error),
        ),
        log_partition=log_partition,
        annealing=annealing,
        independent=independent,
        rows=len(X),
        binary=bool(((visible == 0) | (visible == 1)).all()),
    )


def _log_partition(machine: BoltzmannMachine) -> tuple[AISResult | None, Estimate]:
    if enumerable(machine):
        return None, Estimate(exact_log_partition(machine))
    result = log_partition_ais(machine, Generator(0, machine.layers[0].bias.device))
    return result, result.log_partition


def _scaled(estimator: Any, X: Any) -> torch.Tensor:
    return estimator.scaling_(torch.as_tensor(X).to(estimator.scaling_.offset))
