"""The pseudo-likelihood against conditionals by enumeration."""

import math

import pytest
import torch

from tildex.evaluate import log_likelihood
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, pseudo_log_likelihood, pseudo_log_likelihood_estimate
from tildex.units import (
    Bernoulli,
    Categorical,
    Gaussian,
    LearnedGaussian,
    Mixed,
    NegativeBinomial,
    ReplicatedSoftmax,
)


@torch.no_grad()
def by_enumeration(machine, v):
    """Return the sum over variables of log P(variable | the others), each from likelihoods of whole rows."""
    units = machine.layers[0].units
    own, total, start = log_likelihood(machine, v), 0.0, 0
    for values in units.tables(v.shape[1]):
        columns, each = slice(start, start + values.shape[1]), []
        start = columns.stop
        for value in values.double():
            changed = v.clone()
            changed[:, columns] = value
            each.append(log_likelihood(machine, changed))
        total = total + own - torch.stack(each).logsumexp(0)
    return total


@torch.no_grad()
def test_agrees_with_enumeration(rbm, unit_pair):
    machine = rbm(unit_pair)
    # Documents are judged word by word: tests/exact/test_lengths.py.
    if machine.layers[0].units.finite and not isinstance(machine.layers[0].units, ReplicatedSoftmax):
        v = machine.layers[0].units.sample(machine.layers[0].base.expand(9, -1), Generator(0))
        torch.testing.assert_close(pseudo_log_likelihood(machine, v), by_enumeration(machine, v))


def real_machine(visible, hidden):
    """Return a machine of four real columns of different precision, and rows of it."""
    generator = Generator(0)
    machine = BoltzmannMachine(
        [Layer(visible, 4), Layer(hidden, 3)], {(0, 1): Coupling(4, 3, generator=generator)}
    ).double()
    for parameter in machine.parameters():
        parameter.data.copy_(generator.normal_like(parameter))
    return machine, 2 * generator.normal(9, 4, dtype=torch.float64)


@torch.no_grad()
@pytest.mark.parametrize("visible", [Gaussian(), Gaussian(4.0), LearnedGaussian()], ids=repr)
@pytest.mark.parametrize("hidden", [Bernoulli(), Categorical(3)], ids=repr)
def test_densities_of_real_columns_agree_with_likelihoods_on_a_fine_grid(visible, hidden):
    machine, v = real_machine(visible, hidden)
    grid = torch.linspace(-60, 60, 12_001, dtype=torch.float64)
    expected = torch.zeros(len(v), dtype=torch.float64)
    for column in range(4):
        changed = v.repeat_interleave(len(grid), 0)
        changed[:, column] = grid.repeat(len(v))
        each = machine.log_marginal([changed, changed]).view(len(v), -1)
        expected += machine.log_marginal([v, v]) - each.logsumexp(1) - (grid[1] - grid[0]).log()
    torch.testing.assert_close(pseudo_log_likelihood(machine, v), expected, atol=1e-7, rtol=0)


def mixed_machine():
    """Return a machine of two real columns, counts and a category, and rows of it."""
    units = Mixed([LearnedGaussian(), NegativeBinomial(1.0, largest=3), Categorical(3)], [2, 1, 3])
    generator = Generator(0)
    layers = [Layer(units, 6), Layer(Bernoulli(), 3)]
    machine = BoltzmannMachine(layers, {(0, 1): Coupling(6, 3, generator=generator)}).double()
    for parameter in machine.parameters():
        parameter.data.copy_(generator.normal_like(parameter))
    return machine, machine.layers[0].units.sample(machine.layers[0].bias.detach().expand(9, -1), generator)


@torch.no_grad()
def test_mixed_columns_agree_with_likelihoods_of_every_value_of_each(close):
    machine, v = mixed_machine()
    grid = torch.linspace(-60, 60, 12_001, dtype=torch.float64)[:, None]
    counts, classes = torch.arange(4, dtype=torch.float64)[:, None], torch.eye(3, dtype=torch.float64)
    expected = torch.zeros(len(v), dtype=torch.float64)
    for columns, values, width in (
        ([0], grid, 0.01),
        ([1], grid, 0.01),
        ([2], counts, 1),
        ([3, 4, 5], classes, 1),
    ):
        changed = v.repeat_interleave(len(values), 0)
        changed[:, columns] = values.repeat(len(v), 1)
        each = machine.log_marginal([changed, changed]).view(len(v), -1)
        expected += machine.log_marginal([v, v]) - each.logsumexp(1) - math.log(width)
    torch.testing.assert_close(pseudo_log_likelihood(machine, v), expected, atol=1e-7, rtol=0)
    estimates = pseudo_log_likelihood_estimate(machine, v[:1].expand(20_000, -1), Generator(0))
    close(estimates, expected[0])


@torch.no_grad()
def test_estimate_from_one_real_column_is_unbiased(close):
    machine, v = real_machine(LearnedGaussian(), Bernoulli())
    estimates = pseudo_log_likelihood_estimate(machine, v[:1].expand(20_000, -1), Generator(0))
    close(estimates, pseudo_log_likelihood(machine, v[:1])[0])


@torch.no_grad()
def test_estimate_is_unbiased(rbm, finite_units, close):
    machine = rbm((finite_units, finite_units))
    v = machine.layers[0].units.sample(machine.layers[0].base[None], Generator(1))
    estimates = pseudo_log_likelihood_estimate(machine, v.expand(20_000, -1), Generator(0))
    close(estimates, pseudo_log_likelihood(machine, v)[0])
