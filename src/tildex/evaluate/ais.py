r"""Annealed importance sampling, forward and reverse (Neal, 2001; Salakhutdinov & Murray, 2008; Burda et al., 2015).

.. math:: E\big[w_{0 \to 1}\big] = \frac{Z}{Z_0}, \qquad E\big[w_{1 \to 0}\big] = \frac{Z_0}{Z}

With too few chains or temperatures, forward chains from independent units underestimate log Z, and reverse chains
from the model's samples overestimate it; the true value lies between the two.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from tildex.evaluate.annealing import Annealer, Report, temperatures
from tildex.evaluate.estimate import Estimate
from tildex.generator import Generator
from tildex.models import BoltzmannMachine

__all__ = ["AISResult", "Progress", "log_partition_ais", "log_partition_reverse_ais"]

Progress = Callable[[str, float], None]
"""Called with the current task and its progress from 0 to 1."""

_LEAST_EFFECTIVE = 0.1


@dataclass(frozen=True)
class AISResult:
    """An estimate of log Z with its diagnostics.

    Attributes
    ----------
    log_partition : Estimate
        In nats, with the standard error over chains.
    effective_sample_size : float
        Effective sample size of the chains' weights; at least a tenth of the chains is healthy.
    n_chains, n_betas : int
        Number of chains and of temperatures.
    log_weights : Tensor of shape (chains,)
        Log weights of the chains, in float64.
    """

    log_partition: Estimate
    effective_sample_size: float
    n_chains: int
    n_betas: int
    log_weights: Tensor = field(repr=False, compare=False)

    @property
    def healthy(self) -> bool:
        """Whether the effective sample size is at least a tenth of the chains."""
        return self.effective_sample_size >= _LEAST_EFFECTIVE * self.n_chains

    def to_json(self) -> dict[str, Any]:
        """Return all except the individual weights as plain numbers."""
        return {
            "log_partition": asdict(self.log_partition),
            "effective_sample_size": self.effective_sample_size,
            "chains": self.n_chains,
            "temperatures": self.n_betas,
        }


def log_partition_ais(
    machine: BoltzmannMachine,
    generator: Generator,
    *,
    n_chains: int = 100,
    n_betas: int = 1000,
    precision: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> AISResult:
    """Estimate log Z with chains annealed from independent units with the data's means to the machine.

    Too few temperatures make log Z too small and likelihoods too good; :func:`two_sided` detects this.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine; one side is summed out exactly in the weights.
    generator : Generator
        Draws the chains.
    n_chains, n_betas : int
        Number of chains and temperatures, at least 2 each.
    precision : torch.dtype
        Type of matrix products; bfloat16 is faster on hardware that supports it.
    progress : callable, optional
        Called with the progress.
    """
    _require_two(n_chains, n_betas)
    annealer = Annealer(machine, generator, precision=precision)
    state = annealer.independent(n_chains)
    log_weights = annealer.anneal(state, temperatures(n_betas), _report(progress, "forward"))
    return _summary(machine, log_weights, n_betas, +1)


def log_partition_reverse_ais(
    machine: BoltzmannMachine,
    generator: Generator,
    *,
    start: Tensor | Sequence[Tensor],
    burn_in: int = 1000,
    n_chains: int = 100,
    n_betas: int = 1000,
    precision: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> AISResult:
    """Estimate log Z with chains annealed from the machine's samples to independent units.

    Too few temperatures make log Z too large. This holds only if the chains start at the machine's distribution:
    exact samples, or rows that it models well with a sufficiently long burn-in.

    Parameters
    ----------
    machine : BoltzmannMachine
        Any machine.
    generator : Generator
        Draws the chains.
    start : Tensor of shape (rows, columns) or sequence of Tensor
        Data rows, from which chains take random ones; or complete states, one tensor per layer.
    burn_in : int
        Gibbs steps of the machine before annealing begins.
    n_chains, n_betas, precision, progress
        As in :func:`log_partition_ais`.
    """
    _require_two(n_chains, n_betas)
    if burn_in < 0:
        raise ValueError(f"burn_in must be at least 0 Gibbs steps, got {burn_in}")
    annealer = Annealer(machine, generator, precision=precision)
    state = _started(annealer, start, n_chains, burn_in, progress)
    log_weights = annealer.anneal(state, temperatures(n_betas)[::-1], _report(progress, "reverse"))
    return _summary(machine, log_weights, n_betas, -1)


def _require_two(n_chains: int, n_betas: int) -> None:
    if n_chains < 2 or n_betas < 2:
        raise ValueError(f"expected at least 2 chains and 2 temperatures, got {n_chains} and {n_betas}")


def _report(progress: Progress | None, what: str) -> Report | None:
    return None if progress is None else functools.partial(progress, what)


@torch.no_grad()
def _started(
    annealer: Annealer,
    start: Tensor | Sequence[Tensor],
    n_chains: int,
    burn_in: int,
    progress: Progress | None,
) -> list[Tensor]:
    """Return the starting states of reverse chains."""
    machine, generator = annealer.machine, annealer.generator
    rows = start if isinstance(start, Tensor) else start[0]
    order = generator.permutation(len(rows))
    # With fewer rows than chains, a row starts several chains.
    index = torch.from_numpy(order).repeat(-(-n_chains // len(order)))[:n_chains].to(rows.device)
    if not isinstance(start, Tensor):
        state = [values[index] for values in start]
    else:
        state = annealer.independent(n_chains)
        known = _visible(machine, start[index])
        for k, values in known.items():
            state[k] = values.to(state[k])
        # Hidden layers must first equilibrate given the rows.
        state = annealer.gibbs(state, len(machine.layers), known=tuple(known))
    return annealer.gibbs(state, burn_in, _report(progress, "burn-in"))


def _visible(machine: BoltzmannMachine, rows: Tensor) -> dict[int, Tensor]:
    """Split rows by visible layer; trailing layers, such as labels, may be omitted and are left to the machine."""
    known, begin = {}, 0
    for k in machine.visible:
        end = begin + machine.layers[k].size
        if end <= rows.shape[1]:
            known[k] = rows[:, begin:end]
        begin = end
    if sum(values.shape[1] for values in known.values()) != rows.shape[1]:
        sizes = [machine.layers[k].size for k in machine.visible]
        raise ValueError(
            f"expected rows that fill visible layers of sizes {sizes}, got {rows.shape[1]} columns"
        )
    return known


def _summary(machine: BoltzmannMachine, log_weights: Tensor, n_betas: int, sign: int) -> AISResult:
    n_chains = len(log_weights)
    weights = torch.exp(log_weights - log_weights.max())
    mean = weights.mean()
    # Standard error of the log of a mean, to first order.
    error = weights.std() / mean / n_chains**0.5
    ratio = float(log_weights.max() + torch.log(mean))
    value = float(machine.base_log_partition().detach()) + sign * ratio
    effective = float(weights.sum().square() / weights.square().sum())
    return AISResult(Estimate(value, float(error)), effective, n_chains, n_betas, log_weights)
