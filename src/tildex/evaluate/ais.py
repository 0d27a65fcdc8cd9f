r"""Annealed importance sampling (Neal, 2001; Salakhutdinov & Murray, 2008).

.. math:: \hat Z = Z_0 \cdot \frac1M \sum_m \prod_t \frac{P^*_{\beta_t}(x_t)}{P^*_{\beta_{t-1}}(x_t)}
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from tildex.evaluate.estimate import Estimate
from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.products import fast_products
from tildex.units import Units

__all__ = ["AISResult", "log_partition_ais"]


@dataclass(frozen=True)
class AISResult:
    """An estimate of log Z and what is needed to judge it.

    Attributes
    ----------
    log_partition : Estimate
        In nats, with the standard error over chains.
    effective_sample_size : float
        Of the chains' weights; a tenth of the chains or more is healthy.
    n_chains, n_betas : int
        What was run.
    """

    log_partition: Estimate
    effective_sample_size: float
    n_chains: int
    n_betas: int


@torch.no_grad()
def log_partition_ais(
    machine: BoltzmannMachine, generator: Generator, *, n_chains: int = 100, n_betas: int = 1000
) -> AISResult:
    """Estimate log Z by annealing chains from independent units with the data's means to the machine.

    Too few temperatures make log Z too small and likelihoods too good: double them until nothing moves.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any layers; the second side is summed out exactly in the weights.
    generator : Generator
        Draws the chains.
    n_chains, n_betas : int
        Chains and temperatures, at least 2 each.
    """
    if n_chains < 2 or n_betas < 2:
        raise ValueError(f"expected at least 2 chains and 2 temperatures, got {n_chains} and {n_betas}")

    def draw(units: Units, inputs: Tensor) -> Tensor:
        return units.sample(inputs, generator)

    largest = n_chains * max(coupling.weight.numel() for coupling in machine.couplings)
    with fast_products(generator.device, largest):
        state = [draw(layer.units, layer.base.expand(n_chains, -1)) for layer in machine.layers]
        log_weights = torch.zeros(n_chains, dtype=torch.float64, device=generator.device)
        betas = torch.linspace(0, 1, n_betas, dtype=torch.float64).tolist()
        for previous, beta in pairwise(betas):
            log_weights += (
                machine.log_marginal(state, beta=beta) - machine.log_marginal(state, beta=previous)
            ).double()
            state = machine.sweep(state, draw, beta=beta)
    return _summary(machine, log_weights, n_betas)


def _summary(machine: BoltzmannMachine, log_weights: Tensor, n_betas: int) -> AISResult:
    n_chains = len(log_weights)
    weights = torch.exp(log_weights - log_weights.max())
    mean = weights.mean()
    # The error of a log of a mean, to first order.
    error = weights.std() / mean / n_chains**0.5
    value = float(machine.base_log_partition()) + float(log_weights.max() + torch.log(mean))
    effective = float(weights.sum().square() / weights.square().sum())
    return AISResult(Estimate(value, float(error)), effective, n_chains, n_betas)
