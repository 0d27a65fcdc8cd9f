"""Deep belief networks small enough to enumerate: likelihoods, weights, samples, and the gradients of up-down."""

import itertools

import pytest
import torch

from tildex.data import rows
from tildex.evaluate import log_likelihood, log_partition
from tildex.generator import Generator
from tildex.maps import MLP, Coupling
from tildex.models import BeliefNetwork, BoltzmannMachine, Conditional, Layer, Pair, flip
from tildex.optimizers import SGD
from tildex.rules import UpDown
from tildex.train import Plan, Trainer
from tildex.units import Bernoulli, Categorical, Gaussian, LearnedGaussian, Poisson

CLASSES = 3


def machine(low, high, *, sizes, seed=0, scale=0.8, labels=False):
    generator = Generator(seed)
    layers = [Layer(low, sizes[0]), Layer(high, sizes[1])]
    edges = {(0, 1): Coupling(*sizes, generator=generator)}
    if labels:
        layers.append(Layer(Categorical(CLASSES), CLASSES))
        edges[1, 2] = Coupling(sizes[1], CLASSES, generator=generator)
    made = BoltzmannMachine(layers, edges, (0, 2) if labels else (0,)).double()
    with torch.no_grad():
        for tensor in (*made.parameters(), *(layer.base for layer in made.layers)):
            if tensor.numel() > 1 or tensor.ndim:
                tensor.copy_(scale * generator.normal_like(tensor))
    return made


def network(*sizes, labels=False, visible=None, hidden=None, untie=0.3, seed=0):
    """Return a network of 4 or so visible units whose recognition is not quite that of its generation."""
    families = [visible or Bernoulli(), *[hidden or Bernoulli()] * (len(sizes) - 2), Bernoulli()]
    last = len(sizes) - 2
    machines = [
        machine(*families[k : k + 2], sizes=sizes[k : k + 2], seed=seed + k, labels=labels and k == last)
        for k in range(len(sizes) - 1)
    ]
    made, generator = BeliefNetwork.of(machines), Generator(seed + 9)
    with torch.no_grad():
        for pair in made.pairs:
            for parameter in pair.parameters():
                parameter.add_(untie * generator.normal_like(parameter))
    return made


