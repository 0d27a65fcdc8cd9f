"""Every named model, trained for seconds on scikit-learn's digits, beats its baseline on rows it has not seen."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression

from tildex import (
    CD,
    L0,
    L1,
    PCD,
    RBM,
    SGD,
    Adam,
    Autoencoder,
    BatchNorm,
    BatchTopK,
    Bernoulli,
    BernoulliRBM,
    Categorical,
    Contractive,
    ContractiveAutoencoder,
    Convolutional,
    Cosine,
    DeepAutoencoder,
    DeepBeliefNetwork,
    DeepBoltzmannMachine,
    DenoisingAutoencoder,
    DReG,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    GaussianNoise,
    GaussianRBM,
    JumpReLU,
    KLSparsity,
    LayerNorm,
    Linear,
    LinearAutoencoder,
    Masking,
    Modality,
    MultimodalDBM,
    MultiPrediction,
    Neighbours,
    ReplicatedSoftmaxRBM,
    Revive,
    SemanticHashing,
    SparseAutoencoder,
    StackedClassifier,
    StackedRegressor,
    TopK,
    VampPrior,
    VariationalAutoencoder,
    VirtualAdversarial,
)
from tildex.data import MNIST
from tildex.estimators import Estimator
from tildex.evaluate import (
    Annealing,
    Sparsity,
    independent_bernoulli,
    independent_gaussian,
    iterative_quantization,
    likelihood,
    log_likelihood,
    log_partition,
    log_partition_ais,
    neighbour_error,
    pca_signs,
    pca_squared_error,
    precision_at,
    random_hyperplanes,
    squared_error,
    trustworthiness,
)
from tildex.generator import Generator
from tildex.penalties import jacobian

RANK = 16
DIGITS, LABELS = (load_digits().data / 16).astype("float32"), load_digits().target
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
        DeepAutoencoder(RANK, n_iter_pretraining=30, **DEEP),
        Autoencoder(RANK, norm=BatchNorm(), averaging=0.99, **DEEP),
        Autoencoder(RANK, norm=LayerNorm(), **DEEP),
        Autoencoder(
            RANK, architecture=Convolutional(channels=(16, 32)), activation="silu", **DEEP | {"n_iter": 40}
        ),
    ],
    ids=lambda model: (
        f"{model.slug} {getattr(model, 'norm', None) or ''}{getattr(model, 'architecture', None) or ''}"
    ),
)
def test_nonlinear_codes_beat_pca_of_equal_rank(model):
    error = squared_error(TEST, model.fit(TRAIN).reconstruct(TEST))
    assert clearly_below(error, pca_squared_error(TRAIN, TEST, RANK))


@pytest.mark.parametrize(
    ("code", "penalty"),
    [(TopK(8), None), (BatchTopK(8), None), (JumpReLU(), L0(0.3) + Revive())],
    ids=["top-k", "batch top-k", "jump"],
)
def test_sparse_codes_beat_as_many_principal_components_as_they_use(code, penalty):
    """Of 100 units about 8 are in use of a row, and few are dead; under L1 values shrink, and this would not hold."""
    model = SparseAutoencoder(
        100,
        code=code,
        penalty=penalty,
        n_iter=100,
        optimizer=Adam(1e-2, schedule=Cosine(warmup=0.05)),
        random_state=0,
    ).fit(TRAIN)
    use = Sparsity.of(model.transform(TEST), TEST, model.reconstruct(TEST))
    assert use.l0.value < 11
    assert use.dead < 0.25
    baseline = pca_squared_error(TRAIN, TEST, round(use.l0.value))
    assert clearly_below(squared_error(TEST, model.reconstruct(TEST)), baseline)


def test_a_larger_price_makes_sparser_codes():
    codes = [
        SparseAutoencoder(RANK, penalty=L1(price), **DEEP).fit(TRAIN).transform(TEST) for price in (0.01, 1.0)
    ]
    shares = [(code != 0).mean() for code in codes]
    assert 0.1 < shares[1] < 0.7 * shares[0]


@pytest.mark.parametrize("pretrain", ["denoising", "rbm"])
def test_pretraining_beats_random_weights_at_an_equal_budget(pretrain):
    """Four layers of logistic units, which gradients hardly pass at first; a pass over every layer alone has as many
    products as one over the whole. Means over two seeds: how long the plateau holds random weights varies.
    """

    def errors(**plan):
        for seed in (0, 1):
            model = DeepAutoencoder(
                8,
                hidden_layer_sizes=(128, 64, 32),
                shortcut="none",
                batch_size=100,
                optimizer=Adam(1e-3, schedule=Cosine()),
                random_state=seed,
                **plan,
            )
            yield squared_error(TEST, model.fit(TRAIN).reconstruct(TEST)).value

    random = np.mean(list(errors(pretrain="none", n_iter=120)))
    trained = np.mean(list(errors(pretrain=pretrain, n_iter_pretraining=60, n_iter=60)))
    assert trained < 0.9 * random


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


def test_neighbours_in_the_loss_make_a_map_that_holds_for_other_rows():
    plane = PCA(2).fit(TRAIN)
    model = Autoencoder(
        2,
        hidden_layer_sizes=(128, 128),
        activation="silu",
        penalty=Neighbours(100.0, perplexity=10),
        n_iter=100,
        batch_size=200,
        optimizer=Adam(3e-3, schedule=Cosine(warmup=0.05)),
        random_state=0,
    ).fit(TRAIN)
    ours, theirs = model.transform(TEST), plane.transform(TEST)
    assert trustworthiness(TEST, ours).value > trustworthiness(TEST, theirs).value + 0.06
    known = [neighbour_error(code(TRAIN), LABELS[:1400], code(TEST), LABELS[1400:])
             for code in (model.transform, plane.transform)]  # fmt: skip
    assert known[0].value < known[1].value / 2


def test_learned_bits_find_more_of_a_digits_kind_than_signs_of_projections():
    model = SemanticHashing(
        24,
        hidden_layer_sizes=128,
        penalty=KLSparsity(1.0, target=0.5) + Neighbours(20.0, perplexity=10),
        n_iter=100,
        batch_size=200,
        optimizer=Adam(3e-3),
        random_state=0,
    ).fit(TRAIN)
    assert model.pack(TEST).shape == (len(TEST), 3)

    def precision(hash_):
        return precision_at(50, hash_(TEST), LABELS[1400:], hash_(TRAIN), LABELS[:1400]).value

    others = (
        random_hyperplanes(TRAIN, 24, Generator(0)),
        pca_signs(TRAIN, 24),
        iterative_quantization(TRAIN, 24, Generator(0)),
    )
    assert precision(model.transform) > max(map(precision, others)) + 0.02


def test_variational_bound_beats_independent_units():
    model = VariationalAutoencoder(8, **DEEP).fit(TRAIN)
    baseline = independent_bernoulli(TRAIN, TEST)
    assert model.score(TEST) > baseline.value + 2


VARIATIONAL = {
    "as it comes": {},
    "learned prior": {"prior": VampPrior(50)},
    "importance-weighted": {"rule": DReG(5)},
    "classes": {"n_components": 32, "code": Categorical(4)},
}


def test_variational_autoencoders_beat_independent_units_and_a_learned_prior_the_standard_one():
    found = {}
    for name, settings in VARIATIONAL.items():
        model = VariationalAutoencoder(**{**DEEP, "n_components": 8, **settings}).fit(BINARY_TRAIN)
        found[name] = likelihood(
            model.module_, torch.from_numpy(BINARY_TEST), Generator(0), n_samples=100
        ).value.value
        assert found[name] > independent_bernoulli(BINARY_TRAIN, BINARY_TEST).value + 5
    assert found["learned prior"] > found["as it comes"] + 0.2


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


def test_rbm_as_it_comes_beats_the_plain_gradient():
    model = RBM(16, random_state=0).fit(BINARY_TRAIN)
    ours = float(log_likelihood(model.module_, torch.from_numpy(BINARY_TEST)).mean())
    assert ours > float(log_likelihood(rbm(16).module_, torch.from_numpy(BINARY_TEST)).mean())


def test_gaussian_rbm_as_it_comes_beats_independent_columns():
    """Grey values as real numbers: pixels that never light have no density and are left out."""
    varies = TRAIN.std(0) > 0
    train, test = (
        x[:, varies] + 0.05 * Generator(k).normal(len(x), varies.sum()).numpy()
        for k, x in enumerate((TRAIN, TEST))
    )
    model = GaussianRBM(10, random_state=0).fit(train)
    scaled = model.scaling_(torch.from_numpy(test))
    ours = float(log_likelihood(model.module_, scaled).mean() + model.scaling_.log_volume())
    assert ours > independent_gaussian(train, test).value + 4


def belief_network(**settings):
    return DeepBeliefNetwork(
        64, hidden_layer_sizes=32, batch_size=50, n_iter=60, averaging=0.995, random_state=0, **settings
    )


def test_belief_network_beats_its_lowest_machine_and_independent_units():
    first = RBM(32, batch_size=50, n_iter=60, averaging=0.995, random_state=0).fit(BINARY_TRAIN)
    network = belief_network(start=first).fit(BINARY_TRAIN)
    x, annealing = torch.from_numpy(BINARY_TEST), Annealing(n_betas=1000)
    found = [
        likelihood(m.module_, x, Generator(0), n_samples=50, annealing=annealing).value
        for m in (first, network)
    ]
    assert found[1].value > found[0].value + 0.05
    assert found[1].value > independent_bernoulli(BINARY_TRAIN, BINARY_TEST).value + 5


def test_belief_network_names_and_completes_digits():
    """Far better than a guess by free energy; the lower half from the upper, better than the mean of lower halves."""
    network = belief_network(label_layer=True, optimizer=SGD(0.2, schedule=Linear())).fit(
        BINARY_TRAIN, LABELS[:1400]
    )
    assert np.mean(network.predict(BINARY_TEST) == LABELS[1400:]) > 0.75
    given = BINARY_TEST[:100].copy()
    given[:, 32:] = np.nan
    drawn = [network.sample(100, n_steps=50, given=given, random_state=seed) for seed in range(10)]
    completed = np.mean(drawn, axis=0)
    mean = np.broadcast_to(BINARY_TRAIN.mean(0), completed.shape)
    ours, theirs = (squared_error(BINARY_TEST[:100, 32:], x[:, 32:]) for x in (completed, mean))
    assert clearly_below(ours, theirs)


@pytest.mark.parametrize("pretraining", ["halving", "growing", "two-stage", "none"])
def test_deep_machine_beats_independent_units(pretraining):
    model = DeepBoltzmannMachine(12, hidden_layer_sizes=16, pretraining=pretraining, random_state=0).fit(
        BINARY_TRAIN
    )
    bound = model.score(BINARY_TEST) - log_partition(model.module_)
    assert bound > independent_bernoulli(BINARY_TRAIN, BINARY_TEST).value + 2
    if pretraining == "halving":
        restored = model.inverse_transform(model.transform(BINARY_TEST))
        mean = np.broadcast_to(BINARY_TRAIN.mean(0), restored.shape)
        assert squared_error(BINARY_TEST, restored).value < 0.9 * squared_error(BINARY_TEST, mean).value


def test_a_machine_that_grows_ends_likelier_than_it_began():
    start = RBM(16, random_state=0).fit(BINARY_TRAIN)
    grown = DeepBoltzmannMachine(
        12, hidden_layer_sizes=16, pretraining="growing", start=start, random_state=0
    )
    bound = grown.fit(BINARY_TRAIN).score(BINARY_TEST) - log_partition(grown.module_)
    began = log_likelihood(start.module_, torch.from_numpy(BINARY_TEST)).mean()
    assert bound > float(began) + 0.05


def test_deep_machine_completes_what_is_missing():
    """The lower half of an image from its upper half, better than the mean of all lower halves."""
    model = DeepBoltzmannMachine(12, hidden_layer_sizes=30, random_state=0).fit(BINARY_TRAIN)
    given = BINARY_TEST[:100].copy()
    given[:, 32:] = np.nan
    drawn = [model.sample(100, n_steps=50, given=given, random_state=seed) for seed in range(10)]
    completed = np.mean(drawn, axis=0)
    assert np.array_equal(completed[:, :32], BINARY_TEST[:100, :32])
    mean = np.broadcast_to(BINARY_TRAIN.mean(0), completed.shape)
    ours, theirs = (squared_error(BINARY_TEST[:100, 32:], x[:, 32:]) for x in (completed, mean))
    assert clearly_below(ours, theirs)


def sides(X):
    """Return the left and the right half of each image."""
    images = X.reshape(-1, 8, 8)
    return {"left": images[:, :, :4].reshape(len(X), -1), "right": images[:, :, 4:].reshape(len(X), -1)}


def test_multimodal_machine_infers_one_half_from_the_other():
    """Clearly better than the mean of all halves, and at least as well as linear regression, either way round."""
    train, test = sides(TRAIN), sides(TEST)
    model = MultimodalDBM(
        100,
        modalities=[Modality(name, binarisation="none", hidden_layer_sizes=()) for name in train],
        n_iter=10,
        optimizer=SGD(0.2, schedule=Linear()),
        prediction_rule=MultiPrediction(3),
        prediction_optimizer=Adam(0.01, schedule=Linear()),
        n_iter_prediction=80,
        averaging=None,
        batch_size=100,
        random_state=0,
    ).fit(train)
    for given, wanted in (("left", "right"), ("right", "left")):
        inferred = model.generate(wanted, given={given: test[given]})
        mean = np.broadcast_to(train[wanted].mean(0), inferred.shape)
        regression = LinearRegression().fit(train[given], train[wanted]).predict(test[given]).clip(0, 1)
        ours, theirs, linear = (squared_error(test[wanted], x) for x in (inferred, mean, regression))
        assert clearly_below(ours, theirs)
        assert ours.value < linear.value


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


@pytest.fixture(scope="module")
def trained_rbm():
    """A machine trained on the grey values, as starts of classifiers are."""
    return BernoulliRBM(
        256,
        n_iter=100,
        batch_size=50,
        rule=CD(1),
        learning_rate=0.1,
        momentum=0.9,
        schedule=Linear(),
        random_state=0,
    ).fit(TRAIN)


def test_a_classifier_beats_logistic_regression():
    linear = LogisticRegression(max_iter=2000).fit(TRAIN, LABELS[:1400]).score(TEST, LABELS[1400:])
    model = StackedClassifier(
        corruption=GaussianNoise(0.2),
        noise=Dropout(0.3),
        optimizer=Adam(3e-3, schedule=Cosine()),
        averaging=0.99,
        n_iter=60,
        batch_size=50,
        random_state=0,
    )
    assert model.fit(TRAIN, LABELS[:1400]).score(TEST, LABELS[1400:]) > linear + 0.01


def test_a_trained_start_beats_a_random_one_at_a_hundred_labels(trained_rbm):
    def accuracy(start, seed):
        rows = np.random.default_rng(seed).permutation(1400)[:100]
        model = StackedClassifier(
            start,
            n_iter=150,
            batch_size=25,
            optimizer=Adam(1e-2, schedule=Cosine()),
            start_rate=0.03,
            random_state=0,
        )
        return model.fit(TRAIN[rows], LABELS[rows]).score(TEST, LABELS[1400:])

    trained, random = (np.mean([accuracy(start, seed) for seed in range(5)]) for start in (trained_rbm, None))
    assert trained > random + 0.01


def test_predictions_held_still_generalise_better_from_a_hundred_labels():
    def accuracy(penalty, seed):
        rows = np.random.default_rng(seed).permutation(1400)[:100]
        optimizer = Adam(1e-2, schedule=Cosine())
        model = StackedClassifier(
            penalty=penalty, n_iter=150, batch_size=25, optimizer=optimizer, random_state=0
        )
        return model.fit(TRAIN[rows], LABELS[rows]).score(TEST, LABELS[1400:])

    still, free = (
        np.mean([accuracy(penalty, seed) for seed in range(5)])
        for penalty in (VirtualAdversarial(epsilon=0.5), None)
    )
    assert still > free + 0.01


def test_a_regressor_beats_linear_regression():
    """How much ink the lower half of an image has, and its left part, from the upper half."""
    lower = DIGITS[:, 32:].reshape(-1, 4, 8)
    ink = np.column_stack([lower.sum((1, 2)), lower[:, :, :4].sum((1, 2))])
    linear = LinearRegression().fit(TRAIN[:, :32], ink[:1400]).score(TEST[:, :32], ink[1400:])
    model = StackedRegressor(
        hidden_layer_sizes=128, optimizer=Adam(3e-3, schedule=Cosine()), n_iter=40, random_state=0
    )
    assert model.fit(TRAIN[:, :32], ink[:1400]).score(TEST[:, :32], ink[1400:]) > linear + 0.05


def documents(rows, seed):
    """Return documents of 20 words about two of four topics each, of different lengths."""
    random = np.random.default_rng(seed)
    topics = np.random.default_rng(0).dirichlet(np.full(20, 0.1), size=4)
    shares = np.stack([topics[random.permutation(4)[:2]].mean(0) for _ in range(rows)])
    return np.stack(
        [
            random.multinomial(length, p)
            for length, p in zip(random.integers(20, 60, rows), shares, strict=True)
        ]
    )


def test_a_topic_model_beats_the_frequencies_of_words():
    train, test = documents(1000, 1), documents(200, 2)
    model = ReplicatedSoftmaxRBM(8, n_iter=60, random_state=0).fit(train)
    frequencies = np.log((train.sum(0) + 1) / (train.sum() + 20))
    lengths = test.sum(1)
    ours, theirs = (
        float((score / lengths).mean()) for score in (model.score_samples(test), test @ frequencies)
    )
    assert ours > theirs + 0.1


def test_every_named_model_has_a_baseline_here():
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f"{cls.__name__}(" in sources for cls in Estimator.table.values())
