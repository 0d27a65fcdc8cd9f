"""What deeper units look for: combinations of filters, and the search for what excites a unit most."""

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair, combined_filters, hidden_inputs, maximising_inputs
from tildex.units import Bernoulli, Gaussian


def test_filters_of_linear_layers_multiply():
    g = Generator(0)
    weights = [g.normal(*shape, dtype=torch.float64) for shape in ((5, 8), (4, 5), (3, 4))]
    x = g.normal(6, 8, dtype=torch.float64)
    through = x
    for weight in weights:
        through = through @ weight.T
    torch.testing.assert_close(x @ combined_filters(weights).T, through)


def test_only_the_strongest_weights_count():
    weights = [torch.eye(4), torch.tensor([[0.1, -3.0, 2.0, 0.5], [1.0, 0.2, 0.3, -4.0]])]
    expected = torch.tensor([[0.0, -3.0, 2.0, 0.0], [1.0, 0.0, 0.0, -4.0]])
    torch.testing.assert_close(combined_filters(weights, strongest=2), expected)
    torch.testing.assert_close(combined_filters(weights, strongest=9), weights[1])


def pair(sizes, seed):
    generator = Generator(seed)
    up, down = (MLP(s, generator=generator) for s in (sizes, sizes[::-1]))
    return Pair(Conditional(up, Bernoulli()), Conditional(down, Gaussian()))


def test_the_search_finds_the_weights_of_a_linear_layer():
    stack = [pair([7, 4], 0).double()]
    units = torch.tensor([2, 0, 2])
    # In float64: at a maximum half the digits of a direction are lost in those of the activation.
    activation = hidden_inputs(stack, 1)
    found = maximising_inputs(lambda x: activation(x.double()), units, 7, generator=Generator(1), radius=3.0)
    weight = stack[0].encoder.map.affine_weight().detach()[units].float()
    torch.testing.assert_close(found, 3 * weight / weight.norm(dim=1, keepdim=True), atol=1e-4, rtol=1e-4)


def test_the_search_in_a_deep_stack_beats_all_random_rows():
    stack = [pair([7, 6], 0), pair([6, 5], 1)]
    function = hidden_inputs(stack, 2)
    best = function(
        maximising_inputs(function, torch.arange(5), 7, generator=Generator(1), radius=4.0)
    ).diagonal()
    random = Generator(2).normal(20_000, 7)
    reached = function(4 * random / random.norm(dim=1, keepdim=True)).max(0).values
    assert (best > reached).all()


def test_the_search_in_a_machine(graph):
    machine = graph([6, 4, 3], [(0, 1), (1, 2)]).float()
    function = hidden_inputs(machine, 2)
    random = Generator(2).normal(2_000, 6)
    found = maximising_inputs(function, torch.arange(3), 6, generator=Generator(1), radius=2.0)
    torch.testing.assert_close(found.norm(dim=1), torch.full((3,), 2.0))
    reached = function(2 * random / random.norm(dim=1, keepdim=True)).max(0).values
    assert (function(found).diagonal() > reached).all()
    assert not any(p.grad is not None for p in machine.parameters())


def test_unknown_layers_and_impossible_settings_are_refused(graph):
    with pytest.raises(ValueError, match=r"one of \[1, 2\], got 0"):
        hidden_inputs(graph([2, 2, 2], [(0, 1), (1, 2)]), 0)
    with pytest.raises(ValueError, match="from 1 to 1, got 2"):
        hidden_inputs([pair([3, 2], 0)], 2)
    with pytest.raises(ValueError, match="at least 1 weight"):
        combined_filters([torch.eye(2)], strongest=0)
    with pytest.raises(ValueError, match="radius and step positive"):
        maximising_inputs(lambda x: x, torch.arange(2), 2, generator=Generator(0), radius=0.0)
