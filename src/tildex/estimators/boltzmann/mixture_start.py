r"""Where a Gaussian machine starts: at the mixture that a few hidden units make of the data, by exact likelihood.

.. math:: p(x) \propto e^{-\frac12 |y|^2} \prod_j 2\cosh\tfrac12(d_j \cdot y + u_j), \qquad y = A (x - m)

With ``2^k`` hidden states the partition function is a sum, and the likelihood's maximum is found by L-BFGS in
coordinates where hidden units count from -1/2 to 1/2: each moves the centre by ``d_j``. From small random weights the
machine's own parameters hardly move: data of variance one are as well explained by one normal density as by any two
close ones, so that the likelihood has a saddle there.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tildex.generator import Generator
from tildex.models import BoltzmannMachine
from tildex.train import Rows

__all__ = ["CORE", "begin_at_mixture"]

CORE = 10
"""Hidden units that the start uses: 1,024 states."""

# Rows that the start reads, and columns up to which it also learns the covariance.
_ROWS, _COLUMNS = 4000, 40

_GRID = 2.0**24

# Rows below which nothing is held out and the start is one normal density.
_FEWEST = 20
_HELD_OUT = 0.2

# Steps of L-BFGS between looks at the held-out rows, looks in all, and looks without gain that end it.
_STEPS, _LOOKS, _PATIENCE = 5, 80, 7

# Random starts: the size of the displacements, the precision within relative to the data's, and whether all of the
# covariance is learned or only the variances along the data's axes. The last two are one normal density.
_STARTS = (
    *((0.3, 2.0, True),) * 3,
    *((0.3, 2.0, False), (0.5, 4.0, False), (0.1, 1.2, False)),
    *((0.02, 1.0, True), (0.02, 1.0, False)),
)

# Looks at every start; how many of them then go on; and how many, the last, are normal densities and do not.
_TRIED, _KEPT, _NORMAL = 10, 3, 2

# Shares of the off-diagonal covariance that a small sample may have to give up.
_SHRINKAGE = (0.0, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0)


@dataclass
class _Core:
    """A machine of few units: ``y = exp(scales) axes (x - centre)``, displacements in y and biases of the units."""

    axes: Tensor
    scales: Tensor
    centre: Tensor
    moves: Tensor
    biases: Tensor

    @property
    def factor(self) -> Tensor:
        """The map to independent parts of variance one."""
        return self.scales.exp()[:, None] * self.axes

    def copy(self) -> _Core:
        """Return a copy without gradients."""
        return _Core(*(t.detach().clone() for t in vars(self).values()))

    def log_density(self, x: Tensor) -> Tensor:
        """Return the exact log-density of rows, shape (rows,)."""
        y = (x - self.centre) @ self.factor.t()
        inputs = y @ self.moves.t() + self.biases
        states = _half_states(len(self.biases)).to(x)
        shifts = states @ self.moves
        log_z = (states @ self.biases + 0.5 * shifts.square().sum(1)).logsumexp(0)
        normal = -0.5 * y.square().sum(1) - 0.5 * len(self.centre) * math.log(2 * math.pi)
        cosh = (F.softplus(inputs) - 0.5 * inputs).sum(1)
        return normal + cosh - log_z + torch.linalg.slogdet(self.factor).logabsdet

    @torch.no_grad()
    def mean_log_density(self, x: Tensor) -> float:
        """Return the mean log-density of rows."""
        return float(self.log_density(x).mean())


@functools.cache
def _half_states(units: int) -> Tensor:
    return torch.tensor(list(itertools.product((-0.5, 0.5), repeat=units)))


def begin_at_mixture(machine: BoltzmannMachine, rows: Rows, generator: Generator) -> None:
    """Set a machine of correlated visible and binary hidden units to the best of several small machines.

    Parameters
    ----------
    machine : BoltzmannMachine
        The untrained machine; hidden units beyond :data:`CORE` keep their small weights.
    rows : Rows
        The scaled training rows, of which at most 4,000 are read; unknown cells are taken for 0, their column's mean.
    generator : Generator
        Chooses rows and draws the starts. A share of the rows is held out to choose among starts and their lengths;
        the chosen one is then repeated on all of them.
    """
    index = np.sort(generator.permutation(len(rows))[:_ROWS])
    # Rounded, so that the way to the maximum does not depend on the last bits that the columns' units leave.
    x = rows.take(index).detach().cpu().double().nan_to_num(0.0).mul(_GRID).round().div(_GRID)
    draws = torch.Generator().manual_seed(int(generator.integers(2**31, 1)[0]))
    units = min(CORE, machine.layers[1].size)
    _install(machine, _chosen(x, units, draws))


def _chosen(x: Tensor, units: int, draws: torch.Generator) -> _Core:
    """Return the machine that held-out rows choose, learned from all rows."""
    noise = _resolution(x)
    if len(x) < _FEWEST:
        size, precision, _ = _STARTS[-1]
        return _begun(x, noise, units=units, share=0.5, size=size, precision=precision, seed=_seed(draws))
    order = torch.randperm(len(x), generator=draws)
    n_held = round(_HELD_OUT * len(x))
    held, train = x[order[:n_held]], x[order[n_held:]]
    share = _shrinkage(train, held, noise)
    tried = []
    for size, precision, turn in _STARTS:
        seed, turns = _seed(draws), turn and x.shape[1] <= _COLUMNS
        begin = functools.partial(
            _begun, noise=noise, units=units, share=share, size=size, precision=precision, seed=seed
        )
        tried.append(_Try(begin, turns, *_climb(begin(train), train, noise, turns, held=held, looks=_TRIED)))
    for one in sorted(tried[:-_NORMAL], key=lambda one: -one.score)[:_KEPT]:
        core, score, looks = _climb(one.core, train, noise, one.turns, held=held)
        if score > one.score:
            one.core, one.score, one.looks = core, score, one.looks + looks
    best = max(tried, key=lambda one: one.score)
    # From the same start, or a little further from where it led: what explains all rows better.
    again = _climb(best.begin(x), x, noise, best.turns, looks=best.looks)[0]
    further = _climb(best.core, x, noise, best.turns, looks=best.looks // 5)[0]
    return max(again, further, key=lambda core: core.mean_log_density(x))


@dataclass
class _Try:
    """A start, where it led on the training rows, its score on the held-out ones, and the looks that took."""

    begin: Callable[[Tensor], _Core]
    turns: bool
    core: _Core
    score: float
    looks: int


def _seed(draws: torch.Generator) -> int:
    return int(torch.randint(2**31, (1,), generator=draws))


def _resolution(x: Tensor) -> Tensor:
    """Return the variance of each column's rounding: no density may be sharper, or repeated values would have an
    infinite one.

    Values on a grid are known to a twelfth of its squared step, others to about the space between neighbours.
    """
    steps = x.sort(0).values.diff(dim=0)
    median = [float(s[s > 1e-9].median()) if bool((s > 1e-9).any()) else 1.0 for s in steps.t()]
    return x.new_tensor(median).square().div(12).clamp(1e-10, 1.0)


def _covariance(x: Tensor, share: float, noise: Tensor) -> Tensor:
    """Return the covariance with a share of its off-diagonal part given up, at least the noise."""
    centred = x - x.mean(0)
    found = centred.t() @ centred / len(x)
    variances = found.diagonal()
    # A column without variance is given the scale of the others.
    least = torch.where(variances > 0, torch.maximum(noise, 1e-8 * variances), 1.0)
    return (1 - share) * found + torch.diag(share * variances + least)


def _shrinkage(train: Tensor, held: Tensor, noise: Tensor) -> float:
    """Return the share at which a normal density of the training rows is best on the held-out ones."""

    def score(share: float) -> float:
        covariance = _covariance(train, share, noise)
        lower = torch.linalg.cholesky(covariance)
        away = torch.linalg.solve_triangular(lower, (held - train.mean(0)).t(), upper=False)
        return float(-0.5 * away.square().sum(0).mean() - lower.diagonal().log().sum())

    return max(_SHRINKAGE, key=score)


def _begun(
    x: Tensor, noise: Tensor, *, units: int, share: float, size: float, precision: float, seed: int
) -> _Core:
    """Return a machine close to one normal density: random displacements, and less variance within."""
    values, vectors = torch.linalg.eigh(_covariance(x, share, noise))
    factor = (vectors * values.clamp_min(1e-12).rsqrt()).t() * precision**0.5
    moves = (
        size
        * precision**0.5
        * torch.randn(units, x.shape[1], generator=torch.Generator().manual_seed(seed), dtype=x.dtype)
    )
    zeros = torch.zeros(x.shape[1], dtype=x.dtype), torch.zeros(units, dtype=x.dtype)
    return _Core(factor, zeros[0], x.mean(0), moves, zeros[1])


def _climb(
    core: _Core, x: Tensor, noise: Tensor, turn: bool, *, held: Tensor | None = None, looks: int = _LOOKS
) -> tuple[_Core, float, int]:
    """Return the machine after ``looks`` rounds of L-BFGS, or the best of them on the held-out rows; its score there;
    and the number of rounds that it took.

    With ``turn`` the covariance is learned, else only the variances along its axes. Noise of the data's resolution is
    integrated out: it keeps the density finite on repeated rows.
    """
    learned = [core.centre, core.moves, core.biases, core.axes if turn else core.scales]
    for tensor in learned:
        tensor.requires_grad_()
    optimizer = torch.optim.LBFGS(learned, max_iter=_STEPS, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        blurred = 0.5 * (core.factor.square() * noise).sum()
        value = blurred - core.log_density(x).mean()
        value.backward()
        return value

    def score() -> float:
        return -math.inf if held is None else core.mean_log_density(held)

    best, most, taken = core.copy(), score(), 0
    for look in range(1, looks + 1):
        optimizer.step(loss)
        now = score()
        if held is None or now > most:
            best, most, taken = core.copy(), now, look
        elif look - taken >= _PATIENCE:
            break
    return best, most, taken


@torch.no_grad()
def _install(machine: BoltzmannMachine, core: _Core) -> None:
    """Write a small machine into the first hidden units of a larger one, in the machine's own parameters.

    Further units keep their small weights, as displacements of the independent parts, so that they change little.
    """
    visible, hidden = machine.layers
    weight = machine.couplings[0].weight
    moves = weight.detach().cpu().double()
    moves[: len(core.biases)] = core.moves
    biases = torch.zeros(len(moves), dtype=moves.dtype)
    biases[: len(core.biases)] = core.biases
    precision = core.factor.t() @ core.factor
    own = moves @ core.factor
    units: Any = visible.units
    units.correlate(precision)
    weight.copy_(own)
    hidden.bias.copy_(biases - own @ core.centre)
    visible.bias.copy_(precision @ core.centre - 0.5 * own.sum(0))
