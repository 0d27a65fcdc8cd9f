"""A contrastive step costs five matrix products and no more."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.penalties import L1
from tildex.rules import CD, PCD
from tildex.units import Bernoulli, Gaussian

ROWS, VISIBLE, HIDDEN = 20, 30, 40
PRODUCT = 2 * ROWS * VISIBLE * HIDDEN


def products(rule, visible):
    machine = BoltzmannMachine(
        [Layer(visible, VISIBLE), Layer(Bernoulli(), HIDDEN)],
        {(0, 1): Coupling(VISIBLE, HIDDEN, generator=Generator(0))},
    )
    x, generator = torch.rand(ROWS, VISIBLE), Generator(0)
    rule(machine, x, generator).backward()
    with FlopCounterMode(display=False) as counter:
        rule(machine, x, generator).backward()
    assert machine.couplings[0].weight.grad.abs().sum() > 0
    return counter.get_total_flops() / PRODUCT


@pytest.mark.parametrize("visible", [Bernoulli(), Gaussian()], ids=repr)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_step_costs_five_products_and_two_for_each_further_sweep(visible, k):
    assert products(CD(k), visible) == 3 + 2 * k
    assert products(PCD(k), visible) == 3 + 2 * k


def test_a_penalty_on_the_code_costs_no_product():
    assert products(CD(penalty=L1()), Bernoulli()) == 5
    assert products(PCD(penalty=L1()), Bernoulli()) == 5
