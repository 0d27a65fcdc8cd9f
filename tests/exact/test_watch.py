"""Measures of health against enumeration, and machines made to fail: each guard fires on its own failure alone."""

import itertools

import numpy as np
import pytest
import torch

import tildex
from tildex.evaluate import guards, log_likelihood
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import BoltzmannMachine, Layer, Posterior
from tildex.rules import watch
from tildex.units import Bernoulli, Categorical, Gaussian


def machine(*sizes, scale=1.0, families=()):
    """Return a machine of a chain of layers, binary where no family is given, in double precision."""
    generator = Generator(1)
    families = [*families, *[Bernoulli()] * (len(sizes) - len(families))]
    layers = [Layer(units, size) for units, size in zip(families, sizes, strict=True)]
    edges = {
        (k, k + 1): Coupling(sizes[k], sizes[k + 1], generator=generator, scale=scale)
        for k in range(len(sizes) - 1)
    }
    return BoltzmannMachine(layers, edges).double()


def states(*sizes):
    """Return all binary states, a tensor a layer."""
    table = torch.tensor(list(itertools.product([0.0, 1.0], repeat=sum(sizes))), dtype=torch.float64)
    return list(table.split(sizes, 1))


def exact_draws(model, n, seed):
    """Return states from a machine's own distribution."""
    table = states(*(layer.size for layer in model.layers))
    p = torch.softmax(-model.energy(table).detach(), 0).numpy()
    chosen = np.random.default_rng(seed).choice(len(p), n, p=p)
    return [x[chosen] for x in table]


def test_chains_of_the_model_itself_have_no_gap_to_its_data():
    model = machine(5, 4, scale=1.5)
    gaps = []
    for seed in range(40):
        data, chains = exact_draws(model, 1000, seed), exact_draws(model, 100, 1000 + seed)
        gaps.append(watch(model, data[0], Generator(seed), chains=chains)["chain_gap"])
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / len(gaps) ** 0.5 + 1e-3


def test_moves_are_one_less_the_autocorrelation_of_a_sweep():
    model = machine(4, 3, scale=2.0)
    v, h = states(4, 3)
    p = torch.softmax(-model.energy([v, h]).detach(), 0)
    hidden, visible = states(3)[0], states(4)[0]
    given_h = _transition(model.pair().decoder, hidden, visible)
    given_v = _transition(model.pair().encoder, visible, hidden)
    marginal = torch.stack([p[(h == state).all(1)].sum() for state in hidden])
    joint = marginal[:, None] * (given_h @ given_v)
    squares = (hidden[:, None] - hidden[None]).square().sum(-1)
    mean = marginal @ hidden
    variance = (marginal @ hidden.square() - mean.square()).sum()
    expected = float((joint * squares).sum() / (2 * variance))
    found = []
    for seed in range(60):
        data, chains = exact_draws(model, 300, seed), exact_draws(model, 100, 1000 + seed)
        found.append(watch(model, data[0], Generator(seed), chains=chains)["chain_moves"])
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / len(found) ** 0.5 + 0.01)


def _transition(conditional, before, after):
    """Return the probabilities of values ``after`` given each of ``before``, shape (before, after)."""
    pairs = [conditional.log_prob(after, value.expand(len(after), -1)) for value in before]
    return torch.stack(pairs).exp().detach()


def test_the_gap_of_held_out_rows_is_that_of_their_exact_likelihoods():
    model = machine(5, 4, scale=1.5)
    x, other = states(5)[0][:20], states(5)[0][12:]
    ours, theirs = log_likelihood(model, x), log_likelihood(model, other)
    expected = float((ours.mean() - theirs.mean()) / ours.std(correction=0))
    found = watch(model, x, Generator(0), held_out=other)["held_out_gap"]
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_deep_machine_is_judged_by_its_bound():
    model = machine(4, 3, 3, scale=1.0)
    x, other = states(4)[0][:9], states(4)[0][6:]
    ours, theirs = Posterior(model, x).bound().detach(), Posterior(model, other).bound().detach()
    expected = float((ours.mean() - theirs.mean()) / ours.std(correction=0))
    found = watch(model, x, Generator(0), held_out=other)
    assert found["held_out_gap"] == pytest.approx(expected, rel=1e-2)
    assert abs(found["chain_gap"]) < 3


@pytest.mark.parametrize(
    "families", [(Gaussian(), Bernoulli()), (Bernoulli(), Gaussian()), (Categorical(3),)], ids=str
)
def test_any_units_can_be_watched(families):
    model = machine(6, 3, scale=0.3, families=families)
    x = model.layers[0].units.sample(torch.zeros(50, 6, dtype=torch.float64), Generator(0))
    found = watch(model, x, Generator(0), held_out=x)
    assert all(np.isfinite(value) for value in found.values())
    assert found["hidden_dead"] == found["hidden_saturated"] == found["held_out_gap"] == 0


