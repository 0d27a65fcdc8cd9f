"""Units that compete: their code is that of orthogonal matching pursuit, and its slopes are those of least squares."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.linear_model import orthogonal_mp, orthogonal_mp_gram

from tildex import Adam, Dropout, Pursuit, SparseAutoencoder, StackedClassifier, TopK
from tildex.evaluate import Sparsity
from tildex.generator import Generator

FEATURES, UNITS, K = 8, 14, 3


def competing(k=K, seed=0, dtype=torch.float64):
    drawn = Generator(seed).normal(FEATURES, UNITS, dtype=dtype)
    drawn /= drawn.norm(dim=0)
    return Pursuit(k).sized(UNITS).to(dtype).among(torch.nn.Parameter(drawn)), drawn


def rows(n, seed=1):
    return Generator(seed).normal(n, FEATURES, dtype=torch.float64)


def test_the_code_is_that_of_scikit_learn():
    units, drawn = competing()
    inputs = rows(50) @ drawn
    theirs = orthogonal_mp_gram((drawn.t() @ drawn).numpy(), inputs.t().numpy(), n_nonzero_coefs=K).T
    np.testing.assert_allclose(units.mean(inputs).detach().numpy(), theirs, atol=1e-4)


def test_no_code_on_the_same_units_is_better_and_one_unit_is_the_best_of_all():
    units, drawn = competing(k=1)
    x = rows(40)
    inputs = x @ drawn
    best = (inputs * units.mean(inputs)).sum(-1) - units.energy(units.mean(inputs))
    values = torch.stack([(inputs[:, j] ** 2) / 2 for j in range(UNITS)]).max(0).values
    torch.testing.assert_close(best.detach(), values, rtol=1e-5, atol=1e-8)
    units, _ = competing()
    code = units.mean(inputs).detach()
    left = x - code @ drawn.t()
    assert ((left @ drawn)[code != 0].abs() < 1e-4).all()


def test_greedy_choice_is_mostly_the_best_of_all_pairs():
    units, drawn = competing(k=2)
    x = rows(200)
    left = (x - (units.mean(x @ drawn) @ drawn.t()).detach()).square().sum(1)
    least = torch.full((len(x),), torch.inf, dtype=torch.float64)
    for pair in itertools.combinations(range(UNITS), 2):
        basis = torch.linalg.qr(drawn[:, pair]).Q
        least = torch.minimum(least, (x - x @ basis @ basis.t()).square().sum(1))
    assert (left >= least - 1e-9).all()
    assert float((left < least + 1e-4).double().mean()) > 0.5
    assert float(left.sum() / least.sum()) < 1.15


def test_slopes_agree_with_differences():
    units, drawn = competing()
    inputs = (rows(1) @ drawn).requires_grad_()
    jacobian = torch.autograd.functional.jacobian(lambda eta: units.mean(eta)[0], inputs)[:, 0]
    torch.testing.assert_close(jacobian.diag(), units.variance(inputs)[0])
    step = 1e-6
    for j in range(UNITS):
        move = step * torch.eye(UNITS, dtype=torch.float64)[j]
        change = (units.mean(inputs + move) - units.mean(inputs - move))[0] / (2 * step)
        torch.testing.assert_close(jacobian[:, j], change.detach(), atol=1e-5, rtol=1e-5)


def test_a_row_of_zeros_and_two_units_that_draw_the_same_are_no_trouble():
    units, _ = competing()
    with torch.no_grad():
        units.drawn[:, 1] = units.drawn[:, 0]
    code = units.mean(torch.cat([torch.zeros(1, FEATURES, dtype=torch.float64), rows(20)]) @ units.drawn)
    assert (code[0] == 0).all() and code.isfinite().all() and float(code.detach().abs().max()) < 20


@pytest.fixture(scope="module")
def patches():
    """Rows that are sums of 3 of 20 directions, with a little noise."""
    generator = np.random.default_rng(0)
    truth = generator.normal(size=(20, 12))
    code = np.zeros((1500, 20))
    for row in code:
        row[generator.choice(20, 3, replace=False)] = generator.normal(size=3)
    return (code @ truth + 0.05 * generator.normal(size=(1500, 12))).astype(np.float32)


def test_a_learned_dictionary_explains_more_than_top_k_units_do(patches):
    found = {}
    for code in (Pursuit(3), TopK(3)):
        model = SparseAutoencoder(20, code=code, optimizer=Adam(1e-2), n_iter=40, random_state=0)
        model.fit(patches[:1000])
        held_out = patches[1000:]
        found[type(code)] = Sparsity.of(model.transform(held_out), held_out, model.reconstruct(held_out))
    assert found[Pursuit].l0.value == pytest.approx(3) and found[Pursuit].dead == 0
    assert found[Pursuit].unexplained.value < 0.6 * found[TopK].unexplained.value
    assert found[Pursuit].unexplained.value < 0.1


def test_a_trained_encoder_is_its_decoder_turned_round(patches):
    model = SparseAutoencoder(20, code=Pursuit(3), n_iter=3, random_state=0).fit(patches)
    layer = model.module_.decoder.map.layers[0]
    with torch.no_grad():
        layer.bias.add_(0.5)
    x = torch.from_numpy(patches[:50])
    code = model.module_.encoder.mean(x).detach().numpy()
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    theirs = orthogonal_mp(weight, (patches[:50] - bias).T, n_nonzero_coefs=3).T
    np.testing.assert_allclose(code, theirs, atol=1e-3)


def test_units_that_compete_pay_no_price_on_top(patches):
    model = SparseAutoencoder(20, code=Pursuit(3), n_iter=1, random_state=0).fit(patches)
    assert model.history_[-1]["loss"] == pytest.approx(model.history_[-1]["reconstruction"])
    assert "l1" not in model.history_[-1]


def test_such_a_code_can_be_stacked_under_a_classifier(patches):
    labels = (patches[:, 0] > 0).astype(int)
    start = SparseAutoencoder(20, code=Pursuit(3), n_iter=3, random_state=0).fit(patches)
    model = StackedClassifier(start, noise=Dropout(0.0), n_iter=20, random_state=0).fit(patches, labels)
    assert model.score(patches, labels) > 0.8


def test_a_decoder_of_several_layers_is_refused_in_words(patches):
    with pytest.raises(ValueError, match="needs a decoder of one layer: leave hidden_layer"):
        SparseAutoencoder(20, code=Pursuit(3), hidden_layer_sizes=15).fit(patches)
