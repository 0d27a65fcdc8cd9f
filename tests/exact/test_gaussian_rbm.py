"""The Gaussian machine's exact likelihood: the gradient that rules descend, learned precisions among the parameters."""

import itertools
import math

import pytest
import torch

from tildex.evaluate import log_likelihood, log_partition
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.rules import CD, PCD
from tildex.units import Bernoulli, LearnedGaussian

X = Generator(3).normal(6, 2, dtype=torch.float64)
HIDDEN = torch.tensor(list(itertools.product([0.0, 1.0], repeat=3)), dtype=torch.float64)


@pytest.fixture
def machine():
    generator = Generator(2)
    built = BoltzmannMachine(
        [Layer(LearnedGaussian(), 2), Layer(Bernoulli(), 3)], {(0, 1): Coupling(2, 3, generator=generator)}
    ).double()
    for parameter in built.parameters():
        parameter.data.copy_(0.7 * generator.normal_like(parameter))
    return built


def by_hand(machine, x):
    """Return the log-density as what it is: a mixture of one normal density a hidden state."""
    (visible, hidden), (coupling,) = machine.layers, machine.couplings
    gamma = visible.units.log_precision.exp()
    mean = (visible.bias + HIDDEN @ coupling.weight) / gamma
    log_prior = HIDDEN @ hidden.bias + 0.5 * (gamma * mean.square()).sum(1)
    square = (gamma * (x[:, None] - mean).square()).sum(2)
    normal = 0.5 * (gamma.log().sum() - square - 2 * math.log(2 * math.pi))
    return (log_prior.log_softmax(0) + normal).logsumexp(1)


def test_the_likelihood_is_that_of_a_mixture_of_normals(machine):
    torch.testing.assert_close(log_likelihood(machine, X), by_hand(machine, X).detach())


def finite_differences(machine, step=1e-5):
    """Return the slope of minus the exact mean log-likelihood along every parameter, one after the other."""
    slopes = []
    for parameter in machine.parameters():
        flat = parameter.data.view(-1)
        for k in range(len(flat)):
            ends = []
            for move in (step, -2 * step):
                flat[k] += move
                ends.append(float(machine.log_marginal([X, X]).detach().mean()) - log_partition(machine))
            flat[k] += step
            slopes.append((ends[1] - ends[0]) / (2 * step))
    return torch.tensor(slopes, dtype=torch.float64)


def test_contrastive_gradient_is_that_of_the_exact_likelihood(machine, close):
    generator, exact = Generator(0), finite_differences(machine)
    p = machine.log_marginal([HIDDEN, HIDDEN], 1).detach().softmax(0)
    gradients = []
    for _ in range(150):
        chosen = torch.searchsorted(p.cumsum(0), generator.uniform(1000, dtype=torch.float64)).clamp(max=7)
        rule = PCD()
        rule.set_state({"chains": HIDDEN[chosen]})
        machine.zero_grad()
        rule(machine, X, generator).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in machine.parameters()]))
    close(torch.stack(gradients), exact)
    names = [name for name, parameter in machine.named_parameters() for _ in range(parameter.numel())]
    for part in ("weight", "bias", "log_precision"):
        assert exact[[part in name for name in names]].abs().max() > 0.1


def test_centring_leaves_the_gradient_of_precisions_alone(machine):
    found = []
    for centring in (None, 0.5):
        machine.zero_grad()
        CD(centring=centring)(machine, X, Generator(0)).backward()
        found.append([parameter.grad.clone() for parameter in machine.parameters()])
    product = sum(float((plain * centred).sum()) for plain, centred in zip(*found, strict=True))
    assert product > 0
    names = [name for name, _ in machine.named_parameters()]
    k = names.index("layers.0.units.log_precision")
    assert torch.equal(found[0][k], found[1][k])
