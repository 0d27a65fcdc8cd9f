"""The centred gradient: the same stationary points, no dependence on how the data are encoded; the halving trick."""

import itertools

import pytest
import torch

from tildex.evaluate import log_likelihood, log_partition
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, attach, join, lower, mean_field, parts_of
from tildex.penalties import L1
from tildex.rules import CD, PCD, Variational
from tildex.rules.boltzmann.contrastive import draw
from tildex.rules.boltzmann.gradient import Offsets, contrast
from tildex.units import Bernoulli, Categorical

SIZES = (4, 3, 2)


def machine(*sizes, seed=2, scale=1.0, visible=(0,)):
    generator = Generator(seed)
    layers = [Layer(Bernoulli(), size) for size in sizes]
    edges = {
        (k, k + 1): Coupling(low, high, generator=generator)
        for k, (low, high) in enumerate(itertools.pairwise(sizes))
    }
    built = BoltzmannMachine(layers, edges, visible).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(scale * generator.normal_like(parameter))
    return built


def states(*sizes):
    """Return all joint states of binary layers, a tensor a layer."""
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=sum(sizes))), dtype=torch.float64)
    return list(every.split(sizes, 1))


def flipped(model):
    """Return the machine that gives the inverted visible values the probability of the original ones."""
    other = machine(*(layer.size for layer in model.layers))
    with torch.no_grad():
        weight = model.couplings[0].weight
        other.couplings[0].weight.copy_(-weight)
        other.layers[0].bias.copy_(-model.layers[0].bias)
        other.layers[1].bias.copy_(model.layers[1].bias + weight.sum(1))
    return other


def exact_step(model, x, rate, offsets):
    """Descend the exact gradient of minus the mean log-likelihood, centred."""
    v, h = states(4, 3)
    p = (-model.energy([v, h])).softmax(0).detach()
    # Statistics weighted by probability: every state as often as it is likely, in ten thousandths.
    times = (p * 2e5).round().long()
    chains = v.repeat_interleave(times, 0)
    both = torch.cat([x, chains])
    means = model.layers[1].units.mean(model.inputs(1, [both, both])).detach()
    if offsets.rate:
        offsets.follow(model, [x, means[: len(x)]])
    with torch.no_grad():
        for parameter, gradient in contrast(model, [both, means], len(x), offsets=offsets)[0]:
            parameter -= rate * gradient


def test_centred_learning_does_not_care_which_way_round_the_data_are():
    x = Generator(5).bernoulli(torch.full((40, 4), 0.2, dtype=torch.float64))
    model = machine(4, 3, scale=0.3)
    other = flipped(model)
    ours, theirs = Offsets(0.5), Offsets(0.5)
    for _ in range(30):
        exact_step(model, x, 0.3, ours)
        exact_step(other, 1 - x, 0.3, theirs)
    mine, inverted = log_likelihood(model, x).mean(), log_likelihood(other, 1 - x).mean()
    # Equal but for the rounding of how often each state is taken.
    assert float(mine) == pytest.approx(float(inverted), abs=2e-3)


def test_centring_changes_the_direction_and_not_what_is_stationary(close):
    model, x = machine(4, 3), states(4, 3)[0]
    offsets = Offsets(0.3)
    both = torch.cat([x, x])
    means = model.layers[1].units.mean(model.inputs(1, [both, both])).detach()
    offsets.follow(model, [x, means[: len(x)]])
    for _, gradient in contrast(model, [both, means], len(x), offsets=offsets)[0]:
        torch.testing.assert_close(gradient, torch.zeros_like(gradient))


@pytest.mark.parametrize("offsets", [None, Offsets(0.5)], ids=["plain", "centred"])
def test_gradient_is_that_of_the_parameters_it_is_centred_in(offsets):
    """With E = -(v - mu) W (h - lambda) - b'v - c'h, ordinary biases are b = b' - W'lambda and c = c' - W mu."""
    model, generator = machine(4, 3), Generator(1)
    data, chains = (generator.bernoulli(torch.full((6, 4), 0.4, dtype=torch.float64)) for _ in range(2))
    both = torch.cat([data, chains])
    means = model.layers[1].units.mean(model.inputs(1, [both, both])).detach()
    if offsets is not None:
        offsets.means = [torch.rand(4).double(), torch.rand(3).double()]
    found, _ = contrast(model, [both, means], 6, offsets=offsets)
    (weight, visible, hidden) = (
        model.couplings[0].weight,
        model.layers[0].bias,
        model.layers[1].bias,
    )
    mu, lam = offsets.means if offsets else (torch.zeros(4).double(), torch.zeros(3).double())

    def gap(weight, visible, hidden):
        energy = -((both - mu) @ weight.t() * (means - lam)).sum(1) - both @ visible - means @ hidden
        return energy[:6].mean() - energy[6:].mean()

    centred = [p.detach().clone().requires_grad_() for p in (weight, visible, hidden)]
    for_weight, for_visible, for_hidden = torch.autograd.grad(gap(*centred), centred)
    by_name = {id(p): g for p, g in found}
    torch.testing.assert_close(by_name[id(weight)], for_weight)
    torch.testing.assert_close(by_name[id(visible)], for_visible - for_weight.t() @ lam)
    torch.testing.assert_close(by_name[id(hidden)], for_hidden - for_weight @ mu)


