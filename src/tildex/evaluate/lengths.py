r"""Documents of different lengths: log Z of every length in one annealing run, and perplexity per word.

.. math:: Z(D) = \sum_h e^{c \cdot h + D f(h)}, \qquad f(h) = \log \sum_k e^{b_k + (W^\top h)_k}, \qquad
          \text{perplexity} = \exp\Big(-\frac1N \sum_n \frac{\log p(\text{words of } n)}{D_n}\Big)

Given the hidden units, a document's words are independent draws, so with the words summed out the length acts as an
inverse temperature: at D = 0 the hidden units are independent and log Z is known, and chains annealed from length to
length (Neal, 2001, "Annealed importance sampling") give log Z of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from tildex.evaluate.estimate import Estimate
from tildex.evaluate.exact import log_partition
from tildex.generator import Generator
from tildex.models import BoltzmannMachine, with_units
from tildex.products import fast_products
from tildex.units import ReplicatedSoftmax

__all__ = [
    "LengthPartitions",
    "at_length",
    "exact_lengths",
    "log_partition_lengths",
    "log_word_probability",
    "perplexity",
]


@dataclass(frozen=True)
class LengthPartitions:
    """log Z of each length, with diagnostics.

    Attributes
    ----------
    lengths : Tensor of shape (lengths,)
        Ascending and unique.
    values, standard_errors, effective_sizes : Tensor of shape (lengths,)
        log Z in nats, its standard error over chains, and the effective sample size of their weights.
    n_chains, n_sweeps : int
        Number of chains and sweeps; no chains if everything was enumerated.
    growth : float
        Relative growth of the length between annealing steps.
    """

    lengths: Tensor
    values: Tensor
    standard_errors: Tensor
    effective_sizes: Tensor
    n_chains: int = 0
    n_sweeps: int = 0
    growth: float = 0.0

    def of_rows(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rows' lengths, their log Z and its standard errors, shape (batch,) each.

        Raises
        ------
        ValueError
            If a row's length was not requested, or is not a whole number.
        """
        lengths = x.sum(-1).double().cpu()
        place = torch.searchsorted(self.lengths.double(), lengths).clamp_(max=len(self.lengths) - 1)
        wrong = (self.lengths[place] != lengths).nonzero()
        if len(wrong):
            row = int(wrong[0])
            raise ValueError(
                f"row {row} has {float(lengths[row]):g} words, a length without a log Z: include it in lengths"
            )
        return lengths, self.values[place], self.standard_errors[place]


def at_length(machine: BoltzmannMachine, length: int) -> BoltzmannMachine:
    """Return the machine for documents of one length, over the same parameters; it has a single log Z."""
    units = _words(machine)
    return with_units(machine, {0: ReplicatedSoftmax(units.n_words, length)})


def exact_lengths(machine: BoltzmannMachine, lengths: Tensor) -> LengthPartitions:
    """Return log Z of each length by enumeration, for machines with an enumerable side."""
    unique = lengths.detach().long().unique().cpu()
    values = torch.tensor([log_partition(at_length(machine, int(n))) for n in unique], dtype=torch.float64)
    return LengthPartitions(unique, values, torch.zeros_like(values), torch.full_like(values, torch.inf))


