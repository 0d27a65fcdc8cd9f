"""Deep autoencoders: layers learn the code below them, the stack is their composition, all is one training."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from tildex import (
    RBM,
    SGD,
    Adam,
    Autoencoder,
    BatchNorm,
    BatchTopK,
    Bernoulli,
    Contractive,
    ContractiveAutoencoder,
    Convolutional,
    DeepAutoencoder,
    DeepBeliefNetwork,
    DenoisingAutoencoder,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    LinearAutoencoder,
    Masking,
    ReplicatedSoftmaxRBM,
    Shift,
    SparseAutoencoder,
    StackedClassifier,
    StackedRegressor,
    VariationalAutoencoder,
    load,
    read,
)
from tildex.corruptions import Corruption
from tildex.estimators import Estimator
from tildex.models import one_layer, unroll

DIGITS = read("digits").X[:400]
REAL = np.random.default_rng(0).normal(size=(300, 4)) @ np.random.default_rng(1).normal(size=(4, 9)) + 2
ONE_LAYER = ["autoencoder", "sparse", "denoising", "contractive", "dropout", "rbm", "bernoulli-rbm", "linear"]
SHORT = {"n_iter_pretraining": 2, "n_iter": 2, "random_state": 0}


class _Recorded(Corruption):
    """Masking that remembers what it was given."""

    seen: ClassVar[list] = []

    def __init__(self, rate: float = 0.3) -> None:
        self.rate = rate

    def __call__(self, x, generator):
        self.seen.append(x.clone())
        return Masking(self.rate)(x, generator)


def stacked(*models):
    """Return the unrolled network of models trained by themselves, each on the code of the one below."""
    return unroll([one_layer(model.module_, model.scaling_) for model in models])


@pytest.mark.parametrize("X", [DIGITS, REAL], ids=["digits", "real values"])
@pytest.mark.parametrize(
    "second",
    [
        DenoisingAutoencoder(6, n_iter=3, random_state=0),
        RBM(6, n_iter=3, random_state=0),
        VariationalAutoencoder(3, hidden_layer_sizes=(), n_iter=3, random_state=0),
        LinearAutoencoder(3, precision="auto", random_state=0),
    ],
    ids=lambda model: model.slug,
)
def test_the_unrolled_network_is_the_composition_of_its_models(X, second):
    first = DenoisingAutoencoder(12, n_iter=3, random_state=0).fit(X)
    second.fit(first.transform(X))
    deep = stacked(first, second)
    x = torch.as_tensor(X)
    code = second.transform(first.transform(X))
    np.testing.assert_allclose(deep.encoder.mean(x).detach().numpy(), code, rtol=1e-4, atol=1e-5)
    back = first.inverse_transform(second.inverse_transform(code))
    ours = deep.decoder.mean(torch.as_tensor(code)).detach().numpy()
    np.testing.assert_allclose(ours, back, rtol=1e-4, atol=1e-4)


def test_a_stack_owns_its_weights_both_ways():
    rbm = RBM(6, n_iter=1, random_state=0).fit(DIGITS)
    deep = stacked(rbm)
    names = dict(deep.named_parameters())
    assert len(names) == 4
    with torch.no_grad():
        for parameter in deep.parameters():
            parameter.zero_()
    assert rbm.components_.any()


@pytest.mark.parametrize("X", [DIGITS, REAL], ids=["digits", "real values"])
@pytest.mark.parametrize("name", ONE_LAYER)
def test_any_one_layer_model_pretrains(name, X, tmp_path):
    if name == "bernoulli-rbm" and X is REAL:
        pytest.skip("a machine of binary units, on real values")
    deep = DeepAutoencoder(3, hidden_layer_sizes=(8, 5), pretrain=name, **SHORT).fit(X)
    assert [int(record["stage"]) for record in deep.history_] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert np.isfinite(deep.score_samples(X)).all()
    again = load(deep.save(tmp_path / "run"))
    assert np.array_equal(again.transform(X), deep.transform(X))


def test_every_layer_learns_the_code_below_it_under_its_own_corruption():
    _Recorded.seen = []
    deep = DeepAutoencoder(
        4,
        hidden_layer_sizes=(12, 8),
        pretrain=DenoisingAutoencoder(corruption=_Recorded(), batch_size=100),
        **SHORT,
    ).set_params(n_iter=0, n_iter_pretraining=1)
    deep.fit(DIGITS)
    assert [x.shape[1] for x in _Recorded.seen[::4]] == [64, 12, 8]
    x = torch.from_numpy(DIGITS)
    for depth, conditional in enumerate(deep.module_.encoder.map.conditionals):
        rows = torch.cat(_Recorded.seen[4 * depth : 4 * depth + 4])
        ours, theirs = (v.sort(0).values.detach() for v in (x, rows))
        torch.testing.assert_close(theirs, ours)
        x = conditional.mean(x)


def test_pretraining_alone_stacks_what_the_layers_have_learned():
    """The first layer is the model trained by itself: it rebuilds rows through one decoder."""
    deep = DeepAutoencoder(4, hidden_layer_sizes=20, pretrain="denoising", n_iter_pretraining=30, n_iter=0)
    deep.set_params(pretrain=DenoisingAutoencoder(optimizer=Adam(1e-2), init="random"), random_state=0).fit(
        DIGITS
    )
    assert {record["stage"] for record in deep.history_} == {1.0, 2.0}
    up, down = deep.module_.encoder.map.conditionals[0], deep.module_.decoder.map.conditionals[-1]
    x = torch.from_numpy(DIGITS)
    alone = DenoisingAutoencoder(20, optimizer=Adam(1e-2), n_iter=30, init="random", random_state=1).fit(
        DIGITS
    )
    ours = float((down.mean(up.mean(x)) - x).square().sum(1).mean().detach())
    theirs = float(((alone.reconstruct(DIGITS) - DIGITS) ** 2).sum(1).mean())
    assert ours == pytest.approx(theirs, rel=0.1)


def test_codes_that_are_no_distribution_are_stacked_too(tmp_path):
    layer = SparseAutoencoder(code=BatchTopK(3), n_iter=3)
    deep = DeepAutoencoder(4, hidden_layer_sizes=(20,), pretrain=(layer, "denoising"), **SHORT).fit(DIGITS)
    first = deep.module_.encoder.map.conditionals[0]
    assert 0 < (first.mean(torch.from_numpy(DIGITS)) != 0).float().mean() < 0.5
    again = load(deep.save(tmp_path / "run"))
    assert np.array_equal(again.transform(DIGITS), deep.transform(DIGITS))


def test_every_neural_autoencoder_takes_images_and_norms():
    images = {
        "architecture": Convolutional(channels=(4, 6)),
        "hidden_layer_sizes": (20,),
        "norm": BatchNorm(),
    }
    neural = (
        DenoisingAutoencoder,
        ContractiveAutoencoder,
        DropoutAutoencoder,
        SparseAutoencoder,
        VariationalAutoencoder,
    )
    for cls in neural:
        model = cls(5, n_iter=2, averaging=0.9, early_stopping=True, random_state=0, **images).fit(DIGITS)
        assert model.reconstruct(DIGITS).shape == DIGITS.shape
        np.testing.assert_allclose(
            model.transform(DIGITS[:1]), model.transform(DIGITS)[:1], rtol=1e-4, atol=1e-5
        )


def test_pretraining_may_be_left_out_and_the_network_is_the_same():
    settings = {"hidden_layer_sizes": (8, 5), "n_iter": 2, "random_state": 0}
    plain = DeepAutoencoder(3, pretrain="none", **settings).fit(DIGITS)
    left = DeepAutoencoder(3, pretrain="rbm", n_iter_pretraining=0, **settings).fit(DIGITS)
    assert np.array_equal(plain.transform(DIGITS), left.transform(DIGITS))
    assert {record["stage"] for record in plain.history_} == {1.0}


def test_a_model_a_layer_with_settings_of_its_own(tmp_path):
    models = (RBM(optimizer=SGD(0.05), n_iter=3), DropoutAutoencoder(noise=Dropout(0.1), n_iter=2), "linear")
    deep = DeepAutoencoder(3, hidden_layer_sizes=(8, 5), pretrain=models, n_iter=1, random_state=0).fit(
        DIGITS
    )
    assert [int(record["stage"]) for record in deep.history_] == [1] * 3 + [2] * 2 + [3] * 20 + [4]
    assert [record["learning_rate"] for record in deep.history_[:3]] == [0.05] * 3
    again = load(deep.save(tmp_path / "run"))
    assert repr(again.pretrain) == repr(models)
    assert again.set_params(n_iter=2).fit(DIGITS).n_iter_ == 27
    families = [type(c.units) for c in deep.module_.encoder.map.conditionals]
    assert families == [Bernoulli, Bernoulli, Gaussian]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pretrain": "denoisng"}, "no model is called 'denoisng'; did you mean 'denoising'"),
        ({"pretrain": None}, "pretrain must be the name of a one-layer model such as 'denoising'"),
        ({"pretrain": ["rbm"]}, "pretrain has 1 models for 2 layers"),
        ({"pretrain": ["rbm", "none"]}, "no model is called 'none'"),
        ({"pretrain": Autoencoder(hidden_layer_sizes=(4,))}, "layer 1: expected a model of one layer"),
        ({"pretrain": DeepBeliefNetwork()}, "got DeepBeliefNetwork"),
        ({"pretrain": ReplicatedSoftmaxRBM()}, "got ReplicatedSoftmaxRBM"),
        ({"pretrain": "vae", "n_iter": -1}, "n_iter must be a whole number of at least 0, got -1"),
        ({"n_iter_pretraining": -1}, "n_iter_pretraining must be a whole number of at least 0"),
        ({"n_iter": 0, "pretrain": "none"}, "there is nothing to train"),
        ({"hidden": Gaussian(), "pretrain": ["denoising", "bernoulli-rbm"]}, "do not rescale them|layer 2"),
    ],
)
@pytest.mark.filterwarnings("ignore:BernoulliRBM expects values:UserWarning")
def test_what_cannot_be_stacked_is_refused(settings, message):
    deep = DeepAutoencoder(3, hidden_layer_sizes=(5,), n_iter_pretraining=1, n_iter=1, random_state=0)
    with pytest.raises(ValueError, match=message):
        deep.set_params(**settings).fit(DIGITS)


def test_a_warm_start_goes_on_with_fine_tuning():
    deep = DeepAutoencoder(3, hidden_layer_sizes=(8,), warm_start=True, **SHORT).fit(DIGITS)
    before = deep.score(DIGITS)
    deep.set_params(n_iter=5, optimizer=Adam(1e-2)).fit(DIGITS)
    assert [int(record["stage"]) for record in deep.history_] == [1] * 5
    assert deep.score(DIGITS) > before


def test_fine_tuning_takes_corruption_penalty_noise_augmentation_and_a_largest_norm():
    def trained(**settings):
        deep = DeepAutoencoder(3, hidden_layer_sizes=(8,), **{**SHORT, **settings})
        return deep.fit(DIGITS[:200]).transform(DIGITS[:20])

    plain = trained()
    for setting in (
        {"corruption": Masking(0.3)},
        {"penalty": Contractive(0.1)},
        {"noise": Dropout(0.3)},
        {"augmentation": Shift(1)},
        {"max_norm": 0.5},
    ):
        assert not np.allclose(trained(**setting), plain)
    deep = DeepAutoencoder(3, hidden_layer_sizes=(8,), max_norm=0.5, **SHORT).fit(DIGITS[:200])
    weights = [p for p in deep.module_.parameters() if p.ndim > 1]
    assert max(float(w.detach().norm(dim=1).max()) for w in weights) <= 0.5 + 1e-6


@pytest.mark.parametrize("pretrain", ["denoising", "contractive", "rbm", "none"])
def test_a_classifier_starts_from_the_stack_with_dropout_and_a_largest_norm(pretrain):
    y = read("digits").y[:400]
    deep = DeepAutoencoder(
        32, hidden_layer_sizes=64, pretrain=pretrain, code=Bernoulli(), shortcut="none", **SHORT
    )
    deep.fit(DIGITS)
    settings = {"corruption": Dropout(0.1), "noise": Dropout(0.1), "max_norm": 3.0, "random_state": 0}
    frozen = StackedClassifier(deep, start_rate=0.0, n_iter=1, **settings | {"max_norm": None}).fit(DIGITS, y)
    np.testing.assert_allclose(frozen.transform(DIGITS), deep.transform(DIGITS), rtol=1e-5)
    tuned = StackedClassifier(deep, start_rate=1.0, n_iter=60, optimizer=Adam(1e-2), **settings).fit(
        DIGITS, y
    )
    assert tuned.score(DIGITS, y) > 0.9
    weights = [p for p in tuned.module_.parameters() if p.ndim > 1]
    assert len(weights) == 3
    assert max(float(w.detach().norm(dim=1).max()) for w in weights) <= 3 + 1e-5
    assert StackedRegressor(deep, n_iter=2, random_state=0).fit(DIGITS, DIGITS[:, :2]).predict(DIGITS).shape


def test_names_of_models_that_cannot_be_stacked_say_so():
    """Every transformer of the table either pretrains or is refused by name."""
    for name, cls in Estimator.table.items():
        if not issubclass(cls, Estimator) or name in ONE_LAYER:
            continue
        deep = DeepAutoencoder(2, hidden_layer_sizes=(4,), pretrain=name, hidden=Gaussian(), **SHORT)
        try:
            deep.fit(REAL)
        except ValueError as error:
            assert "pretrain" in str(error), name


def test_held_out_rows_judge_fine_tuning_alone():
    model = DeepAutoencoder(4, hidden_layer_sizes=8, **SHORT).fit(DIGITS[:200], X_val=DIGITS[200:])
    judged = [(record["stage"], "held_out" in record) for record in model.history_]
    assert judged == [(1, False), (1, False), (2, False), (2, False), (3, True), (3, True)]
