"""Energies, free energies, partition functions and gradients against sums over every joint state."""

import pytest
import torch

from tildex.evaluate import enumerable, log_likelihood, log_partition
from tildex.generator import Generator
from tildex.maps import Coupling, Down, Up
from tildex.models import BoltzmannMachine, Conditional, Layer, Pair
from tildex.units import Bernoulli, DiagonalGaussian, Gaussian

GRAPHS = [
    ([4, 3, 2], [(0, 1), (1, 2)]),
    ([2, 3, 2, 2], [(0, 1), (1, 2), (1, 3)]),
    ([2, 2, 3, 2], [(0, 2), (1, 2), (1, 3)]),
]


@pytest.mark.parametrize("beta", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("side", [0, 1])
def test_log_marginal_sums_the_other_side_out(rbm, joint, unit_pair, side, beta):
    machine = rbm(unit_pair)
    states, log_weight = joint(machine, beta)
    if not machine.layers[side].units.finite:
        pytest.importorskip("torch")
        _check_density(machine, states, log_weight, side, beta)
        return
    values, group = states[side].unique(dim=0, return_inverse=True)
    summed = torch.stack([log_weight[group == g].logsumexp(0) for g in range(len(values))])
    torch.testing.assert_close(machine.log_marginal([values, values], side, beta=beta).detach(), summed)