@torch.no_grad()
def log_partition_lengths(
    machine: BoltzmannMachine,
    lengths: Tensor,
    generator: Generator,
    *,
    n_chains: int = 500,
    n_sweeps: int = 5,
    growth: float = 0.02,
    progress: Callable[[str, float], None] | None = None,
) -> LengthPartitions:
    """Estimate log Z of each length, with chains annealed from zero words to the largest number.

    Too few sweeps make log Z too small and perplexities too good; to check, double them, and compare with
    ``two_sided(at_length(machine, n), ...)`` at some lengths.

    Parameters
    ----------
    machine : BoltzmannMachine
        A two-layer machine whose visible layer is a replicated softmax of one document.
    lengths : Tensor
        Numbers of words, whole, in any order, with repeats allowed.
    generator : Generator
        Draws the chains.
    n_chains, n_sweeps : int
        Number of chains, and of Gibbs sweeps per annealing step.
    growth : float
        Relative growth of the length between annealing steps, at least one word.
    progress : callable, optional
        Called with the current task and its progress.

    Example
    -------
    >>> from tildex.maps import Coupling
    >>> from tildex.models import Layer
    >>> from tildex.units import Bernoulli
    >>> layers = [Layer(ReplicatedSoftmax(6), 6), Layer(Bernoulli(), 3)]
    >>> machine = BoltzmannMachine(layers, {(0, 1): Coupling(6, 3, generator=Generator(0), scale=1.0)})
    >>> found = log_partition_lengths(machine, torch.tensor([2, 9]), Generator(0))
    >>> exact = exact_lengths(machine, torch.tensor([2, 9]))
    >>> bool((found.values - exact.values).abs().max() < 0.1)
    True
    """
    units, hidden, coupling = _words(machine), machine.layers[1], machine.couplings[0]
    if machine.edges != ((0, 1),) or machine.layers[0].size != units.n_words:
        raise ValueError(
            "lengths can be annealed only in a machine of one document and one hidden layer: for a deeper one anneal "
            "each length, with two_sided(at_length(machine, length), ...)"
        )
    if n_chains < 2 or n_sweeps < 1 or growth <= 0:
        raise ValueError(
            f"expected at least 2 chains, 1 sweep and a positive growth, got {n_chains}, {n_sweeps}, {growth}"
        )
    wanted = lengths.detach().long().unique().tolist()
    found: list[tuple[float, float, float]] = []
    log_weights = torch.zeros(n_chains, dtype=torch.float64, device=generator.device)
    start = float(hidden.units.cgf(hidden.bias))
    length = 0
    with fast_products(generator.device, n_chains * coupling.weight.numel()):
        h = hidden.units.sample(hidden.bias.expand(n_chains, -1), generator)
        while True:
            inputs = machine.inputs(0, [h, h])
            slope = units.slopes(inputs)[:, 0].double()
            step = max(1, round(growth * length))
            # Lengths before the next step get their own weights from the chains' current state.
            while len(found) < len(wanted) and wanted[len(found)] < length + step:
                found.append(_summary(log_weights + (wanted[len(found)] - length) * slope))
            if progress is not None:
                progress("log Z of each length", len(found) / len(wanted))
            if len(found) == len(wanted):
                break
            log_weights += step * slope
            length += step
            there = at_length(machine, length).layers[0].units
            for sweep in range(n_sweeps):
                inputs = machine.inputs(0, [h, h]) if sweep else inputs
                v = there.sample(inputs, generator)
                h = hidden.units.sample(machine.inputs(1, [v, v]), generator)
    values, errors, sizes = torch.tensor(found, dtype=torch.float64).unbind(1)
    return LengthPartitions(torch.tensor(wanted), start + values, errors, sizes, n_chains, n_sweeps, growth)


@torch.no_grad()
def log_word_probability(machine: BoltzmannMachine, x: Tensor, partitions: LengthPartitions) -> Tensor:
    """Return the log-probability of each row's words in their order, given their number, float64 of shape (batch,).

    A count vector is more probable than one order of its words by the multinomial coefficient, which is left out.
    """
    _, log_z, _ = partitions.of_rows(x)
    ordered = machine.log_marginal([x, x]) + _words(machine).energy(x)
    return ordered.double() - log_z.to(ordered.device)


@torch.no_grad()
def perplexity(machine: BoltzmannMachine, x: Tensor, partitions: LengthPartitions) -> Estimate:
    """Return the perplexity per word of documents: exp of minus the mean over documents of log p / length.

    As in Salakhutdinov & Hinton (2009, "Replicated softmax"), every document has equal weight, whatever its length.
    The standard error combines that of the mean over documents with those of log Z, which count as fully correlated
    because they come from the same chains.

    Parameters
    ----------
    machine : BoltzmannMachine
        A two-layer machine whose visible layer is a replicated softmax.
    x : Tensor of shape (batch, words)
        Counts; rows without words are left out.
    partitions : LengthPartitions
        log Z of all their lengths.
    """
    x = x[x.sum(-1) > 0]
    lengths, _, errors = partitions.of_rows(x)
    per_word = Estimate.of(-log_word_probability(machine, x, partitions).cpu() / lengths)
    error = (per_word.standard_error**2 + float((errors / lengths).mean()) ** 2) ** 0.5
    value = float(torch.tensor(per_word.value).exp())
    return Estimate(value, value * error)


def _words(machine: BoltzmannMachine) -> ReplicatedSoftmax:
    units = machine.layers[0].units
    if not units.counts_words:
        raise ValueError(f"expected a visible layer of ReplicatedSoftmax units, got {units!r}")
    return cast(ReplicatedSoftmax, units)


def _summary(log_weights: Tensor) -> tuple[float, float, float]:
    largest = log_weights.max()
    weights = torch.exp(log_weights - largest)
    mean = weights.mean()
    error = weights.std() / mean / len(weights) ** 0.5
    return float(largest + mean.log()), float(error), float(weights.sum().square() / weights.square().sum())
