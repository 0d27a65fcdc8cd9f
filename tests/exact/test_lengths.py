"""Documents of different lengths against sums over all count vectors, and over all orders of words."""

import itertools
import math

import pytest
import torch

from tildex.evaluate import (
    Estimate,
    at_length,
    exact_lengths,
    log_likelihood,
    log_partition,
    log_partition_ais,
    log_partition_lengths,
    log_word_probability,
    perplexity,
)
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import (
    BoltzmannMachine,
    Layer,
    for_chains,
    for_rows,
    pseudo_log_likelihood,
    pseudo_log_likelihood_estimate,
)
from tildex.rules import (
    CD,
    PCD,
    FastPCD,
    LengthTempering,
    ParallelTempering,
    TrajectoryTempering,
    Variational,
)
from tildex.rules.boltzmann.length_tempering import _swapped
from tildex.units import Bernoulli, Binomial, Categorical, ReplicatedSoftmax, Spin

WORDS, HIDDEN, SHORT, LONG = 4, 3, 2, 5
HIDDEN_FAMILIES = [Bernoulli(), Spin(), Binomial(3), Categorical(3)]


def machine_of(hidden=None, *, scale=0.8, words=WORDS, seed=0):
    generator = Generator(seed)
    layers = [Layer(ReplicatedSoftmax(words), words), Layer(hidden or Bernoulli(), HIDDEN)]
    machine = BoltzmannMachine(layers, {(0, 1): Coupling(words, HIDDEN, generator=generator)}).double()
    with torch.no_grad():
        for tensor in (*machine.parameters(), *(layer.base for layer in machine.layers)):
            tensor.copy_(scale * generator.normal_like(tensor))
    return machine


def count_vectors(length, words=WORDS):
    """Return all count vectors and in how many orders each can stand."""
    rows, orders = [], []
    for counts in itertools.product(range(length + 1), repeat=words):
        if sum(counts) == length:
            rows.append(counts)
            orders.append(math.factorial(length) / math.prod(map(math.factorial, counts)))
    return torch.tensor(rows, dtype=torch.float64), torch.tensor(orders, dtype=torch.float64)