def test_penalties_reach_the_weights_without_a_tape():
    model, x = machine(4, 3), states(4, 3)[0][:9]
    plain = {id(p): g for p, g in CD()(model, x, Generator(0)).gradients}
    rule = CD(penalty=L1(0.7))
    loss = rule(model, x, Generator(0))
    model.zero_grad()
    loss.backward()
    taped = torch.autograd.grad(
        0.7 * model.layers[1].units.mean(model.inputs(1, [x, x])).sum(1).mean(),
        [model.couplings[0].weight, model.layers[1].bias],
    )
    for parameter, expected in zip([model.couplings[0].weight, model.layers[1].bias], taped, strict=True):
        torch.testing.assert_close(parameter.grad - plain[id(parameter)], expected)
    assert loss.parts["L1"] > 0


def test_steps_grow_with_progress():
    rule = PCD(1, k_end=5)
    grown = []
    for rule.progress in (0.0, 0.5, 1.0):
        grown.append(rule.steps_now())
    assert grown == [1, 3, 5]


def test_variational_gradient_is_the_bounds(close):
    """With chains at the exact distribution, the mean gradient is that of minus the mean-field bound."""
    model, x = machine(*SIZES, scale=0.7), states(4)[0][::3]
    v, h, top = states(*SIZES)
    p = (-model.energy([v, h, top])).softmax(0).detach()
    generator, gradients = Generator(0), []
    parameters = list(model.parameters())
    rule = Variational(n_mean_field=200, tol=0, centring=None)
    for _ in range(200):
        uniform = generator.uniform(400, dtype=torch.float64)
        chosen = torch.searchsorted(p.cumsum(0), uniform).clamp(max=len(p) - 1)
        rule.chains = [layer[chosen] for layer in (v, h, top)]
        model.zero_grad()
        rule(model, x, generator).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in parameters]))
    means = mean_field(model, {0: x}, n_steps=200, tol=0)
    fixed = [m.detach() for m in means]
    bound = (-model.energy(fixed)).mean() - (-model.energy([v, h, top])).logsumexp(0)
    expected = torch.autograd.grad(-bound, parameters)
    close(torch.stack(gradients), torch.cat([g.flatten() for g in expected]))


def test_energy_gap_is_the_gap_of_the_energies():
    model, x = machine(*SIZES), states(4)[0]
    for centring in (None, 0.2):
        rule = Variational(centring=centring, n_mean_field=3, tol=0)
        data = mean_field(model, {0: x}, n_steps=3, tol=0)
        loss = rule(model, x, Generator(0))
        # What the chains' means were is known from the loss alone; the data's part is not random.
        sampled = Variational(centring=centring, n_mean_field=3, tol=0)
        sampled.chains = list(data)
        with torch.no_grad():
            chains = sampled._advance(model, sampled.chains, Generator(0))
        expected = model.energy(data).mean() - model.energy(chains).mean()
        torch.testing.assert_close(loss.total, expected.detach())


def test_labels_and_other_visible_layers_are_known():
    layers = [Layer(Bernoulli(), 4), Layer(Bernoulli(), 3), Layer(Categorical(2), 2)]
    generator = Generator(0)
    edges = {(0, 1): Coupling(4, 3, generator=generator), (1, 2): Coupling(3, 2, generator=generator)}
    model = BoltzmannMachine(layers, edges, visible=(0, 2))
    x = torch.tensor([[1.0, 0, 1, 1, 0, 1]])
    known = model.split(x)
    assert torch.equal(known[2], x[:, 4:])
    state = mean_field(model, known)
    torch.testing.assert_close(state[1], torch.sigmoid(model.inputs(1, state)))
    loss = Variational()(model, x.expand(5, -1), Generator(1))
    assert loss.total.isfinite()


