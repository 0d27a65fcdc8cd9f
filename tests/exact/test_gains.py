"""A doubled coupling learns by the likelihood of the machine it stands for: states added up, derivatives taped."""

import itertools

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer
from tildex.rules.boltzmann.gradient import Offsets, contrast
from tildex.units import Bernoulli

VISIBLE, HIDDEN = 3, 2
X = torch.tensor([[1, 0, 1], [0, 0, 1], [1, 1, 1]], dtype=torch.float64)
MEANS = [torch.tensor([0.3, 0.8, 0.4]).double(), torch.tensor([0.6, 0.1]).double()]

# Gains up and down; copies of the visible and of the hidden layer, and the factor on the weights, of the machine meant.
GAINS = {
    "plain": (1.0, 1.0, 1, 1, 1.0),
    "two visible layers": (2.0, 1.0, 2, 1, 1.0),
    "two hidden layers": (1.0, 2.0, 1, 2, 1.0),
    "twice the weights": (2.0, 2.0, 1, 1, 2.0),
}


def doubled(up, down):
    generator = Generator(3)
    layers = [Layer(Bernoulli(), VISIBLE), Layer(Bernoulli(), HIDDEN)]
    model = BoltzmannMachine(layers, {(0, 1): Coupling(VISIBLE, HIDDEN, generator=generator)}).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(generator.normal_like(parameter))
    model.couplings[0].up_gain, model.couplings[0].down_gain = up, down
    return model


def every(copies, size):
    """Return all states of some copies of a binary layer, shape (states, copies, size)."""
    bits = list(itertools.product([0.0, 1.0], repeat=copies * size))
    return torch.tensor(bits, dtype=torch.float64).view(-1, copies, size)


def log_weights(v, h, weight, visible, hidden, factor, mu, lam):
    """Return minus the energy of each visible state beside each hidden one; biases are of each copy apart."""
    across = (v - mu).sum(1) @ weight.t() @ (h - lam).sum(1).t()
    return factor * across + (v * visible).sum((1, 2))[:, None] + (h * hidden).sum((1, 2))


def of_copies(model, case, mu, lam):
    """Return the gradient of minus the mean log-likelihood of the machine meant, all copies of the data alike, and the
    probability of each of its states."""
    _, _, n_visible, n_hidden, factor = case
    v, h = every(n_visible, VISIBLE), every(n_hidden, HIDDEN)
    weight = model.couplings[0].weight.detach().clone().requires_grad_()
    # The same machine in the parameters it is centred in.
    visible = model.layers[0].bias + case[1] * weight.t() @ lam
    hidden = model.layers[1].bias + case[0] * weight @ mu
    biases = [
        bias.detach().expand(n, -1).clone().requires_grad_()
        for bias, n in ((visible, n_visible), (hidden, n_hidden))
    ]
    given = X[:, None].expand(-1, n_visible, -1)
    log_joint = log_weights(v, h, weight, *biases, factor, mu, lam)
    log_data = log_weights(given, h, weight, *biases, factor, mu, lam).logsumexp(1)
    loss = log_joint.flatten().logsumexp(0) - log_data.mean()
    gradients = torch.autograd.grad(loss, [weight, *biases])
    # Copies are alike, and so are the derivatives by their biases: those by the first stand for all.
    return [gradients[0], gradients[1][0], gradients[2][0]], log_joint.detach().flatten().softmax(0), (v, h)


@pytest.mark.parametrize("centred", [False, True], ids=["as it is", "centred"])
@pytest.mark.parametrize("name", GAINS)
def test_the_gradient_is_that_of_the_likelihood(name, centred):
    case = GAINS[name]
    up, down, *_ = case
    model = doubled(up, down)
    mu, lam = MEANS if centred else (torch.zeros(VISIBLE).double(), torch.zeros(HIDDEN).double())
    (for_weight, for_visible, for_hidden), p, (v, h) = of_copies(model, case, mu, lam)
    offsets = Offsets(0.1)
    offsets.means = MEANS
    found = [torch.zeros_like(t) for t in (for_weight, for_visible, for_hidden)]
    # Copies reach the rule as their mean; it is affine in the state of a chain, so the mean over states is exact.
    states = itertools.product(v.mean(1), h.mean(1))
    with torch.no_grad():
        data = model.layers[1].units.mean(model.inputs(1, [X, X]))
        for share, (one, other) in zip(p, states, strict=True):
            state = [torch.cat([X, one[None]]), torch.cat([data, other[None]])]
            gradients, _ = contrast(model, state, len(X), offsets=offsets if centred else None)
            for total, (_, gradient) in zip(found, gradients, strict=True):
                total += share * gradient
    torch.testing.assert_close(found[0], for_weight)
    # Ordinary biases that move as the centred ones would.
    torch.testing.assert_close(found[1], for_visible - down * for_weight.t() @ lam)
    torch.testing.assert_close(found[2], for_hidden - up * for_weight @ mu)