def hidden_states(machine):
    units = machine.layers[1].units
    values, _ = units.nodes(torch.zeros(units.group, dtype=torch.float64))
    return torch.stack([torch.cat(some) for some in itertools.product(values, repeat=HIDDEN // units.group)])


def joint_weights(machine, length):
    """Return rows, hidden states and the log weight of each pair, written out without the library's energies."""
    (rows, orders), states, layers = count_vectors(length), hidden_states(machine), machine.layers
    measure = -layers[1].units.energy(states)
    linear = (rows @ layers[0].bias)[:, None] + (states @ layers[1].bias)[None]
    return (
        rows,
        states,
        orders.log()[:, None] + measure + linear + rows @ machine.couplings[0].weight.t() @ states.t(),
    )


@torch.no_grad()
@pytest.mark.parametrize("hidden", HIDDEN_FAMILIES, ids=repr)
@pytest.mark.parametrize("length", [0, 1, SHORT, LONG])
def test_probabilities_of_count_vectors_sum_to_one(hidden, length):
    machine = at_length(machine_of(hidden), length)
    rows, _, log_weights = joint_weights(machine, length)
    assert log_partition(machine) == pytest.approx(float(log_weights.logsumexp((0, 1))), abs=1e-9)
    log_p = log_likelihood(machine, rows)
    assert float(log_p.exp().sum()) == pytest.approx(1)
    torch.testing.assert_close(log_p, log_weights.logsumexp(1) - log_weights.logsumexp((0, 1)))


@torch.no_grad()
def test_energies_count_the_orders_of_words():
    machine = machine_of()
    rows, states, log_weights = joint_weights(machine, LONG)
    pairs = [rows.repeat_interleave(len(states), 0), states.repeat(len(rows), 1)]
    torch.testing.assert_close(machine.energy(pairs), -log_weights.flatten())


@torch.no_grad()
def test_probabilities_of_words_in_order_sum_to_one():
    machine, length = machine_of(words=3), 4
    orders = torch.tensor(list(itertools.product(range(3), repeat=length)))
    rows = torch.nn.functional.one_hot(orders, 3).sum(1).double()
    log_p = log_word_probability(machine, rows, exact_lengths(machine, torch.tensor([length])))
    assert float(log_p.exp().sum()) == pytest.approx(1)


@torch.no_grad()
def test_a_bound_machine_knows_every_rows_length():
    machine = machine_of()
    x = torch.cat([count_vectors(SHORT)[0][:3], count_vectors(LONG)[0][:3]])
    h = torch.bernoulli(torch.full((6, HIDDEN), 0.5, dtype=torch.float64))
    bound = for_rows(machine, x)
    for some, length in ((slice(0, 3), SHORT), (slice(3, 6), LONG)):
        one = at_length(machine, length)
        expected = one.log_marginal([h[some], h[some]], 1)
        torch.testing.assert_close(bound.log_marginal([h, h], 1)[some], expected)
        torch.testing.assert_close(bound.base_log_partition()[some], one.base_log_partition().expand(3))
    assert next(iter(bound.parameters())) is next(iter(machine.parameters()))
    assert machine.layers[0].units.lengths is None


def test_other_families_do_not_mind_the_rows():
    layers = [Layer(Bernoulli(), 4), Layer(Bernoulli(), 3)]
    machine = BoltzmannMachine(layers, {(0, 1): Coupling(4, 3, generator=Generator(0))})
    x = torch.ones(5, 4)
    assert for_rows(machine, x) is machine
    assert for_chains(machine, x, 3) is machine


def test_chains_take_the_lengths_of_a_batch_the_shortest_first():
    x = torch.tensor([[5.0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 3, 0], [0, 0, 0, 9]]).double()
    bound = for_chains(machine_of(), x, 8, copies=2)
    assert bound.layers[0].units.lengths.flatten().tolist() == [2, 2, 3, 3, 5, 5, 9, 9] * 2
    assert for_chains(machine_of(), x, 4).layers[0].units.lengths.flatten().tolist() == [2, 3, 5, 9]


@torch.no_grad()
@pytest.mark.parametrize("order", [(1, 0), (0, 1)], ids=str)
def test_rows_of_two_lengths_do_not_drift(close, order):
    machine, generator, chains = machine_of(scale=1.2), Generator(0), 20_000
    exact, state = [], [[], []]
    for length in (SHORT, LONG):
        rows, states, log_weights = joint_weights(machine, length)
        p = log_weights.flatten().softmax(0)
        values = torch.cat([rows.repeat_interleave(len(states), 0), states.repeat(len(rows), 1)], 1)
        pairs = torch.cat([values, values[:, :1] * values, values[:, -1:] * values], 1)
        mean = p @ pairs
        exact.append((mean, p @ (pairs - mean).square()))
        chosen = torch.searchsorted(p.cumsum(0), generator.uniform(chains, dtype=torch.float64)).clamp_(
            max=len(p) - 1
        )
        state[0].append(values[chosen, :WORDS])
        state[1].append(values[chosen, WORDS:])
    state = [torch.cat(layer) for layer in state]
    for _ in range(4):
        state = machine.sweep(state, lambda units, inputs: units.sample(inputs, generator), order=order)
    assert state[0].sum(1).tolist() == [SHORT] * chains + [LONG] * chains
    for some, (mean, variance) in zip((slice(0, chains), slice(chains, None)), exact, strict=True):
        values = torch.cat([x[some] for x in state], 1)
        close(
            torch.cat([values, values[:, :1] * values, values[:, -1:] * values], 1), mean, variance, atol=1e-5
        )


@torch.no_grad()
def test_documents_are_completed_by_their_conditional(close):
    machine, generator, chains = machine_of(scale=1.2), Generator(0), 20_000
    rows, _, log_weights = joint_weights(machine, LONG)
    fits = (rows[:, 0] == 2) & (rows[:, 2] == 0)
    p = log_weights.logsumexp(1)[fits].softmax(0)
    mean = p @ rows[fits]
    known = torch.tensor([True, False, True, False]).expand(chains, -1)
    values = torch.tensor([2.0, 0, 0, 0]).double().expand(chains, -1)
    state = [rows[fits][torch.arange(chains) % int(fits.sum())], torch.zeros(chains, HIDDEN).double()]
    for _ in range(30):
        state = machine.sweep(
            state, lambda units, inputs: units.sample(inputs, generator), clamp={0: (values, known)}
        )
    assert (state[0].sum(1) == LONG).all() and (state[0][:, 0] == 2).all() and (state[0][:, 2] == 0).all()
    close(state[0], mean, p @ (rows[fits] - mean).square())


@torch.no_grad()
def test_words_may_be_one_of_several_visible_layers():
    generator = Generator(0)
    layers = [Layer(Bernoulli(), 3), Layer(Bernoulli(), 2), Layer(ReplicatedSoftmax(WORDS), WORDS)]
    edges = {(0, 1): Coupling(3, 2, generator=generator), (1, 2): Coupling(2, WORDS, generator=generator)}
    machine = BoltzmannMachine(layers, edges, visible=(0, 2))
    x = torch.tensor([[1.0, 0, 1, 2, 0, 0, 1], [0, 0, 0, 0, 9, 0, 0]])
    assert for_rows(machine, x).layers[2].units.lengths.tolist() == [[3], [9]]
    state = machine.sweep(
        [x[:, :3], torch.zeros(2, 2), x[:, 3:]], lambda units, inputs: units.sample(inputs, generator)
    )
    assert state[2].sum(1).tolist() == [3, 9]


def test_a_hidden_bias_times_the_length_is_in_the_weights():
    machine, shift = machine_of(), torch.tensor([0.3, -0.7, 1.1], dtype=torch.float64)
    x = torch.cat([count_vectors(SHORT)[0], count_vectors(LONG)[0]])
    scaled = machine.inputs(1, [x, x]) + x.sum(1, keepdim=True) * shift
    with torch.no_grad():
        machine.couplings[0].weight += shift[:, None]
    torch.testing.assert_close(machine.inputs(1, [x, x]), scaled)


@torch.no_grad()
@pytest.mark.parametrize("hidden", HIDDEN_FAMILIES, ids=repr)
def test_annealing_the_length_agrees_with_enumeration(hidden):
    machine = machine_of(hidden)
    lengths = torch.tensor([0, 1, 7, 7, 30, 61])
    exact = exact_lengths(machine, lengths)
    found = log_partition_lengths(machine, lengths, Generator(0), n_chains=400, n_sweeps=3, growth=0.1)
    assert found.lengths.tolist() == exact.lengths.tolist() == [0, 1, 7, 30, 61]
    assert ((found.values - exact.values).abs() < 4 * found.standard_errors + 1e-4).all()
    assert (found.effective_sizes > 40).all() and (found.standard_errors < 0.2).all()
    assert float(found.values[0]) == pytest.approx(float(machine.layers[1].units.cgf(machine.layers[1].bias)))


@torch.no_grad()
def test_annealing_one_length_the_usual_way_agrees_too():
    machine = at_length(machine_of(), 12)
    found = log_partition_ais(machine, Generator(0), n_chains=400, n_betas=300).log_partition
    assert abs(found.value - log_partition(machine)) < 4 * found.standard_error + 1e-4


@torch.no_grad()
def test_perplexity_is_that_of_the_words():
    machine = machine_of()
    x = torch.cat([count_vectors(SHORT)[0], count_vectors(LONG)[0], torch.zeros(1, WORDS).double()])
    partitions = exact_lengths(machine, x.sum(1))
    per_word = -log_word_probability(machine, x[:-1], partitions) / x[:-1].sum(1)
    result = perplexity(machine, x, partitions)
    assert result.value == pytest.approx(float(per_word.mean().exp()))
    assert result.standard_error == pytest.approx(result.value * Estimate.of(per_word).standard_error)


@torch.no_grad()
def test_perplexity_without_couplings_is_that_of_word_frequencies():
    machine = machine_of()
    machine.couplings[0].weight.zero_()
    x = torch.tensor([[3.0, 1, 0, 0]]).double().expand(2, -1)
    p = machine.layers[0].bias.softmax(0)
    expected = float(torch.exp(-(3 * p[0].log() + p[1].log()) / 4))
    assert perplexity(machine, x, exact_lengths(machine, x.sum(1))).value == pytest.approx(expected)


def test_lengths_that_nobody_asked_for_are_refused():
    machine = machine_of()
    partitions = exact_lengths(machine, torch.tensor([3, 5]))
    for words in (4, 9, 2.5):
        with pytest.raises(ValueError, match=f"row 1 has {words:g} words, a length without a log Z"):
            log_word_probability(
                machine, torch.tensor([[3.0, 0, 0, 0], [words, 0, 0, 0]]).double(), partitions
            )


def test_what_cannot_be_annealed_by_length_is_refused():
    plain = BoltzmannMachine(
        [Layer(Bernoulli(), 4), Layer(Bernoulli(), 3)], {(0, 1): Coupling(4, 3, generator=Generator(0))}
    )
    with pytest.raises(ValueError, match=r"a visible layer of ReplicatedSoftmax units, got Bernoulli\(\)"):
        at_length(plain, 3)
    two = [Layer(ReplicatedSoftmax(2), 4), Layer(Bernoulli(), 3)]
    with pytest.raises(ValueError, match="a machine of one document and one hidden layer"):
        log_partition_lengths(
            BoltzmannMachine(two, {(0, 1): Coupling(4, 3, generator=Generator(0))}),
            torch.tensor([3]),
            Generator(0),
        )
    with pytest.raises(
        ValueError, match=r"at least 2 chains, 1 sweep and a positive growth, got 1, 5, 0\.02"
    ):
        log_partition_lengths(machine_of(), torch.tensor([3]), Generator(0), n_chains=1)


@torch.no_grad()
def test_pseudo_likelihood_is_of_each_word_given_the_others():
    machine = machine_of()
    rows = count_vectors(LONG)[0]
    log_p = log_word_probability(machine, rows, exact_lengths(machine, torch.tensor([LONG])))
    known = {tuple(row.tolist()): p for row, p in zip(rows, log_p, strict=True)}
    expected = []
    for row in rows:
        total = 0.0
        for word in row.nonzero().flatten():
            changed = [row.clone() for _ in range(WORDS)]
            for k, other in enumerate(changed):
                other[word] -= 1
                other[k] += 1
            each = torch.stack([known[tuple(other.tolist())] for other in changed])
            total += row[word] * each.log_softmax(0)[word]
        expected.append(total)
    torch.testing.assert_close(pseudo_log_likelihood(machine, rows), torch.stack(expected))


@torch.no_grad()
def test_estimate_from_one_word_is_unbiased(close):
    machine, row = machine_of(), torch.tensor([[0.0, 3.0, 1.0, 2.0]]).double()
    estimates = pseudo_log_likelihood_estimate(machine, row.expand(20_000, -1), Generator(0))
    close(estimates, pseudo_log_likelihood(machine, row)[0])


def test_documents_without_words_have_nothing_to_tell():
    machine, x = machine_of(), torch.zeros(3, WORDS).double()
    assert pseudo_log_likelihood(machine, x).tolist() == [0, 0, 0]
    assert pseudo_log_likelihood_estimate(machine, x, Generator(0)).tolist() == [0, 0, 0]


def exact_gradient(machine, x):
    """Return the gradient of minus the mean log-likelihood of rows given their lengths, by enumeration."""
    total = 0.0
    for length in (SHORT, LONG):
        some = x[x.sum(1) == length]
        log_z = at_length(machine, length).log_marginal([hidden_states(machine)] * 2, 1).logsumexp(0)
        total = total + len(some) * log_z - machine.log_marginal([some, some]).sum()
    return torch.autograd.grad(total / len(x), list(machine.parameters()))


@pytest.mark.parametrize(
    "rule",
    [
        CD(30),
        CD(30, centring=0.5),
        PCD(30),
        FastPCD(30),
        LengthTempering(30),
        ParallelTempering(30, n_betas=3),
        TrajectoryTempering(30, every=1),
        Variational(30, centring=None),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_rules_follow_the_likelihood_of_rows_of_two_lengths(rule):
    machine, rows = machine_of(scale=0.4), 6000
    short, long = count_vectors(SHORT)[0], count_vectors(LONG)[0]
    x = torch.cat([short[torch.arange(rows) % 3], long[torch.arange(rows) % 4]])
    loss = rule(machine, x, Generator(0))
    found = {id(parameter): gradient for parameter, gradient in loss.gradients}
    if getattr(rule, "centring", None) is not None:
        # Centring is another measure of steepness: it must point downhill, not have the same length.
        product = sum(
            (found[id(p)] * g).sum()
            for p, g in zip(machine.parameters(), exact_gradient(machine, x), strict=True)
        )
        assert product > 0
        return
    for parameter, gradient in zip(machine.parameters(), exact_gradient(machine, x), strict=True):
        assert (found[id(parameter)] - gradient).abs().max() < 0.08
    assert sum(g.abs().max() for g in exact_gradient(machine, x)) > 0.5


@torch.no_grad()
def test_swaps_of_lengths_leave_each_length_its_distribution(close):
    machine, generator, chains = machine_of(scale=1.2), Generator(0), 20_000
    x = torch.tensor([[SHORT, 0.0, 0, 0], [LONG, 0, 0, 0]]).double().repeat(chains, 1)
    bound, h, mean = for_rows(machine, x), torch.empty(2 * chains, HIDDEN).double(), []
    for k, length in enumerate((SHORT, LONG)):
        states = hidden_states(machine)
        p = at_length(machine, length).log_marginal([states, states], 1).softmax(0)
        chosen = torch.searchsorted(p.cumsum(0), generator.uniform(chains, dtype=torch.float64)).clamp_(
            max=len(p) - 1
        )
        h[k::2] = states[chosen]
        mean.append(p @ states)
    places = _swapped(bound.layers[0].units, bound.inputs(0, [h, h]), generator)
    assert 0.1 < (places != torch.arange(2 * chains)).double().mean() < 0.95
    assert places.sort().values.tolist() == list(range(2 * chains))
    for k in range(2):
        close(h[places][k::2], mean[k])
