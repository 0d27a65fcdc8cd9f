"""The linear autoencoder beside PCA: tied and untied, descended and solved, rotated and ordered by training."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA

from tildex import Adam, DeepAutoencoder, LinearAutoencoder, Nested, Reconstruction, load
from tildex.estimators.autoencoders.linear_axes import rotated, uncorrelated, unit_length
from tildex.evaluate import axis_cosines, squared_error

DRAWS = np.random.default_rng(0)
X = DRAWS.normal(size=(500, 12)) * 1.4 ** -np.arange(12) @ np.linalg.qr(DRAWS.normal(size=(12, 12)))[0] + 2
THEIRS = PCA(5, svd_solver="full").fit(X)

ALL = [
    (weights, solver, rule)
    for weights in ("tied", "untied")
    for solver in ("gradient", "closed-form")
    for rule in (Reconstruction(), Nested())
]


@pytest.mark.parametrize(("weights", "solver", "rule"), ALL, ids=str)
def test_every_way_ends_at_the_axes_of_pca_in_order(weights, solver, rule):
    model = LinearAutoencoder(5, weights=weights, solver=solver, rule=rule, random_state=0).fit(X)
    assert axis_cosines(model.components_, THEIRS.components_).min() > 1 - 1e-6
    assert model.principal_angles_.shape == (5,)
    assert model.principal_angles_.max() < 1e-3
    assert model.history_[-1]["largest_angle"] == model.principal_angles_.max()
    best = squared_error(X, THEIRS.inverse_transform(THEIRS.transform(X))).value
    assert squared_error(X, model.reconstruct(X)).value == pytest.approx(best, rel=1e-6)
    codes, expected = model.transform(X), THEIRS.transform(X)
    np.testing.assert_allclose(np.abs(codes), np.abs(expected), atol=1e-2)
    np.testing.assert_allclose(np.linalg.norm(model.components_, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("solver", ["gradient", "closed-form"])
def test_standardised_columns_give_pca_of_the_correlations(solver):
    wild = X * 10.0 ** np.arange(-6, 6)
    theirs = PCA(4, svd_solver="full").fit(wild / wild.std(0))
    model = LinearAutoencoder(4, columns="standardised", solver=solver, random_state=0).fit(wild)
    assert axis_cosines(model.components_, theirs.components_).min() > 1 - 1e-6
    back = theirs.inverse_transform(theirs.transform(wild / wild.std(0))) * wild.std(0)
    np.testing.assert_allclose(model.reconstruct(wild) / wild.std(0), back / wild.std(0), atol=1e-3)
    with pytest.raises(ValueError, match="columns must be one of"):
        LinearAutoencoder(columns="standardized").fit(wild)


@pytest.mark.parametrize("weights", ["tied", "untied"])
def test_axes_are_turned_without_changing_a_reconstruction(weights):
    """Long before training has ended, where the subspace is not yet that of PCA."""
    model = LinearAutoencoder(
        5, weights=weights, optimizer=Adam(1e-2), n_iter=3, batch_size=50, random_state=0
    )
    before = model.partial_fit(X).partial_fit(X).partial_fit(X).reconstruct(X)
    finished = clone(model).fit(X)
    np.testing.assert_allclose(finished.reconstruct(X), before, atol=1e-9)
    codes = finished.transform(X)
    covariance = np.cov(codes.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-6 * covariance.max()
    assert (np.diff(np.diag(covariance)) < 0).all()


def test_changes_of_the_code_leave_the_product_alone():
    encoder, decoder = (torch.from_numpy(DRAWS.normal(size=(4, 7))) for _ in range(2))
    moment = torch.from_numpy(np.cov(DRAWS.normal(size=(7, 50))))
    for change in (lambda e, d: uncorrelated(e, d, moment), unit_length):
        e, d = change(encoder, decoder)
        torch.testing.assert_close(d.t() @ e, decoder.t() @ encoder)
        torch.testing.assert_close(torch.linalg.vector_norm(d, dim=1), torch.ones(4, dtype=torch.float64))
    e, d = rotated(encoder, encoder, moment)
    torch.testing.assert_close(d.t() @ e, encoder.t() @ encoder)


def test_a_gradient_without_turning_has_other_axes_than_the_nested_one():
    """Plain reconstruction leaves the axes open: only the rotation, or the nested loss, finds them."""
    plain = LinearAutoencoder(5, n_iter=20, random_state=0).partial_fit(X)
    for _ in range(20):
        plain.partial_fit(X)
    assert axis_cosines(plain.components_, THEIRS.components_).min() < 0.9


def test_more_units_than_features_find_all_axes():
    for weights in ("tied", "untied"):
        model = LinearAutoencoder(15, weights=weights, solver="closed-form").fit(X)
        np.testing.assert_allclose(model.reconstruct(X), X, atol=1e-9)
    assert LinearAutoencoder(15, weights="untied", random_state=0).fit(X).transform(X).shape == (500, 15)


def test_saved_angles_come_back(tmp_path):
    model = LinearAutoencoder(3, weights="untied", solver="closed-form").fit(X)
    again = load(model.save(tmp_path / "run"))
    np.testing.assert_array_equal(again.principal_angles_, model.principal_angles_)
    np.testing.assert_array_equal(again.components_, model.components_)


def test_a_closed_form_reports_held_out_rows_and_refuses_steps():
    model = LinearAutoencoder(3, solver="closed-form", early_stopping=True, random_state=0).fit(X)
    assert model.history_[0]["held_out"] > 0 and model.n_iter_ == 1
    with pytest.raises(ValueError, match="need solver='gradient', got 'closed-form'"):
        model.set_params(early_stopping=False).partial_fit(X)
    with pytest.raises(ValueError, match="need solver='gradient'"):
        DeepAutoencoder(2, hidden_layer_sizes=3, pretrain=model, n_iter=1, n_iter_pretraining=1).fit(X)
    with pytest.raises(ValueError, match="no epochs to keep codes at"):
        model.fit(X, snapshots=[0])


@pytest.mark.parametrize(("setting", "value"), [("weights", "tide"), ("solver", "closed")])
def test_unknown_ways_are_refused(setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be one of .*got '{value}'"):
        LinearAutoencoder(**{setting: value}).fit(X)