def values_of(units, size):
    points, _ = units.nodes(torch.zeros(units.group, dtype=torch.float64))
    rows = list(itertools.product(range(len(points)), repeat=size // units.group))
    return points[torch.tensor(rows)].flatten(1)


def hidden_states(net):
    """Return every joint state of the directed hidden layers, a list of tensors of equal length."""
    tables = [values_of(p.encoder.units, p.encoder.map.coupling.weight.shape[0]) for p in net.pairs]
    numbers = torch.tensor(list(itertools.product(*(range(len(table)) for table in tables))))
    return [table[numbers[:, k]] for k, table in enumerate(tables)]


def log_joint(net, v, hidden, labels=None):
    """Return log P*(v, h) of one row with every hidden state, written out."""
    layers = [v.expand(len(hidden[0]), -1), *hidden]
    total = sum(
        pair.decoder.log_prob(low, high)
        for pair, low, high in zip(net.pairs, layers[:-1], layers[1:], strict=True)
    )
    state = [layers[-1]] * len(net.top.layers)
    if net.label is None:
        return total + net.top.log_marginal(state)
    classes = torch.eye(CLASSES, dtype=torch.float64) if labels is None else labels[None]
    each = []
    for label in classes:
        state[2] = label.expand(len(state[0]), -1)
        each.append(net.top.log_marginal(state))
    return total + torch.stack(each).logsumexp(0)


def log_recognition(net, v, hidden):
    layers = [v.expand(len(hidden[0]), -1), *hidden]
    return sum(
        pair.encoder.log_prob(high, low)
        for pair, low, high in zip(net.pairs, layers[:-1], layers[1:], strict=True)
    )


def exact(net, x):
    """Return log P(x) of each row, every hidden state added up."""
    hidden = hidden_states(net)
    return torch.stack([log_joint(net, v, hidden).logsumexp(0) for v in x]) - log_partition(net.top)


NETWORKS = {
    "two layers": lambda: network(4, 3, 2),
    "three layers": lambda: network(4, 3, 3, 2),
    "labels": lambda: network(4, 3, 2, labels=True),
    "classes": lambda: network(4, 4, 2, hidden=Categorical(2)),
    "Gaussian": lambda: network(2, 3, 2, visible=Gaussian()),
    "learned variance": lambda: network(2, 3, 2, visible=LearnedGaussian()),
    "counts": lambda: network(3, 3, 2, visible=Poisson()),
}


@pytest.fixture(params=NETWORKS)
def net(request):
    return NETWORKS[request.param]()


def rows_of(net):
    units = net.pairs[0].decoder.units
    size = net.n_visible
    if units.finite:
        return values_of(units, size)[::3]
    inputs = 0.5 * Generator(5).normal(5, size, dtype=torch.float64)
    return units.sample(inputs, Generator(6)).detach()


@torch.no_grad()
def test_weights_are_unbiased(net, close):
    x = rows_of(net)
    weights = torch.stack([net.log_weight(x, Generator(seed)).exp() for seed in range(3000)])
    close(weights, (exact(net, x) + log_partition(net.normaliser)).exp())


@torch.no_grad()
def test_the_bound_is_the_mean_log_weight_and_below_the_likelihood(net, close):
    x, hidden = rows_of(net), hidden_states(net)
    expected = []
    for v in x:
        q = log_recognition(net, v, hidden)
        expected.append((q.exp() * (log_joint(net, v, hidden) - q)).sum())
    expected = torch.stack(expected)
    bounds = torch.stack([net.bound(x, Generator(seed), n_samples=3) for seed in range(1500)])
    close(bounds, expected)
    gap = exact(net, x) + log_partition(net.normaliser) - expected
    assert (gap > 0).all()
    assert gap.max() > 0.01


@torch.no_grad()
def test_probabilities_of_rows_sum_to_one():
    for make in ("two layers", "three layers", "labels"):
        net = NETWORKS[make]()
        assert float(exact(net, values_of(Bernoulli(), 4)).exp().sum()) == pytest.approx(1)


def flipped(below, size, scale=0.01):
    """Return a machine of random weights, started as the one below turned round."""
    above = machine(Bernoulli(), Bernoulli(), sizes=(3, size), scale=scale)
    flip(above, below.pair())
    return above


@torch.no_grad()
def test_a_machine_and_its_flip_are_the_machine():
    below = machine(Bernoulli(), Bernoulli(), sizes=(4, 3))
    net, x = BeliefNetwork.of([below, flipped(below, 4)]), values_of(Bernoulli(), 4)
    torch.testing.assert_close(exact(net, x), log_likelihood(below, x))
    # The exact posterior of such a machine is factorial: the bound is tight, whatever is drawn.
    tight = net.log_weight(x, Generator(0)) - log_partition(net.top)
    torch.testing.assert_close(tight, log_likelihood(below, x))
    wider = BeliefNetwork.of([below, flipped(below, 6, scale=1e-3)])
    torch.testing.assert_close(exact(wider, x), log_likelihood(below, x), atol=0.01, rtol=0)


def test_a_flip_needs_room_and_the_same_family():
    below = machine(Bernoulli(), Bernoulli(), sizes=(4, 3))
    with pytest.raises(ValueError, match=r"at least 4 Bernoulli\(\) hidden units .*, got 3 Bernoulli"):
        flipped(below, 3)
    with pytest.raises(ValueError, match=r"at least 2 Gaussian.* got 5 Bernoulli"):
        flipped(machine(Gaussian(), Bernoulli(), sizes=(2, 3)), 5)


@torch.no_grad()
def test_without_pairs_it_is_its_top():
    top = machine(Bernoulli(), Bernoulli(), sizes=(4, 3))
    net, x = BeliefNetwork([], top), values_of(Bernoulli(), 4)
    torch.testing.assert_close(net.bound(x, Generator(0)) - log_partition(top), log_likelihood(top, x))


@torch.no_grad()
@pytest.mark.parametrize("make", ["two layers", "three layers", "labels"])
def test_samples_are_of_the_distribution(make, close):
    net, x = NETWORKS[make](), values_of(Bernoulli(), 4)
    drawn = net.sample(20_000, 60, Generator(0)).double()
    number = (drawn @ torch.tensor([8.0, 4, 2, 1], dtype=torch.float64)).long()
    close(torch.nn.functional.one_hot(number, 16), exact(net, x).exp())


@torch.no_grad()
@pytest.mark.parametrize("label", range(CLASSES))
def test_samples_of_a_class_are_of_the_conditional(label, close):
    net, x = NETWORKS["labels"](), values_of(Bernoulli(), 4)
    one_hot = torch.eye(CLASSES, dtype=torch.float64)[label]
    hidden = hidden_states(net)
    joint = torch.stack([log_joint(net, v, hidden, one_hot).logsumexp(0) for v in x])
    clamp = net.clamp_labels(one_hot.expand(20_000, -1))
    drawn = net.sample(20_000, 60, Generator(label), clamp=clamp).double()
    number = (drawn @ torch.tensor([8.0, 4, 2, 1], dtype=torch.float64)).long()
    close(torch.nn.functional.one_hot(number, 16), joint.softmax(0))


@torch.no_grad()
def test_weights_of_labelled_rows_are_of_the_joint(close):
    net, x = NETWORKS["labels"](), values_of(Bernoulli(), 4)[::3]
    hidden, labels = (
        hidden_states(net),
        torch.eye(CLASSES, dtype=torch.float64)[torch.arange(len(x)) % CLASSES],
    )
    joined = torch.cat([x, labels], 1)
    weights = torch.stack([net.log_weight(joined, Generator(seed)).exp() for seed in range(3000)])
    each = [log_joint(net, v, hidden, y).logsumexp(0) for v, y in zip(x, labels, strict=True)]
    close(weights, torch.stack(each).exp())


@torch.no_grad()
def test_classes_are_told_by_free_energy(joint):
    net, x = NETWORKS["labels"](), values_of(Bernoulli(), 4)
    log_p = net.log_label(x)
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(16, dtype=torch.float64))
    # With binary codes, the machine's own joint distribution says the same.
    top = BeliefNetwork([], net.top)
    codes = values_of(Bernoulli(), 3)
    states, log_weight = joint(net.top)
    for code, ours in zip(codes, top.log_label(codes), strict=True):
        fits = (states[0] == code).all(1)
        exact_label = (log_weight.softmax(0) * fits) @ states[2]
        torch.testing.assert_close(ours.exp(), exact_label / exact_label.sum())


@torch.no_grad()
def test_up_and_down_give_every_layer():
    net, x = NETWORKS["three layers"](), values_of(Bernoulli(), 4)
    means = net.up(x)
    torch.testing.assert_close(means[2], net.pairs[1].encoder.mean(net.pairs[0].encoder.mean(x)))
    assert set(net.up(x, Generator(0))[2].unique().tolist()) == {0.0, 1.0}
    back = net.down(means[2])
    torch.testing.assert_close(back[1], net.pairs[1].decoder.mean(means[2]))
    torch.testing.assert_close(back[0], net.pairs[0].decoder.mean(back[1]))


@torch.no_grad()
@pytest.mark.parametrize("make", ["three layers", "labels"])
def test_unrolled_is_up_then_down(make):
    net, x = NETWORKS[make](), values_of(Bernoulli(), 4)
    deep, encoders = net.unroll(), net.encoders()
    code = x
    for encoder in encoders:
        code = encoder.mean(code)
    torch.testing.assert_close(deep.encoder.mean(x), code)
    top = net.top.layers[0].units.mean(net.top.inputs(0, [code] * 3))
    torch.testing.assert_close(deep.decoder.mean(code), net.down(top)[0])
    assert encoders[0] is net.pairs[0].encoder


def gradient(loss, model):
    model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def objective(net, x, labels=None):
    """Return what wake, top and sleep follow, every hidden and visible state added up."""
    hidden = hidden_states(net)
    log_z = _log_partition(net.top)
    wake = 0.0
    for row, v in enumerate(x):
        q = log_recognition(net, v, hidden).detach().exp()
        label = None if labels is None else labels[row]
        wake = wake - (q * (log_joint(net, v, hidden, label) - log_z)).sum() / len(x)
    sleep = 0.0
    for v in values_of(Bernoulli(), 4):
        p = (log_joint(net, v, hidden) - log_z).detach().exp()
        sleep = sleep - (p * log_recognition(net, v, hidden)).sum()
    return wake + sleep


def _log_partition(top):
    states = [values_of(layer.units, layer.size) for layer in top.layers]
    if len(states) == 2:
        return top.log_marginal([states[0]] * 2).logsumexp(0)
    each = [top.log_marginal([states[0], states[0], y.expand(len(states[0]), -1)]) for y in states[2]]
    return torch.stack(each).logsumexp((0, 1))


@pytest.mark.parametrize("make", ["two layers", "three layers", "labels"])
@pytest.mark.parametrize("k", [1, 2])
def test_up_down_follows_its_objective(make, k, close, exact_draws):
    net, generator = NETWORKS[make](), Generator(0)
    x = values_of(Bernoulli(), 4)[[1, 6, 11, 12, 15]]
    labels = None
    if net.label is not None:
        labels = torch.eye(CLASSES, dtype=torch.float64)[[0, 1, 2, 0, 1]]
    data = x if labels is None else torch.cat([x, labels], 1)
    expected = gradient(objective(net, x, labels), net)
    found = []
    for _ in range(400):
        rule = UpDown(k, n_chains=200, centring=None)
        rule.set_state({f"chains_{n}": t for n, t in enumerate(exact_draws(net.top, 200, generator))})
        found.append(gradient(rule(net, data.repeat(20, 1), generator), net))
    close(torch.stack(found), expected)
    assert expected.abs().max() > 0.1


def test_without_chains_every_update_starts_at_the_data():
    net, rule = NETWORKS["two layers"](), UpDown(n_chains=0, centring=None)
    x = values_of(Bernoulli(), 4)
    first, again = (rule(net, x, Generator(0)).total for _ in range(2))
    assert torch.equal(first, again)
    assert rule.get_state() == {}


@torch.no_grad()
def mean_log_likelihood(net, rows):
    """Return the exact mean log-likelihood of rows, and of their labels where they have some."""
    v, labels = net.split(rows)
    hidden, given = hidden_states(net), [None] * len(v) if labels is None else labels
    each = [log_joint(net, x, hidden, y).logsumexp(0) for x, y in zip(v, given, strict=True)]
    return float(torch.stack(each).mean()) - log_partition(net.top)


@pytest.mark.parametrize("labels", [False, True], ids=["plain", "labels"])
@pytest.mark.parametrize("n_chains", [0, 100], ids=["from data", "persistent"])
def test_up_down_climbs_the_exact_likelihood(labels, n_chains):
    generator, teacher = Generator(1), network(4, 3, 2, seed=30, labels=labels)
    with torch.no_grad():
        for parameter in teacher.parameters():
            parameter.mul_(2)
        state = teacher.chains(1000, 60, generator)
        data = torch.cat([teacher.down(state[0], generator)[0], *state[2:]], 1)
    student = network(4, 3, 3, labels=labels, seed=50)
    before, best = mean_log_likelihood(student, data), mean_log_likelihood(teacher, data)
    plan = Plan(n_iter=60, batch_size=100, averaging=0.99)
    Trainer(student, UpDown(k=5, n_chains=n_chains), SGD(0.1), plan, Generator(2)).fit(
        rows(data, dtype=torch.float64)
    )
    after = mean_log_likelihood(student, data)
    assert after > before + 0.5
    assert best - after < 0.1


def test_up_down_moves_recognition_and_generation_apart():
    net = NETWORKS["two layers"]()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    x = values_of(Bernoulli(), 4)
    Trainer(net, UpDown(), SGD(0.1), Plan(), Generator(0)).step(x)
    assert all(not torch.equal(p, before[name]) for name, p in net.named_parameters())


def test_rows_without_labels_are_refused():
    net = NETWORKS["labels"]()
    with pytest.raises(ValueError, match="has a label layer, and these rows have no labels"):
        UpDown()(net, values_of(Bernoulli(), 4), Generator(0))
    with pytest.raises(ValueError, match="has no label layer"):
        NETWORKS["two layers"]().log_label(values_of(Bernoulli(), 4))
    with pytest.raises(ValueError, match="up-down trains a BeliefNetwork, got BoltzmannMachine"):
        UpDown()(net.top, values_of(Bernoulli(), 4), Generator(0))


def test_tops_that_cannot_be_summed_out_are_refused():
    def layers(n):
        return [Layer(Bernoulli(), 2) for _ in range(n)]

    def join():
        return Coupling(2, 2, generator=Generator(0))

    for visible in ((0,), (0, 1), (1,)):
        deep = BoltzmannMachine(layers(3), {(0, 1): join(), (1, 2): join()}, visible)
        with pytest.raises(ValueError, match="hidden layers connect only to visible ones"):
            BeliefNetwork([], deep)
    two_labels = BoltzmannMachine(layers(3), {(0, 1): join(), (1, 2): join()}, (0, 2))
    with pytest.raises(ValueError, match="one finite variable"):
        BeliefNetwork([], two_labels)


def test_layers_that_do_not_meet_are_refused():
    below, above = (
        machine(Bernoulli(), Bernoulli(), sizes=(4, 3)),
        machine(Bernoulli(), Bernoulli(), sizes=(2, 3)),
    )
    with pytest.raises(
        ValueError, match=r"hidden layer 1 is 3 Bernoulli\(\) units from below and 2 Bernoulli"
    ):
        BeliefNetwork.of([below, above])
    real = machine(Gaussian(), Bernoulli(), sizes=(3, 3))
    with pytest.raises(ValueError, match=r"3 Bernoulli\(\) units from below and 3 Gaussian"):
        BeliefNetwork.of([below, real])


def test_pairs_may_be_of_any_maps(close):
    generator = Generator(3)
    encoder = Conditional(MLP([4, 5, 3], generator=generator), Bernoulli())
    decoder = Conditional(MLP([3, 5, 4], generator=generator), Bernoulli())
    net = BeliefNetwork([Pair(encoder, decoder)], machine(Bernoulli(), Bernoulli(), sizes=(3, 2)).float())
    net = net.double()
    x, h = values_of(Bernoulli(), 4), values_of(Bernoulli(), 3)
    with torch.no_grad():
        expected = torch.stack([log_joint(net, v, [h]).logsumexp(0) for v in x]).exp()
        close(torch.stack([net.log_weight(x, Generator(seed)).exp() for seed in range(2000)]), expected)
    loss = UpDown()(net, x, Generator(0))
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())