@pytest.mark.parametrize("sizes", [(4, 3), (4, 3, 2), (4, 3, 2, 3)])
def test_mean_field_is_a_fixed_point_and_never_lowers_the_bound(sizes):
    model, x = machine(*sizes), states(4)[0]
    bounds = []
    for steps in range(6):
        state = mean_field(model, {0: x}, n_steps=steps, tol=0)
        # The entropy of binary units with these means.
        entropy = sum(
            -(m * m.clamp_min(1e-12).log() + (1 - m) * (1 - m).clamp_min(1e-12).log()).sum(1)
            for m in state[1:]
        )
        bounds.append((entropy - model.energy(state)).detach())
    for before, after in itertools.pairwise(bounds):
        assert (after >= before - 1e-9).all()
    state = mean_field(model, {0: x}, n_steps=2000, tol=0)
    for k in range(1, len(sizes)):
        torch.testing.assert_close(state[k], torch.sigmoid(model.inputs(k, state)), atol=1e-6, rtol=0)
    every = states(*sizes)
    log_z = (-model.energy(every)).logsumexp(0)
    weights = -model.energy(every)
    for row, bound in zip(x, bounds[-1], strict=True):
        match = (every[0] == row).all(1)
        assert bound - log_z <= weights[match].logsumexp(0) - log_z + 1e-9


def test_parts_are_exact_machines_of_copies():
    """A machine with its visible layer twice: a chain of the part has that machine's distribution."""
    model = machine(3, 2, 2, seed=4)
    part = parts_of(model, doubled=True)[0]
    assert (part.couplings[0].up_gain, part.couplings[0].down_gain) == (2.0, 1.0)
    first, second, h = states(3, 3, 2)
    W, b, c = part.couplings[0].weight, part.layers[0].bias, part.layers[1].bias
    energy = -((first + second) @ W.t() * h).sum(1) - (first + second) @ b - h @ c
    p = (-energy).softmax(0).detach()
    all_h = states(2)[0]
    exact = torch.stack([p[(h == row).all(1)].sum() for row in all_h])
    generator, n = Generator(0), 40_000
    start = all_h[torch.searchsorted(exact.cumsum(0), generator.uniform(n, dtype=torch.float64)).clamp(max=3)]
    with torch.no_grad():
        v = draw(part, 0, part.inputs(0, [start, start]), generator)
        assert set(v.unique().tolist()) == {0.0, 0.5, 1.0}
        moved = draw(part, 1, part.inputs(1, [v, v]), generator)
    shares = torch.stack([(moved == row).all(1).double().mean() for row in all_h])
    assert ((shares - exact).abs() < 5 * (exact * (1 - exact) / n).sqrt()).all()


def test_joined_parts_give_back_the_machine_they_came_from():
    model, empty = machine(4, 3, 2, 2), machine(4, 3, 2, 2, seed=9)
    parts = parts_of(model, doubled=True)
    gains = [(p.couplings[0].up_gain, p.couplings[0].down_gain) for p in parts]
    assert gains == [(2.0, 1.0), (2.0, 2.0), (1.0, 2.0)]
    join(parts, empty)
    for ours, theirs in zip(model.parameters(), empty.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    with torch.no_grad():
        parts[1].layers[0].bias.add_(2.0)
    join(parts, empty)
    torch.testing.assert_close(empty.layers[1].bias, model.layers[1].bias + 1.0)


def test_a_layer_without_weights_leaves_the_machine_below_as_it_was():
    model = machine(4, 3, 2)
    below = lower(model, 1)
    before = log_likelihood(below, states(4)[0])
    with torch.no_grad():
        model.couplings[1].weight.mul_(1e-9)
    attach(model, 2)
    every = states(4, 3, 2)
    weights = -model.energy(every)
    p = torch.stack([weights[(every[0] == row).all(1)].logsumexp(0) for row in states(4)[0]])
    torch.testing.assert_close(p.detach() - log_partition(model), before, atol=1e-7, rtol=0)


def test_parts_need_a_chain():
    layers = [Layer(Bernoulli(), 2) for _ in range(3)]
    generator = Generator(0)
    fork = {(0, 1): Coupling(2, 2, generator=generator), (0, 2): Coupling(2, 2, generator=generator)}
    with pytest.raises(ValueError, match="in a chain"):
        parts_of(BoltzmannMachine(layers, fork), doubled=True)


def test_pretrained_parts_make_a_likely_machine():
    """Two couplings learned apart and joined know the data better than independent units do."""
    generator = Generator(0)
    prototypes = generator.bernoulli(torch.full((3, 4), 0.5, dtype=torch.float64))
    x = prototypes.repeat(40, 1)
    model = machine(4, 3, 3, scale=0.1)
    parts = parts_of(model, doubled=True)
    rows = x
    for part in parts:
        rule = PCD(5, n_chains=100, centring=0.01)
        for _ in range(300):
            for parameter, gradient in rule(part, rows, generator).gradients:
                parameter.data -= 0.1 * gradient
        rows = part.layers[1].units.mean(part.inputs(1, [rows, rows])).detach()
    join(parts, model)
    means = x.mean(0).clamp(0.01, 0.99)
    independent = (x * means.log() + (1 - x) * (1 - means).log()).sum(1).mean()
    every = states(4, 3, 3)
    weights = -model.energy(every)
    log_p = torch.stack([weights[(every[0] == row).all(1)].logsumexp(0) for row in x])
    assert float((log_p.detach() - log_partition(model)).mean()) > float(independent) + 0.2
