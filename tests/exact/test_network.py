"""Networks for labels: exact losses and slopes; stacks keep their codes, and a deep machine its mean field."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from tildex import Autoencoder, BernoulliRBM, Dropout, Masking, VariationalAutoencoder
from tildex.generator import Generator
from tildex.maps import MLP, Affine, Coupling
from tildex.models import BoltzmannMachine, Conditional, Layer, Network, grow, layers_of, mean_field, unroll
from tildex.penalties import L1, Contractive, WeightDecay
from tildex.rules import Supervised
from tildex.units import Bernoulli, Categorical, Gaussian

CLASSES = torch.tensor([0, 2, 1, 1, 0, 2, 2])
X = torch.linspace(-1, 1, 28, dtype=torch.float64).sin().view(7, 4)
ROWS = torch.cat([X, torch.nn.functional.one_hot(CLASSES, 3).double()], 1)


def network(units=None, n_targets=3, **noises):
    generator = Generator(0)
    layers = [
        Conditional(Affine.fresh(4, 6, generator=generator, activation="tanh"), Gaussian()),
        Conditional(Affine.fresh(6, 5, generator=generator), Bernoulli()),
    ]
    head = MLP([5, n_targets], generator=generator, input_noise=noises.get("noise"))
    return Network(layers, Conditional(head, units or Categorical(3)), n_targets, **noises).double()


def chain_machine(*sizes, scale=1.0, families=None):
    """Return a deep machine with couplings strong enough to matter."""
    generator = Generator(4)
    families = families or [Bernoulli()] * len(sizes)
    layers = [Layer(units, size) for units, size in zip(families, sizes, strict=True)]
    edges = {
        (k, k + 1): Coupling(low, high, generator=generator, scale=scale)
        for k, (low, high) in enumerate(itertools.pairwise(sizes))
    }
    machine = BoltzmannMachine(layers, edges).double()
    with torch.no_grad():
        for layer in machine.layers:
            layer.bias.copy_(generator.normal_like(layer.bias))
    return machine


def head_for(size):
    return Conditional(MLP([size, 3], generator=Generator(5)), Categorical(3))


@pytest.mark.parametrize(
    "rule",
    [
        Supervised(),
        Supervised(smoothing=0.2),
        Supervised(penalty=L1(0.1) + WeightDecay(0.1) + Contractive(0.1)),
    ],
    ids=repr,
)
@pytest.mark.parametrize("noisy", [False, True], ids=["plain", "dropout"])
def test_gradient_is_the_slope(directional, rule, noisy):
    model = network(input_noise=Dropout(0.2), noise=Dropout(0.5)) if noisy else network()
    slope, difference = directional(lambda: rule(model, ROWS, Generator(0)).total, model.parameters())
    assert slope == pytest.approx(difference, rel=1e-6)


def test_loss_is_the_cross_entropy():
    model = network()
    probability = model.reconstruct(X).detach()
    loss = Supervised()(model, ROWS, Generator(0)).total.detach()
    assert float(loss) == pytest.approx(log_loss(CLASSES.numpy(), probability.numpy()))
    assert torch.equal(Supervised(0.3).validate(model, ROWS, Generator(0)), loss)


def test_smoothing_spreads_a_share_over_all_classes():
    model = network()
    log_p = model.reconstruct(X).log()
    expected = -(0.7 * log_p.gather(1, CLASSES[:, None])[:, 0] + 0.3 * log_p.mean(1)).mean()
    torch.testing.assert_close(Supervised(smoothing=0.3)(model, ROWS, Generator(0)).total, expected)


def test_a_gaussian_head_sums_half_squared_errors():
    model = network(Gaussian(), 2)
    rows = torch.cat([X, X[:, :2] ** 2], 1)
    constant = 2 * 0.5 * np.log(2 * np.pi)
    squared = 0.5 * (model.reconstruct(X) - rows[:, 4:]).square().sum(1).mean()
    torch.testing.assert_close(Supervised()(model, rows, Generator(0)).total, squared + constant)
    with pytest.raises(ValueError, match="smoothing needs discrete targets"):
        Supervised(smoothing=0.1)(model, rows, Generator(0))


def test_smoothing_is_a_share():
    with pytest.raises(ValueError, match=r"smoothing must be a share in \[0, 1\), got 1"):
        Supervised(smoothing=1.0)


def test_dropout_keeps_the_expected_inputs(close):
    model = network(input_noise=Dropout(0.2))
    layer = model.encoder.map.layers[0].map.layer
    noisy = [layer(Dropout(0.2)(X, Generator(seed))) for seed in range(4000)]
    close(torch.stack(noisy).detach(), layer(X).detach())


def test_dropout_is_masking_with_weights_enlarged_at_the_start():
    model, masked = network(input_noise=Dropout(0.2)), network(input_noise=Masking(0.2))
    with torch.no_grad():
        masked.encoder.map.layers[0].map.layer.weight.div_(0.8)
    ours, theirs = (m.encoder.inputs(X, Generator(1)) for m in (model, masked))
    torch.testing.assert_close(ours, theirs)


def test_noise_is_only_of_training():
    model, plain = network(input_noise=Dropout(0.5), noise=Dropout(0.5)), network()
    assert torch.equal(model.reconstruct(X), plain.reconstruct(X))
    first, other = (Supervised()(model, ROWS, Generator(seed)).total for seed in (0, 1))
    assert not torch.equal(first, other)
    assert torch.equal(
        Supervised().validate(model, ROWS, Generator(0)), Supervised().validate(plain, ROWS, None)
    )


def test_every_hidden_layer_has_its_noise():
    seen = []

    def noise(x, generator):
        seen.append(x.shape[1])
        return x

    Supervised()(network(input_noise=noise, noise=noise), ROWS, Generator(0))
    assert seen == [4, 6, 5]


@torch.no_grad()
@pytest.mark.parametrize("sizes", [(4, 5, 3), (4, 5, 3, 6), (4, 3, 5, 3, 2)], ids=str)
def test_a_deep_machine_starts_at_its_mean_field(sizes):
    machine = chain_machine(*sizes, scale=0.5)
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0)).double()
    exact = mean_field(machine, {0: x}, n_steps=2000, tol=1e-14)
    model = Network.from_machine(machine, head_for(sizes[-1]), 3).double()
    row = torch.cat([x, *exact[2:]], 1)
    torch.testing.assert_close(model.condition(x), row, rtol=0, atol=1e-3)
    body, hidden, below = model.encoder.map, [], x
    for layer, above in itertools.zip_longest(body.layers, exact[2:]):
        below = layer.mean(below if above is None else torch.cat([below, above], 1))
        hidden.append(below)
    for found, expected in zip(hidden, exact[1:], strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(model.encoder.mean(row), exact[-1], rtol=0, atol=1e-9)


def test_fine_tuning_leaves_the_machine_and_parts_the_copies():
    machine = chain_machine(4, 5, 3)
    before = [p.clone() for p in machine.parameters()]
    model = Network.from_machine(machine, head_for(3), 3).double()
    first, second = (layer.map.layer.weight for layer in model.encoder.map.layers)
    assert torch.equal(first[:, 4:], second.t())
    rows = torch.cat([model.condition(X.abs()), ROWS[:, 4:]], 1)
    trained = [p for p in model.parameters() if p.requires_grad]
    Supervised()(model, rows, Generator(0)).backward()
    with torch.no_grad():
        for parameter in trained:
            parameter.sub_(0.5 * parameter.grad)
    assert not torch.equal(first[:, 4:], second.t())
    assert all(torch.equal(p, b) for p, b in zip(machine.parameters(), before, strict=True))
    assert all(torch.equal(p, b) for p, b in zip(model.machine.parameters(), before, strict=True))


def test_machines_that_are_no_chain_are_refused():
    with pytest.raises(ValueError, match="at least two hidden layers"):
        Network.from_machine(chain_machine(4, 3), head_for(3), 3)
    machine = chain_machine(4, 5, 3)
    machine.couplings[0].up_gain = 2.0
    with pytest.raises(ValueError, match="gain 1 both ways"):
        Network.from_machine(machine, head_for(3), 3)
    with pytest.raises(ValueError, match="nothing feeds its layers"):
        network().inferred(X)


def estimators():
    data = np.random.default_rng(0).random((30, 4))
    short = {"n_iter": 1, "random_state": 0}
    binary = {"likelihood": Bernoulli(), **short}
    return {
        "autoencoder": Autoencoder(3, **binary).fit(data),
        "deep": Autoencoder(3, hidden_layer_sizes=(6, 5), code=Bernoulli(), noise=Dropout(0.1), **binary).fit(
            data
        ),
        "variational": VariationalAutoencoder(2, **short).fit(data),
        "rbm": BernoulliRBM(3, **short).fit(data),
    }


@pytest.mark.parametrize("name", ["autoencoder", "deep", "variational", "rbm"])
def test_layers_lead_to_the_code(name):
    estimator, x = estimators()[name], X.abs()
    layers = layers_of(estimator.module_)
    assert len(layers) == {"deep": 3, "variational": 2}.get(name, 1)
    hidden = x
    for layer in layers:
        hidden = layer.mean(hidden)
    torch.testing.assert_close(hidden.detach(), torch.from_numpy(estimator.transform(x.numpy())))
    with torch.no_grad():
        next(layers[0].parameters()).add_(1.0)
    assert not torch.equal(next(layers[0].parameters()), next(estimator.module_.parameters()))


def test_layers_of_an_unrolled_stack_are_those_of_its_pairs():
    data = X.abs().float()
    trained = [
        lambda x, size=size: BernoulliRBM(size, n_iter=1, random_state=0).fit(x.numpy()).module_.pair()
        for size in (5, 3)
    ]
    deep = unroll(grow(trained, data))
    layers = layers_of(deep)
    assert len(layers) == 2
    torch.testing.assert_close(layers[1].mean(layers[0].mean(data)), deep.encoder.mean(data))


def test_a_deep_machine_has_no_plain_layers():
    with pytest.raises(ValueError, match="expected two layers joined once"):
        layers_of(chain_machine(4, 5, 3))
