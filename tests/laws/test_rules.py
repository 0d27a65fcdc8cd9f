"""Every rule gives one scalar that is the sum of its parts, and descending it climbs what it says."""

import itertools
import math

import pytest
import torch
from torch import nn

from tildex.corruptions import Corruption, Dropout, Masking
from tildex.evaluate import log_likelihood
from tildex.generator import Generator
from tildex.maps import MLP, Affine, Coupling, Down, UNet
from tildex.models import (
    BeliefNetwork,
    BoltzmannMachine,
    Conditional,
    LatentPair,
    Layer,
    Network,
    Pair,
    Restoration,
    pseudo_log_likelihood_estimate,
)
from tildex.penalties import L1, Contractive, JacobianChange, WeightDecay
from tildex.priors import StandardPrior
from tildex.rules import CD, ELBO, IWAE, PCD, DReG, GumbelSoftmax, Nested, Reconstruction
from tildex.rules.nested import in_closed_form, one_by_one
from tildex.units import Bernoulli, Categorical, DiagonalGaussian, Gaussian, Poisson

X = torch.tensor(
    [[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 1], [0, 1, 0, 0.0]], dtype=torch.float64
)


def pair(code, outputs):
    generator = Generator(1)
    encoder = MLP([4, 5, outputs], generator=generator, activation="tanh")
    decoder = MLP([3, 4], generator=generator)
    return Pair(Conditional(encoder, code), Conditional(decoder, Bernoulli())).double()


def latent(code=None, size=3, prior=None):
    """Return a pair with a prior over a code of that size."""
    code, generator, visible = code or DiagonalGaussian(), Generator(1), Bernoulli()
    encoder = MLP([4, 5, code.arity * size], generator=generator, activation="tanh")
    decoder = MLP([size, 4], generator=generator)
    sized = (prior or StandardPrior()).sized(code, size, visible=visible, n_features=4, generator=generator)
    return LatentPair(Conditional(encoder, code), Conditional(decoder, visible), sized).double()


def machine(*sizes, families=None):
    """Return a machine of a chain of layers with couplings strong enough to matter."""
    generator = Generator(2)
    layers = [Layer(units, size) for units, size in zip(families or [Bernoulli()] * 3, sizes, strict=False)]
    edges = {
        (k, k + 1): Coupling(low, high, generator=generator)
        for k, (low, high) in enumerate(itertools.pairwise(sizes))
    }
    built = BoltzmannMachine(layers, edges).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(generator.normal_like(parameter))
    return built


def network():
    """Return a network of two hidden layers whose rows are two features and a label of two classes."""
    generator = Generator(3)
    layers = [
        Conditional(Affine.fresh(2, 5, generator=generator, activation="tanh"), Gaussian()),
        Conditional(Affine.fresh(5, 3, generator=generator), Bernoulli()),
    ]
    head = Conditional(MLP([3, 2], generator=generator, input_noise=Dropout(0.2)), Categorical(2))
    return Network(layers, head, 2, input_noise=Masking(0.1), noise=Dropout(0.2)).double()


def restoration():
    """Return a network of images of two by two pixels."""
    return Restoration(
        UNet(4, levels=2, bias=True), Dropout(0.2), Gaussian(), (2, 2, 1), generator=Generator(4)
    ).double()


MODELS = {
    "pair": lambda: pair(Bernoulli(), 3),
    "variational": lambda: latent(),
    "machine": lambda: machine(4, 3),
    "deep machine": lambda: machine(4, 3, 2),
    "belief network": lambda: BeliefNetwork.of([machine(4, 3), machine(3, 2)]),
    "network": lambda: network(),
    "restoration": lambda: restoration(),
}


def model_for(rule):
    """Return the first kind of model that a rule does not refuse."""
    for make in MODELS.values():
        model = make()
        try:
            rule.copy()(model, X, Generator(0))
        except (ValueError, AttributeError):
            continue
        return model
    raise AssertionError(f"{rule!r} refuses every model of {list(MODELS)}")


def test_total_is_the_sum_of_the_parts(rule):
    loss = rule(model_for(rule), X, Generator(0))
    assert loss.total.shape == ()
    assert loss.total.isfinite()
    torch.testing.assert_close(loss.total.detach(), sum(loss.parts.values()))
    assert not any(value.requires_grad for value in loss.parts.values())


