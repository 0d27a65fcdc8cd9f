"""Sparse autoencoders in training: silent units come back, lengths hold, codes do not depend on neighbours."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

import tildex
from tildex import (
    L0,
    L1,
    Adam,
    Autoencoder,
    BatchTopK,
    Bernoulli,
    DenoisingAutoencoder,
    Gaussian,
    JumpReLU,
    KLSparsity,
    Masking,
    Pursuit,
    Rectified,
    Revive,
    SparseAutoencoder,
    StackedClassifier,
    TopK,
    WeightDecay,
)
from tildex.data import rows
from tildex.generator import Generator
from tildex.train import Plan, Trainer

X = np.random.default_rng(0).random((400, 12)).astype(np.float32)
CODES = [TopK(3), BatchTopK(3), JumpReLU(0.2), Rectified(), Pursuit(3)]


def sparse(code=None, penalty=None, **settings):
    settings = {"n_iter": 5, "optimizer": Adam(1e-2), "random_state": 0} | settings
    return SparseAutoencoder(30, code=code, penalty=penalty, **settings)


def lengths(model):
    return model.module_.decoder.map.layers[0].weight.detach().norm(dim=0)


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_a_row_is_encoded_by_itself(code):
    model = sparse(code).fit(X)
    code = model.transform(X)
    assert (code == 0).any() and (code != 0).any()
    np.testing.assert_allclose(
        np.concatenate([model.transform(x[None]) for x in X[:50]]), code[:50], rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(model.transform(X[::-1])[::-1], code, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_what_was_learned_is_saved_with_the_weights(code, tmp_path):
    model = sparse(code).fit(X)
    again = tildex.load(model.save(tmp_path / "run"))
    assert np.array_equal(again.transform(X), model.transform(X))
    assert repr(again) == repr(model)
    assert np.array_equal(clone(model).fit(X).transform(X), model.transform(X))


@pytest.mark.parametrize("hidden", [(), (16,)], ids=["one layer", "two layers"])
@pytest.mark.parametrize("penalty", [None, Revive(after=1000)], ids=["alone", "revived"])
def test_silent_units_come_back_where_they_are_revived(penalty, hidden):
    """Half of the units begin where no row reaches them."""
    model = sparse(
        TopK(3, start=1.0, anneal=0.0), penalty or WeightDecay(0.0), hidden_layer_sizes=hidden, n_iter=1
    )
    model.fit(X)
    with torch.no_grad():
        model.module_.encoder.map.layers[-1].bias[:15] = -3.0
    trainer = Trainer(
        model.module_,
        model._rule(),
        Adam(1e-2),
        Plan(n_iter=150),
        Generator(0),
        restraints=model._restraints(),
    )
    trainer.fit(rows(model.scaling_(torch.from_numpy(X))))
    used = (model.transform(X)[:, :15] != 0).any(0)
    assert used.mean() > 0.5 if penalty else not used.any()


def test_batch_top_k_keeps_its_rate_on_rows_it_has_not_seen():
    model = SparseAutoencoder(60, code=BatchTopK(5), n_iter=30, optimizer=Adam(3e-3), random_state=0)
    train, test = tildex.read("digits"), tildex.read("digits", split="test")
    counts = (model.fit(train.X).transform(test.X) != 0).sum(1)
    assert counts.mean() == pytest.approx(5, abs=0.5) and counts.std() > 0.5


@pytest.mark.parametrize("code", [*CODES, Gaussian()], ids=repr)
@pytest.mark.parametrize("settings", [{}, {"averaging": 0.9}, {"early_stopping": True}], ids=str)
def test_what_units_draw_has_length_one(code, settings):
    torch.testing.assert_close(lengths(sparse(code, **settings).fit(X)), torch.ones(30))


def test_codes_with_an_upper_bound_draw_at_any_length():
    model = sparse(Bernoulli(), KLSparsity(), n_iter=20).fit(X)
    assert (lengths(model) - 1).abs().max() > 0.1


def test_the_encoder_starts_as_the_transpose_and_sees_what_differs_from_the_mean():
    model = sparse(TopK(3), hidden_layer_sizes=(16,), likelihood=Bernoulli(), optimizer=Adam(1e-12), n_iter=1)
    encoder, decoder = (half.map.layers for half in (model.fit(X).module_.encoder, model.module_.decoder))
    for up, down in zip(encoder, reversed(decoder), strict=True):
        torch.testing.assert_close(up.weight, down.weight.t(), atol=1e-5, rtol=0)
    mean = torch.from_numpy(X.mean(0))
    torch.testing.assert_close(encoder[0](mean), torch.zeros(16), atol=1e-4, rtol=0)


def test_penalties_follow_the_code_where_none_is_given():
    def names(code, penalty=None):
        return [type(term).__name__ for term in sparse(code, penalty)._rule().penalty.terms()]

    assert names(None) == names(Rectified()) == names(Gaussian()) == ["L1"]
    assert names(TopK(3)) == names(BatchTopK(3)) == ["Revive"]
    assert names(JumpReLU()) == ["L0", "Revive"]
    assert names(TopK(3), L1(0.1) + L0(0.1)) == ["L1", "L0"]


def test_pixels_keep_their_relative_scale_and_tables_do_not():
    dim = X.copy()
    dim[:, 0] *= 0.01
    scales = sparse().fit(dim).scaling_.scale
    assert scales.unique().numel() == 1
    np.testing.assert_allclose(float(scales[0]) ** 2, dim.var(0).mean(), rtol=1e-4)
    np.testing.assert_allclose(sparse().fit(2 * dim).scaling_.scale, 2 * dim.std(0), rtol=1e-4)
    assert (sparse(likelihood=Bernoulli()).fit(dim).scaling_.scale == 1).all()


def test_a_higher_price_leaves_fewer_units_in_use():
    counts = [
        (sparse(JumpReLU(0.1), L0(price, warmup=0.0), n_iter=40).fit(X).transform(X) != 0).mean()
        for price in (0.01, 0.3)
    ]
    assert counts[1] < 0.7 * counts[0]


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_other_estimators_take_such_codes_too(code):
    for model in (
        Autoencoder(30, code=code, n_iter=3, random_state=0),
        DenoisingAutoencoder(30, code=code, corruption=Masking(0.2), n_iter=3, random_state=0),
    ):
        z = model.fit(X).transform(X)
        assert (z == 0).any() and np.isfinite(model.score_samples(X)).all()
    y = (X[:, 0] > 0.5).astype(int)
    assert StackedClassifier(model, n_iter=3, random_state=0).fit(X, y).predict(X).shape == (400,)


def test_one_row_and_one_column_are_enough():
    for data in (X[:1], X[:, :1]):
        model = SparseAutoencoder(2, code=TopK(1), n_iter=2, random_state=0).fit(data)
        assert np.isfinite(model.transform(data)).all()
        assert all(np.isfinite(list(record.values())).all() for record in model.history_)


def test_too_few_components_are_said():
    with pytest.raises(ValueError, match=r"TopK\(k=25.* uses 25 units, and the code has 8: lower k"):
        SparseAutoencoder(8, code=TopK(25)).fit(X)
