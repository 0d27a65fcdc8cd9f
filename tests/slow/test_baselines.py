"""Every named model, trained for seconds on scikit-learn's digits, beats its baseline on rows it has not seen."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from tildex import (
    L1,
    PCD,
    Adam,
    Autoencoder,
    Bernoulli,
    BernoulliRBM,
    Contractive,
    ContractiveAutoencoder,
    Cosine,
    DenoisingAutoencoder,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    Linear,
    LinearAutoencoder,
    Masking,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from tildex.data import MNIST
from tildex.estimators import Estimator
from tildex.evaluate import (
    independent_bernoulli,
    log_likelihood,
    log_partition_ais,
    pca_squared_error,
    squared_error,
)
from tildex.generator import Generator
from tildex.penalties.contractive import jacobian

RANK = 16
DIGITS = (load_digits().data / 16).astype("float32")
TRAIN, TEST = DIGITS[:1400], DIGITS[1400:]
BINARY_TRAIN, BINARY_TEST = ((x > 0.5).astype("float32") for x in (TRAIN, TEST))

DEEP = {
    "hidden_layer_sizes": (128,),
    "n_iter": 60,
    "optimizer": Adam(1e-2, schedule=Cosine(warmup=0.05)),
    "random_state": 0,
}


def clearly_below(ours, baseline):
    """Say whether an error is smaller by more than three standard errors of the difference, taken as independent."""
    spread = np.hypot(ours.standard_error, baseline.standard_error)
    return ours.value < baseline.value - 3 * spread


@pytest.mark.parametrize(
    "model",
    [
        Autoencoder(RANK, **DEEP),
        SparseAutoencoder(RANK, penalty=L1(0.01), **DEEP),
        ContractiveAutoencoder(RANK, penalty=Contractive(0.01), **DEEP),
        DropoutAutoencoder(RANK, code=Gaussian(), noise=Dropout(0.05), **DEEP),
    ],
    ids=lambda model: model.slug,
)
def test_nonlinear_codes_beat_pca_of_equal_rank(model):
    error = squared_error(TEST, model.fit(TRAIN).reconstruct(TEST))
    assert clearly_below(error, pca_squared_error(TRAIN, TEST, RANK))


def test_sparse_codes_are_sparse():
    plain, sparse = (cls(RANK, **DEEP).fit(TRAIN).transform(TEST) for cls in (Autoencoder, SparseAutoencoder))
    assert np.abs(sparse).sum(1).mean() < np.abs(plain).sum(1).mean() / 2


def test_contractive_codes_follow_the_input_less():
    x = torch.from_numpy(TEST)
    plain = Autoencoder(RANK, code=Bernoulli(), **DEEP).fit(TRAIN)
    contractive = ContractiveAutoencoder(RANK, penalty=Contractive(0.01), **DEEP).fit(TRAIN)
    norms = [float(jacobian(m.module_, x).square().sum((1, 2)).mean().detach()) for m in (plain, contractive)]
    errors = [squared_error(TEST, m.reconstruct(TEST)).value for m in (plain, contractive)]
    assert norms[1] < norms[0] / 2
    assert errors[1] < 1.1 * errors[0]


def test_denoising_restores_better_than_pca_of_equal_rank():
    masked = Masking(0.3)(torch.from_numpy(TEST), Generator(0)).numpy()
    model = DenoisingAutoencoder(RANK, corruption=Masking(0.3), **DEEP).fit(TRAIN)
    pca = PCA(RANK).fit(TRAIN)
    # The mask costs PCA less where its rows keep their mean: the better of both is the baseline.
    baselines = [
        squared_error(TEST, pca.inverse_transform(pca.transform(rows))) for rows in (masked, masked / 0.7)
    ]
    baseline = min(baselines, key=lambda estimate: estimate.value)
    assert clearly_below(squared_error(TEST, model.reconstruct(masked)), baseline)


def same_subspace(train, test, rank):
    # In float64: on float32 rows scikit-learn's own axes are off by more than ours.
    ours, pca = LinearAutoencoder(rank, random_state=0).fit(train), PCA(rank).fit(train.astype(float))
    theirs = squared_error(test, pca.inverse_transform(pca.transform(test)))
    assert squared_error(test, ours.reconstruct(test)).value == pytest.approx(theirs.value, rel=1e-3)
    assert subspace_angles(ours.components_.T, pca.components_.T).max() < 1e-3
    np.testing.assert_allclose(ours.components_ @ ours.components_.T, np.eye(rank), atol=1e-3)
    codes = ours.transform(train).astype(float)
    np.testing.assert_allclose(codes.var(0), pca.explained_variance_, rtol=2e-3)


@pytest.mark.parametrize("rank", [2, RANK])
def test_linear_autoencoder_is_pca_on_digits(rank):
    same_subspace(TRAIN, TEST, rank)


def test_linear_autoencoder_is_pca_on_mnist():
    root = os.environ.get("TILDEX_DATA")
    if not root or not MNIST().present(root):
        pytest.skip("TILDEX_DATA names no folder with MNIST in it")
    train, test = (MNIST().load(root, split).X for split in ("train", "test"))
    assert train.shape == (60_000, 784)
    same_subspace(train, test, 30)


def test_variational_bound_beats_independent_units():
    model = VariationalAutoencoder(8, **DEEP).fit(TRAIN)
    baseline = independent_bernoulli(TRAIN, TEST)
    assert model.score(TEST) > baseline.value + 2


def rbm(hidden):
    return BernoulliRBM(
        hidden,
        n_iter=60,
        batch_size=50,
        rule=PCD(1, n_chains=100),
        learning_rate=0.1,
        schedule=Linear(),
        random_state=0,
    ).fit(BINARY_TRAIN)


def test_rbm_likelihood_beats_independent_units():
    ours = log_likelihood(rbm(16).module_, torch.from_numpy(BINARY_TEST)).mean()
    assert float(ours) > independent_bernoulli(BINARY_TRAIN, BINARY_TEST).value + 3.5


def test_rbm_too_large_to_enumerate_beats_independent_units_by_ais():
    machine = rbm(64).module_
    result = log_partition_ais(machine, Generator(0), n_chains=100, n_betas=1000)
    x = torch.from_numpy(BINARY_TEST)
    with torch.no_grad():
        unnormalised = float(machine.log_marginal([x, x]).mean())
    partition = result.log_partition
    assert result.effective_sample_size > 10
    baseline = independent_bernoulli(BINARY_TRAIN, BINARY_TEST)
    assert unnormalised - partition.value - 4 * partition.standard_error > baseline.value + 4


def test_every_named_model_has_a_baseline_here():
    source = Path(__file__).read_text()
    assert all(f"{cls.__name__}(" in source for cls in Estimator.table.values())
