"""Annealed importance sampling against enumeration, within four of its own standard errors."""

import pytest
import torch

from tildex.evaluate import log_partition, log_partition_ais
from tildex.generator import Generator


def check(machine):
    result = log_partition_ais(machine, Generator(0), n_chains=400, n_betas=150)
    estimate, exact = result.log_partition, log_partition(machine)
    assert abs(estimate.value - exact) < 4 * estimate.standard_error + 1e-4
    assert 0 < estimate.standard_error < 0.2
    assert 40 < result.effective_sample_size <= 400
    assert abs(float(machine.base_log_partition().detach()) - exact) > 4 * estimate.standard_error


def test_pairs(rbm, unit_pair):
    check(rbm(unit_pair))


@pytest.mark.parametrize(
    ("sizes", "edges"),
    [([5, 4, 3], [(0, 1), (1, 2)]), ([3, 4, 2, 3], [(0, 1), (1, 2), (1, 3)])],
    ids=["chain", "branches"],
)
def test_graphs(graph, sizes, edges):
    check(graph(sizes, edges))


def test_without_couplings_it_is_exact(graph):
    machine = graph([3, 2], [(0, 1)])
    with torch.no_grad():
        machine.couplings[0].weight.zero_()
        for layer in machine.layers:
            layer.base.copy_(layer.bias)
    estimate = log_partition_ais(machine, Generator(0), n_chains=2, n_betas=2).log_partition
    assert estimate.value == pytest.approx(log_partition(machine))
    assert estimate.standard_error < 1e-12


@pytest.mark.parametrize(("chains", "betas"), [(1, 10), (10, 1)])
def test_too_few_are_refused(graph, chains, betas):
    with pytest.raises(ValueError, match=f"at least 2 chains and 2 temperatures, got {chains} and {betas}"):
        log_partition_ais(graph([2, 2], [(0, 1)]), Generator(0), n_chains=chains, n_betas=betas)