def test_gradients_are_finite_and_reach_every_parameter(rule):
    model = model_for(rule)
    rule(model, X, Generator(0)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_same_generator_same_loss(rule):
    model = model_for(rule)
    first, again = (rule.copy()(model, X, Generator(3)) for _ in range(2))
    assert torch.equal(first.total, again.total)


def test_state_round_trip(rule):
    model, other = model_for(rule), rule.copy()
    rule(model, X, Generator(0))
    other.set_state(rule.get_state())
    assert torch.equal(rule(model, X, Generator(1)).total, other(model, X, Generator(1)).total)
    for name, tensor in rule.get_state().items():
        assert torch.equal(tensor, other.get_state()[name])


def test_validation_is_one_repeatable_number(rule):
    model = model_for(rule)
    with torch.no_grad():
        first, again = (rule.copy().validate(model, X, Generator(3)) for _ in range(2))
    assert first.shape == ()
    assert first.isfinite()
    assert torch.equal(first, again)


@pytest.mark.parametrize(
    "rule",
    [
        Reconstruction(),
        Reconstruction(Masking(0.3), L1(0.1) + WeightDecay(0.1)),
        Reconstruction(Masking(0.3), Contractive(0.1) + JacobianChange(0.1), on_intact=0.2),
        ELBO(),
        ELBO(beta=0.3, n_samples=3),
        IWAE(3),
    ],
    ids=repr,
)
def test_gradient_agrees_with_finite_differences(rule, directional):
    model = model_for(rule)
    slope, difference = directional(lambda: rule(model, X, Generator(5)).total, model.parameters())
    assert slope == pytest.approx(difference, rel=1e-6)


def test_reconstruction_names_its_penalties():
    rule = Reconstruction(penalty=L1(0.1) + WeightDecay(0.1))
    assert list(rule(model_for(rule), X, Generator(0)).parts) == ["reconstruction", "L1", "WeightDecay"]


def test_reconstruction_scores_the_clean_data():
    model, seen = model_for(Reconstruction()), Masking(0.5)(X, Generator(4))
    expected = -model.decoder.log_prob(X, model.encoder.mean(seen)).mean()
    torch.testing.assert_close(Reconstruction(Masking(0.5))(model, X, Generator(4)).total, expected)


class _Strip(Corruption):
    """Strikes the first two columns."""

    def __call__(self, x, generator):
        return torch.cat([1 - x[:, :2], x[:, 2:]], 1)


def test_emphasis_weighs_what_was_struck():
    model, seen = model_for(Reconstruction()), _Strip()(X, Generator(0))
    each = -model.decoder.units.log_probs(X, model.decoder.inputs(model.encoder.mean(seen))).mean(0)

    def loss(on_corrupted, on_intact):
        rule = Reconstruction(_Strip(), on_corrupted=on_corrupted, on_intact=on_intact)
        return rule(model, X, Generator(0)).total

    torch.testing.assert_close(loss(1.0, 1.0), each.sum())
    torch.testing.assert_close(loss(2.0, 2.0), 2 * each.sum())
    torch.testing.assert_close(loss(1.0, 0.0), each[:2].sum())
    torch.testing.assert_close(loss(2.0, 0.5), 2 * each[:2].sum() + 0.5 * each[2:].sum())


def test_emphasis_takes_a_variable_of_several_columns_as_one():
    generator = Generator(0)
    x = Categorical(3).sample(generator.normal(5, 6, dtype=torch.float64), generator)
    up, down = (MLP(sizes, generator=generator) for sizes in ([6, 2], [2, 6]))
    model = Pair(Conditional(up, Bernoulli()), Conditional(down, Categorical(3))).double()
    # Two of the first variable's columns are struck, and none of the second's.
    found = Reconstruction(_Strip(), on_intact=0.0)(model, x, generator).total
    inputs = model.decoder.inputs(model.encoder.mean(_Strip()(x, generator)))
    torch.testing.assert_close(found, -Categorical(3).log_prob(x[:, :3], inputs[:, :3]).mean())


def test_a_category_is_struck_as_often_as_the_rate_says():
    """At equal inputs each struck variable adds log 4, and only struck ones count."""
    generator = Generator(0)
    x = Categorical(4).sample(torch.zeros(10_000, 8, dtype=torch.float64), generator)
    up, down = (MLP(sizes, generator=generator) for sizes in ([8, 2], [2, 8]))
    model = Pair(Conditional(up, Gaussian()), Conditional(down, Categorical(4))).double()
    for parameter in model.parameters():
        parameter.data.zero_()
    found = Reconstruction(Masking(0.3), on_intact=0.0)(model, x, generator).total
    error = math.log(4) * (2 * 0.21 / len(x)) ** 0.5
    assert float(found.detach()) == pytest.approx(0.6 * math.log(4), abs=5 * error)


def test_walkback_asks_every_step_of_the_chain_for_the_data():
    model, corruption = model_for(Reconstruction()), Masking(0.5)
    rule = Reconstruction(corruption, L1(0.1), on_corrupted=2.0, on_intact=0.5, walkback=3)
    loss, generator = rule(model, X, Generator(4)), Generator(4)
    units = model.decoder.units
    seen, struck = corruption.strike(X, generator)
    errors = []
    for step in range(3):
        inputs = model.decoder.inputs(model.encoder.mean(seen))
        weights = torch.where(struck, 2.0, 0.5) if step == 0 else 2.0
        errors.append(-(weights * units.log_probs(X, inputs)).sum(1).mean())
        seen, _ = corruption.strike(units.sample(inputs, generator), generator)
    torch.testing.assert_close(loss.parts["reconstruction"], sum(errors).detach() / 3)
    assert list(loss.parts) == ["reconstruction", "L1"]


def gradient(loss, model):
    model.zero_grad()
    loss.backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def exact_joint(model):
    """Return every joint state of a small binary machine and its probability."""
    states = torch.tensor(list(itertools.product([0.0, 1.0], repeat=7)), dtype=torch.float64)
    v, h = states.split([4, 3], 1)
    return v, h, (-model.energy([v, h])).softmax(0).detach()


def test_pcd_from_the_models_own_samples_climbs_the_likelihood(close):
    model, generator = machine(4, 3), Generator(0)
    exact = gradient(-_log_likelihood(model, X), model)
    _, h, p = exact_joint(model)
    gradients = []
    for _ in range(100):
        rule = PCD(n_chains=500)
        rule.set_state({"chains": h[_draw(p, 500, generator)]})
        gradients.append(gradient(rule(model, X, generator), model))
    close(torch.stack(gradients), exact)
    assert exact.abs().max() > 0.1


@pytest.mark.parametrize("k", [1, 2])
def test_cd_is_the_expected_gap_after_k_steps(close, k):
    model, generator = machine(4, 3), Generator(0)
    v, h, _ = exact_joint(model)
    kernel = _kernel(model, v[::8], h[:8])
    row = int((X[0] * torch.tensor([8, 4, 2, 1])).sum())
    reached = torch.linalg.matrix_power(kernel, k)[row]
    gap = (reached * model.log_marginal([v[::8], v[::8]])).sum() - model.log_marginal([X[:1], X[:1]]).sum()
    gradients = [gradient(CD(k)(model, X[:1].expand(200, -1), generator), model) for _ in range(200)]
    close(torch.stack(gradients), gradient(gap, model))


@pytest.mark.parametrize("rule", [CD(2), PCD(n_chains=7)], ids=repr)
def test_closed_form_gradient_is_the_tapes(unit_pair, rule, repeated):
    sizes = [repeated(units, n) * units.group for units, n in zip(unit_pair, (4, 3), strict=True)]
    model = machine(*sizes, families=unit_pair)
    inputs = torch.zeros(5, sizes[0], dtype=torch.float64)
    x = model.layers[0].units.sample(inputs, Generator(1)).detach()
    taped, plain = rule.copy().set_params(penalty=L1(0.0)), rule.copy()
    expected = gradient(taped(model, x, Generator(0)), model)
    torch.testing.assert_close(gradient(plain(model, x, Generator(0)), model), expected)
    assert not any(tensor.requires_grad for tensor in plain.get_state().values())


def _kernel(model, v, h):
    """Return the probability of going from each visible state to each in one Gibbs step."""
    up = torch.stack([model.layers[1].units.log_prob(h, row).exp() for row in model.inputs(1, [v, v])])
    down = torch.stack([model.layers[0].units.log_prob(v, row).exp() for row in model.inputs(0, [h, h])])
    return (up @ down).detach()


def _log_likelihood(model, x):
    v = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)), dtype=torch.float64)
    return model.log_marginal([x, x]).mean() - model.log_marginal([v, v]).logsumexp(0)


