r"""log Z between two bounds: annealed importance sampling forward and in reverse (Grosse, Ghahramani & Adams, 2015,
"Sandwiching the marginal likelihood using bidirectional Monte Carlo").

.. math:: E[\log \hat Z_{\text{forward}}] \le \log Z \le E[\log \hat Z_{\text{reverse}}]
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from tildex.evaluate.ais import AISResult, Progress, log_partition_ais, log_partition_reverse_ais
from tildex.evaluate.estimate import Estimate
from tildex.generator import Generator
from tildex.models import BoltzmannMachine

__all__ = ["TwoSided", "two_sided"]

_LARGEST_GAP = 0.5


@dataclass(frozen=True)
class TwoSided:
    """log Z from below and from above.

    Attributes
    ----------
    forward, reverse : AISResult
        From independent units to the machine and back.
    halved : AISResult
        Forward with half as many temperatures; the difference from ``forward`` shows the effect of doubling.
    burn_in : int
        Gibbs steps from the given rows before reverse annealing.
    """

    forward: AISResult
    reverse: AISResult
    halved: AISResult
    burn_in: int

    @property
    def gap(self) -> float:
        """Reverse minus forward estimate, in nats."""
        return self.reverse.log_partition.value - self.forward.log_partition.value

    @property
    def ok(self) -> bool:
        """Whether the gap is at most half a nat and both effective sample sizes are sufficient."""
        return abs(self.gap) <= _LARGEST_GAP and self.forward.healthy and self.reverse.healthy

    @property
    def verdict(self) -> str:
        """``ok``, or what is wrong and what to do."""
        if self.ok:
            return "ok"
        faults = []
        if abs(self.gap) > _LARGEST_GAP:
            faults.append(f"forward and reverse differ by {self.gap:.2f} nats")
        for name, result in (("forward", self.forward), ("reverse", self.reverse)):
            if not result.healthy:
                faults.append(
                    f"{name} chains count as {result.effective_sample_size:.1f} of {result.n_chains}"
                )
        return f"not a result: {', '.join(faults)}; use more temperatures"

    @functools.cached_property
    def log_partition(self) -> Estimate:
        """The optimal combination of forward and reverse chains (Bennett, 1976, "Efficient estimation of free energy
        differences from Monte Carlo data").
        """
        return _bennett(self.forward, self.reverse)

    def to_json(self) -> dict[str, Any]:
        """Return both directions, the check and the verdict as plain values."""
        return {
            "log_partition": asdict(self.log_partition),
            "gap": self.gap,
            "verdict": self.verdict,
            "forward": self.forward.to_json(),
            "reverse": self.reverse.to_json(),
            "half_as_many_temperatures": self.halved.to_json(),
            "burn_in": self.burn_in,
        }


def two_sided(
    machine: BoltzmannMachine,
    generator: Generator,
    *,
    start: Tensor | Sequence[Tensor],
    burn_in: int = 1000,
    n_chains: int = 100,
    n_betas: int = 1000,
    precision: torch.dtype = torch.float32,
    progress: Progress | None = None,
) -> TwoSided:
    """Estimate log Z from both sides, and forward again with half as many temperatures.

    Parameters
    ----------
    machine, generator, start, burn_in, n_chains, n_betas, precision, progress
        As in :func:`log_partition_reverse_ais`.

    Example
    -------
    >>> import torch
    >>> from tildex.maps import Coupling
    >>> from tildex.models import Layer
    >>> from tildex.units import Bernoulli
    >>> layers = [Layer(Bernoulli(), 4), Layer(Bernoulli(), 3)]
    >>> coupling = Coupling(4, 3, generator=Generator(0), scale=0.5)
    >>> machine = BoltzmannMachine(layers, {(0, 1): coupling})
    >>> two_sided(machine, Generator(0), start=torch.eye(4), n_betas=100).verdict
    'ok'
    """
    settings: dict[str, Any] = {"n_chains": n_chains, "precision": precision, "progress": progress}
    forward = log_partition_ais(machine, generator, n_betas=n_betas, **settings)
    reverse = log_partition_reverse_ais(
        machine, generator, start=start, burn_in=burn_in, n_betas=n_betas, **settings
    )
    if progress is not None:
        settings["progress"] = lambda what, share: progress(f"{what}, half the temperatures", share)
    halved = log_partition_ais(machine, generator, n_betas=max(2, n_betas // 2), **settings)
    return TwoSided(forward, reverse, halved, burn_in)


def _bennett(forward: AISResult, reverse: AISResult) -> Estimate:
    """Return the log Z that solves Bennett's balance equation between both directions."""
    base = forward.log_partition.value - _log_mean(forward.log_weights)
    there, back = forward.log_weights, reverse.log_weights
    share = math.log(len(there) / len(back))

    def terms(ratio: float) -> tuple[Tensor, Tensor]:
        return torch.sigmoid(there - ratio - share), torch.sigmoid(back + ratio + share)

    ends = torch.cat([there, -back])
    low, high = float(ends.min()) - abs(share) - 1, float(ends.max()) + abs(share) + 1
    while high - low > 1e-10 * max(1.0, abs(low), abs(high)):
        middle = (low + high) / 2
        ups, downs = terms(middle)
        low, high = (middle, high) if ups.sum() > downs.sum() else (low, middle)
    variance = sum(float(f.var() / f.mean().square()) / len(f) for f in terms(low))
    return Estimate(base + (low + high) / 2, math.sqrt(variance))


def _log_mean(log_weights: Tensor) -> float:
    return float(log_weights.logsumexp(0)) - math.log(len(log_weights))
