"""Bounds and importance weights of machines of any depth and units, against sums over every hidden state."""

import math

import pytest
import torch

from tildex.evaluate import log_partition
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, Posterior
from tildex.units import Bernoulli, Categorical, Gaussian, LearnedGaussian, Mixed, NegativeBinomial

B = Bernoulli()
DEEP = {
    "binary": ([B, B, B], [4, 3, 3], None, (0,)),
    "three hidden": ([B, B, B, B], [4, 3, 2, 3], None, (0,)),
    "four hidden": ([B, B, B, B, B], [3, 2, 3, 2, 2], None, (0,)),
    "real data": ([Gaussian(2.0), B, B], [2, 3, 3], None, (0,)),
    "learned precisions": ([LearnedGaussian(), B, B, B], [2, 2, 3, 2], None, (0,)),
    "classes": ([Categorical(3), Categorical(2), B, Categorical(3)], [6, 4, 2, 3], None, (0,)),
    "mixed columns": (
        [Mixed([LearnedGaussian(), B, NegativeBinomial(1.0, 3), Categorical(3)], [1, 1, 1, 3]), B, B],
        [6, 3, 3],
        None,
        (0,),
    ),
    "real hidden units": ([B, Gaussian(), B], [3, 1, 2], None, (0,)),
    "labels on top": ([B, B, B, Categorical(3)], [4, 3, 3, 3], [(0, 1), (1, 2), (2, 3)], (0, 3)),
    "two branches": ([B, B, B, B, B], [3, 2, 2, 2, 3], [(0, 1), (1, 2), (2, 3), (3, 4)], (0, 4)),
}


@pytest.fixture(params=DEEP.values(), ids=DEEP.keys())
def machine(request):
    units, sizes, edges, visible = request.param
    generator = Generator(1)
    edges = edges or [(k, k + 1) for k in range(len(sizes) - 1)]
    layers = [Layer(u, n) for u, n in zip(units, sizes, strict=True)]
    joined = {(i, j): Coupling(sizes[i], sizes[j], generator=generator) for i, j in edges}
    made = BoltzmannMachine(layers, joined, visible).double()
    with torch.no_grad():
        for tensor in (*made.parameters(), *(layer.base for layer in made.layers)):
            tensor.copy_(0.7 * generator.normal_like(tensor))
    return made


@pytest.fixture
def rows(machine):
    draws = [
        machine.layers[k].units.sample(machine.layers[k].bias.detach().expand(4, -1), Generator(2))
        for k in machine.visible
    ]
    return torch.cat(draws, 1)


@torch.no_grad()
def exact_log_marginal(machine, support, rows):
    """Return log P(x) + log Z of each row, its hidden layers added up by hand."""
    totals = []
    for x in rows.split(1):
        state = [layer.bias[None] for layer in machine.layers]
        for k, values in machine.split(x).items():
            state[k] = values
        widths = torch.zeros(1, dtype=x.dtype)
        # An endless layer comes last: its grid lies where the others' values put it.
        for k in sorted(machine.hidden, key=lambda k: not machine.layers[k].units.finite):
            parts = []
            for i in range(len(widths)):
                one = [values[i : i + 1] for values in state]
                points, log_widths = support(machine, k, one)
                grown = [values.expand(len(points), -1) for values in one]
                grown[k] = points
                parts.append((grown, log_widths + widths[i]))
            state = [torch.cat(values) for values in zip(*(grown for grown, _ in parts), strict=True)]
            widths = torch.cat([log_widths for _, log_widths in parts])
        totals.append((widths - machine.energy(state)).logsumexp(0))
    return torch.stack(totals)


def many_weights(machine, rows, generator):
    """Return weights of shape (draws, rows), from one Posterior of repeated rows: cheaper than as many draws."""
    return Posterior(machine, rows.repeat(4000, 1)).log_weight(generator).view(4000, -1)


@torch.no_grad()
def test_the_bound_is_below_and_close(machine, rows, support):
    exact = exact_log_marginal(machine, support, rows)
    gap = exact - machine.bound(rows)
    assert (gap >= -1e-9).all()
    assert (gap < 1).all()
    assert gap.max() > 1e-6, "so that the test can tell a bound from the truth"


@torch.no_grad()
def test_the_bound_is_below_the_mean_log_weight(machine, rows):
    weights = many_weights(machine, rows, Generator(3))
    # Summing one side out moves the mean of a log up, never down.
    error = weights.std(0) / math.sqrt(len(weights))
    assert (machine.bound(rows) <= weights.mean(0) + 5 * error + 1e-4).all()


@torch.no_grad()
def test_weights_average_to_the_truth(machine, rows, support, close):
    exact = exact_log_marginal(machine, support, rows)
    weights = many_weights(machine, rows, Generator(4))
    close((weights - exact).exp(), torch.ones(len(rows)))


@torch.no_grad()
def test_a_poor_mean_field_still_bounds(machine, rows, support):
    exact = exact_log_marginal(machine, support, rows)
    poor = Posterior(machine, rows, n_steps=1).bound()
    assert (poor <= exact + 1e-9).all()
    # Steps are coordinate ascent.
    assert (poor <= Posterior(machine, rows, tol=0).bound() + 1e-9).all()


@torch.no_grad()
def test_of_two_layers_everything_is_exact(rbm, unit_pair):
    machine = rbm(unit_pair)
    units = machine.layers[0].units
    x = units.sample(machine.layers[0].base.expand(5, -1), Generator(0))
    posterior = machine.posterior(x)
    assert posterior.exact
    torch.testing.assert_close(posterior.bound(), machine.log_marginal([x, x]))
    torch.testing.assert_close(machine.log_weight(x, Generator(0)), machine.log_marginal([x, x]))
    assert machine.normaliser is machine


@torch.no_grad()
def test_probabilities_of_all_rows_add_up(graph, support, joint):
    machine = graph([3, 3, 2], [(0, 1), (1, 2)])
    points, _ = support(machine, 0, None)
    exact = exact_log_marginal(machine, support, points)
    assert float(exact.logsumexp(0)) == pytest.approx(log_partition(machine))
    assert float(machine.bound(points).logsumexp(0)) <= log_partition(machine)