def _draw(p, n, generator):
    return torch.searchsorted(p.cumsum(0), generator.uniform(n, dtype=torch.float64)).clamp(max=len(p) - 1)


def test_likelihood_of_this_file_is_the_evaluations():
    model = machine(4, 3)
    torch.testing.assert_close(_log_likelihood(model, X).detach(), log_likelihood(model, X).mean())


def test_chains_persist_and_are_as_many_as_asked():
    model, rule = machine(4, 3), PCD(n_chains=64)
    rule(model, X, Generator(0))
    first = rule.chains
    rule(model, X, Generator(1))
    assert rule.chains.shape == (64, 3)
    assert not torch.equal(first, rule.chains)
    assert PCD().get_state() == {}
    default = PCD()
    default(model, X, Generator(0))
    assert len(default.chains) == len(X)


def test_emphasis_without_a_corruption_is_refused():
    with pytest.raises(ValueError, match="on_corrupted and on_intact differ but there is no corruption"):
        Reconstruction(on_intact=0.0)


@pytest.mark.parametrize("rule", [CD(), PCD()], ids=repr)
@pytest.mark.parametrize("kind", ["pair", "deep machine"])
def test_contrastive_rules_refuse_other_models(rule, kind):
    with pytest.raises(ValueError, match="one visible and one hidden layer"):
        rule(MODELS[kind](), X, Generator(0))


