"""The pseudo-likelihood against conditionals by enumeration."""

import torch

from tildex.evaluate import log_likelihood
from tildex.generator import Generator
from tildex.models import pseudo_log_likelihood, pseudo_log_likelihood_estimate


@torch.no_grad()
def by_enumeration(machine, v):
    """Return the sum over variables of log P(variable | the others), each from likelihoods of whole rows."""
    units = machine.layers[0].units
    values, _ = units.nodes(torch.zeros(units.group, dtype=torch.float64))
    own, total = log_likelihood(machine, v), 0.0
    for start in range(0, v.shape[1], units.group):
        each = []
        for value in values:
            changed = v.clone()
            changed[:, start : start + units.group] = value
            each.append(log_likelihood(machine, changed))
        total = total + own - torch.stack(each).logsumexp(0)
    return total


@torch.no_grad()
def test_agrees_with_enumeration(rbm, unit_pair):
    machine = rbm(unit_pair)
    if machine.layers[0].units.finite:
        v = machine.layers[0].units.sample(machine.layers[0].base.expand(9, -1), Generator(0))
        torch.testing.assert_close(pseudo_log_likelihood(machine, v), by_enumeration(machine, v))


@torch.no_grad()
def test_estimate_is_unbiased(rbm, finite_units, close):
    machine = rbm((finite_units, finite_units))
    v = machine.layers[0].units.sample(machine.layers[0].base[None], Generator(1))
    estimates = pseudo_log_likelihood_estimate(machine, v.expand(20_000, -1), Generator(0))
    close(estimates, pseudo_log_likelihood(machine, v)[0])