def test_a_machine_with_unequal_gains_has_no_gap():
    model = machine(5, 4)
    model.couplings[0].up_gain = 2.0
    x = states(5)[0]
    assert set(watch(model, x, Generator(0), held_out=x)) == {
        "hidden_dead",
        "hidden_saturated",
        "chain_moves",
    }


def test_watching_changes_nothing_and_repeats():
    model = machine(5, 4)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    chains = [x[:50] for x in exact_draws(model, 60, 0)]
    kept, x = [c.clone() for c in chains], states(5)[0]
    found = [watch(model, x, Generator(3), chains=chains, held_out=x) for _ in range(2)]
    assert found[0] == found[1]
    assert all(torch.equal(a, b) for a, b in zip(kept, chains, strict=True))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def fired(found):
    return {guard.name for guard in guards([found]) if not guard.ok}


@pytest.fixture(scope="module")
def bits():
    digits = [(tildex.read("digits", split=split).X > 0.5).astype("float32") for split in ("train", "test")]
    return [torch.from_numpy(X) for X in digits]


@pytest.fixture(scope="module")
def healthy(bits):
    X, X_val = bits
    return tildex.BernoulliRBM(64, batch_size=50, n_iter=42, random_state=0).fit(X, X_val=X_val)


def test_a_healthy_run_has_no_complaint(healthy):
    verdicts = guards(healthy.history_)
    assert len(verdicts) == 5 and all(guard.ok for guard in verdicts)


@pytest.mark.parametrize(
    ("bias", "name"), [(-30.0, "dead hidden units"), (30.0, "saturated hidden units")], ids=["off", "on"]
)
def test_units_without_weights_stuck_at_one_end(healthy, bits, bias, name):
    """Sixteen units that no row can move join a machine that is healthy otherwise, and change nothing else in it."""
    old = healthy.module_
    model = BoltzmannMachine(
        [Layer(Bernoulli(), 64), Layer(Bernoulli(), 80)], {(0, 1): Coupling(64, 80, generator=Generator(0))}
    )
    with torch.no_grad():
        model.layers[0].bias.copy_(old.layers[0].bias)
        model.layers[1].bias.copy_(torch.cat([old.layers[1].bias, torch.full((16,), bias)]))
        model.couplings[0].weight.copy_(torch.cat([old.couplings[0].weight, torch.zeros(16, 64)]))
    found = watch(model, bits[0][:500], Generator(0), held_out=bits[1])
    assert found["hidden_dead" if bias < 0 else "hidden_saturated"] == 0.2
    assert fired(found) == {name}


def test_chains_that_cannot_leave_their_state():
    """Each hidden unit copies one pixel for good: a perfect model of random bits, from which no sweep gets away."""
    model = machine(32, 32)
    with torch.no_grad():
        model.couplings[0].weight.copy_(20 * torch.eye(32))
        for layer in model.layers:
            layer.bias.fill_(-10.0)
    draws = [
        torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (300, 32)) * 1.0) for seed in range(3)
    ]
    x, held_out, chains = draws
    found = watch(model, x, Generator(0), chains=[chains, chains], held_out=held_out)
    assert fired(found) == {"frozen chains"}


def test_chains_where_no_data_are(bits):
    """Visible biases that have run away draw the chains to white pages."""
    model = machine(64, 64, scale=0.3)
    with torch.no_grad():
        model.layers[0].bias.fill_(3.0)
    x = bits[0].double()
    found = watch(model, x[:300], Generator(0), held_out=x[300:600])
    assert found["chain_gap"] < -2
    assert fired(found) == {"diverging chains"}


def test_rows_learned_by_heart(bits):
    X, X_val = bits
    rbm = tildex.BernoulliRBM(128, learning_rate=0.3, batch_size=20, n_iter=120, random_state=0)
    rbm.fit(X[:60], X_val=X_val[:200])
    assert {guard.name for guard in guards(rbm.history_) if not guard.ok} == {"overfitting"}


def test_a_rate_that_kills_the_code_is_seen(bits):
    rbm = tildex.BernoulliRBM(64, learning_rate=2.0, n_iter=3, random_state=0).fit(bits[0])
    broken = {guard.name: guard.sentence for guard in guards(rbm.history_) if not guard.ok}
    assert "lower the learning rate" in broken["dead hidden units"]


def test_what_is_not_finite_is_not_healthy():
    assert fired({"chain_gap": float("nan")}) == {"diverging chains"}
    assert guards([]) == [] == guards([{"epoch": 1.0}])


def test_a_verdict_stands_on_the_middle_of_three():
    values = [0.9, 0.0, 0.0, 0.8, 0.0]
    assert guards([{"hidden_dead": value} for value in values])[0].ok
    assert not guards([{"hidden_dead": value} for value in [*values, 0.9]])[0].ok


def test_of_stages_the_last_one_counts():
    stages = [{"stage": 1.0, "hidden_dead": 0.9}] * 5 + [{"stage": 2.0, "hidden_dead": 0.0}, {"stage": 2.0}]
    assert guards(stages)[0].ok
