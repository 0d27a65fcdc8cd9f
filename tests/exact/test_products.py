"""A contrastive step costs five matrix products and no more, a deep one what its mean field and sweeps need; a
contractive penalty none for one layer, and for a deeper encoder what encoding again and once backwards does.
"""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tildex.generator import Generator
from tildex.maps import MLP, Coupling
from tildex.models import BoltzmannMachine, Conditional, Layer, Pair
from tildex.penalties import L1, Contractive, JacobianChange
from tildex.rules import CD, PCD, FastPCD, ParallelTempering, Reconstruction, Variational
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


@pytest.mark.parametrize(
    "rule", [CD(centring=0.1), PCD(centring=0.1), FastPCD(), ParallelTempering(n_betas=2)], ids=repr
)
def test_what_helps_a_contrastive_rule_costs_little(rule):
    # Centring: none. Fast weights: the chains' hidden inputs come from other weights than the gradient's. Two
    # temperatures: one way down and one way up for twice the chains.
    wanted = {CD: 5, PCD: 5, FastPCD: 6, ParallelTempering: 8}
    assert products(rule, Bernoulli()) == wanted[type(rule)]


@pytest.mark.parametrize(("passes", "sweeps"), [(1, 1), (3, 2)])
def test_a_deep_machine_costs_what_mean_field_and_gibbs_need(passes, sweeps):
    sizes = (30, 40, 50)
    machine = BoltzmannMachine(
        [Layer(Bernoulli(), size) for size in sizes],
        {(k, k + 1): Coupling(sizes[k], sizes[k + 1], generator=Generator(0)) for k in (0, 1)},
    )
    rule = Variational(sweeps, n_mean_field=passes, tol=0)
    x, generator = torch.rand(ROWS, sizes[0]), Generator(0)
    rule(machine, x, generator).backward()
    with FlopCounterMode(display=False) as counter:
        rule(machine, x, generator).backward()
    lower, upper = (2 * ROWS * low * high for low, high in ((30, 40), (40, 50)))
    # What data rows say of the first layer never changes. The gradient takes rows and chains in one product.
    mean_field = lower + upper + passes * 2 * upper
    gibbs = sweeps * 2 * (lower + upper)
    gradient = 2 * (lower + upper)
    vectors = 2 * (30 * 40 + 40 * 50)
    assert counter.get_total_flops() == mean_field + gibbs + gradient + vectors


def autoencoder_products(penalty, *hidden):
    """Return the products of one step, each counted as that of the step without penalty, forwards."""
    sizes = [VISIBLE, *hidden, HIDDEN]
    up, down = (MLP(s, generator=Generator(0), activation="tanh") for s in (sizes, sizes[::-1]))
    model = Pair(Conditional(up, Bernoulli()), Conditional(down, Gaussian()))
    x, generator = torch.rand(ROWS, VISIBLE), Generator(0)
    with FlopCounterMode(display=False) as counter:
        Reconstruction(penalty=penalty)(model, x, generator).backward()
    return counter.get_total_flops()


def test_the_contractive_penalty_of_one_layer_costs_no_product():
    # Two forwards, two for gradients of weights, one for that of the code.
    assert autoencoder_products(None) == 5 * PRODUCT
    assert autoencoder_products(Contractive()) == 5 * PRODUCT
    # The change needs the code of the moved rows, and the gradient of that.
    assert autoencoder_products(JacobianChange()) == 7 * PRODUCT


def test_the_estimate_for_a_deep_encoder_costs_what_encoding_does():
    encoding = 2 * ROWS * (VISIBLE * 50 + 50 * HIDDEN)
    plain = autoencoder_products(None, 50)
    extra = autoencoder_products(Contractive(), 50) - plain
    # Up once more and down once, each with its gradients by inputs and by weights: at most six encodings.
    assert extra <= 6 * encoding
    assert autoencoder_products(JacobianChange(), 50) - plain <= 12 * encoding