@pytest.mark.parametrize("rule", [ELBO(), IWAE(), DReG()], ids=repr)
def test_lower_bounds_refuse_models_without_a_prior(rule):
    with pytest.raises(ValueError, match="a prior over its codes, a LatentPair, got Pair"):
        rule(MODELS["pair"](), X, Generator(0))


def test_contrastive_penalty_is_added():
    rule = CD(penalty=L1(0.5))
    model = machine(4, 3)
    parts = rule(model, X, Generator(0)).parts
    assert list(parts) == ["free_energy_gap", "L1"]
    torch.testing.assert_close(
        parts["L1"], 0.5 * torch.sigmoid(model.inputs(1, [X, X])).sum(1).mean().detach()
    )


def test_contrastive_validation_is_pseudo_likelihood_or_reconstruction():
    for visible in (Bernoulli(), Gaussian()):
        model = machine(4, 3, families=(visible, Bernoulli()))
        expected = -pseudo_log_likelihood_estimate(model, X, Generator(0)).mean()
        torch.testing.assert_close(CD().validate(model, X, Generator(0)), expected)
    counts = machine(4, 3, families=(Poisson(), Bernoulli()))
    halves = counts.pair()
    error = -halves.decoder.log_prob(X, halves.encoder.mean(X)).mean()
    torch.testing.assert_close(CD().validate(counts, X, Generator(0)), error)


@pytest.mark.parametrize(
    "make",
    [
        lambda: CD(0),
        lambda: PCD(n_chains=0),
        lambda: ELBO(-1.0),
        lambda: ELBO(n_samples=0),
        lambda: Reconstruction(Masking(), walkback=0),
        lambda: Reconstruction(Masking(), on_intact=-0.1),
        lambda: Reconstruction(Masking(), on_corrupted=0.0, on_intact=0.0),
        lambda: ELBO(warmup=1.5),
        lambda: ELBO(free_nats=-1.0),
        lambda: GumbelSoftmax(end=0.0),
    ],
    ids=[
        "k",
        "n_chains",
        "beta",
        "n_samples",
        "walkback",
        "on_intact",
        "no weight",
        "warmup",
        "free_nats",
        "temperature",
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"must .*, got"):
        make()


@pytest.mark.parametrize("precision", [1.0, 2.5])
def test_nested_closed_form_is_the_mean_over_prefixes(precision):
    generator = Generator(4)
    bias = nn.Parameter(torch.randn(4, dtype=torch.float64))
    decoder = Conditional(
        Down(Coupling(4, 3, generator=generator, scale=1.0), bias), Gaussian(precision)
    ).double()
    hidden = generator.normal(5, 3, dtype=torch.float64)
    terms = [decoder.log_prob(X, hidden * (torch.arange(3) < k)) for k in (1, 2, 3)]
    expected = torch.stack(terms).mean(0)
    torch.testing.assert_close(one_by_one(decoder, X, hidden, generator), expected)
    torch.testing.assert_close(in_closed_form(decoder, X, hidden, generator), expected)


def test_nested_asks_more_of_the_first_units_than_of_the_last():
    model = pair(Bernoulli(), 3)
    loss = Nested()(model, X, Generator(0))
    hidden = model.encoder.mean(X)
    terms = [-model.decoder.log_prob(X, hidden * (torch.arange(3) < k)).mean() for k in (1, 2, 3)]
    torch.testing.assert_close(loss.total, torch.stack(terms).mean())
