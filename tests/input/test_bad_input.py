"""Wrong input is refused in words that say what was expected and what came; odd input works."""

import numpy as np
import pytest
import torch

from tildex import (
    RBM,
    Autoencoder,
    Bernoulli,
    BernoulliRBM,
    Categorical,
    DeepBoltzmannMachine,
    Gaussian,
    LinearAutoencoder,
    ReplicatedSoftmaxRBM,
    SemanticHashing,
    VariationalAutoencoder,
)

X = np.random.default_rng(0).random((30, 5))


@pytest.fixture
def model(estimator_class):
    names = estimator_class().get_params()
    passes = {name: 2 for name in names if name.startswith("n_iter") and name != "n_iter_no_change"}
    return estimator_class(n_components=2, random_state=0).set_params(**passes)


def spoilt(value, dtype=float):
    spoilt = X.astype(dtype)
    spoilt[7, 3] = value
    return spoilt


BAD = {
    "one-dimensional": (X[:, 0], "Expected 2D array, got 1D array"),
    "three-dimensional": (X[None], "dim 3"),
    "NaN": (spoilt(np.nan), "contains NaN"),
    "infinite": (spoilt(np.inf), "contains infinity"),
    "text": (spoilt("abc", object), "could not convert string to float"),
    "complex": (X + 1j, "Complex data not supported"),
    "no rows": (X[:0], r"Found array with 0 sample\(s\)"),
    "no columns": (X[:, :0], r"0 feature\(s\)"),
}

BAD_TENSORS = {
    "one-dimensional": (torch.zeros(5), r"expected a tensor of shape \(rows, features\), got \(5,\)"),
    "no rows": (torch.zeros(0, 5), r"expected a tensor of shape .*got \(0, 5\)"),
    "NaN": (torch.full((4, 5), torch.nan), "the tensor contains NaN or infinity"),
}


def takes_nan(model):
    return model.__sklearn_tags__().input_tags.allow_nan


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_bad_arrays_are_refused(model, case, method):
    bad, message = BAD[case]
    if case == "NaN" and takes_nan(model):
        bad, message = np.where(np.arange(5) == 3, np.nan, X), "no known value"
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(bad)


@pytest.mark.parametrize("method", ["transform", "reconstruct", "score_samples", "partial_fit"])
def test_bad_arrays_are_refused_after_training_too(model, method):
    model.fit(X)
    refused = [*BAD.items(), *BAD_TENSORS.items()]
    for _, (bad, message) in (one for one in refused if one[0] != "NaN" or not takes_nan(model)):
        with pytest.raises(ValueError, match=message):
            getattr(model, method)(bad)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5 features"):
        getattr(model, method)(X[:, :4])
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5 features"):
        getattr(model, method)(torch.from_numpy(X[:, :4]))


@pytest.mark.parametrize("case", BAD_TENSORS)
def test_bad_tensors_are_refused(model, case):
    bad, message = BAD_TENSORS[case]
    if case == "NaN" and takes_nan(model):
        message = "no known value"
    with pytest.raises(ValueError, match=message):
        model.fit(bad)


def test_codes_of_the_wrong_size_are_refused(model):
    model.fit(X)
    for codes in (np.zeros((4, 3)), torch.zeros(4, 3)):
        with pytest.raises(ValueError, match=r"expected codes of shape \(rows, 2\), got \(4, 3\)"):
            model.inverse_transform(codes)


def test_an_untrained_model_says_so(model):
    for method in ("transform", "inverse_transform", "reconstruct", "score_samples", "save"):
        with pytest.raises(ValueError, match="is not fitted yet"):
            getattr(model, method)(X)


@pytest.mark.parametrize("kind", ["autoencoder", "variational"])
def test_values_a_likelihood_cannot_take_name_their_column(kind):
    cls = {"autoencoder": Autoencoder, "variational": VariationalAutoencoder}[kind]
    model = cls(2, likelihood=Bernoulli(), n_iter=1)
    message = r"Bernoulli\(\) units expect values from 0 to 1, but column 3 has -2 to .*rescale it, or choose another"
    with pytest.raises(ValueError, match=message):
        model.fit(spoilt(-2.0))
    model.fit(X)
    with pytest.raises(ValueError, match="but column 3 has -2"):
        model.partial_fit(spoilt(-2.0))
    with pytest.raises(ValueError, match="units expect values from 0 to 1, got -2"):
        model.score_samples(spoilt(-2.0))


def test_the_column_is_named_as_the_frame_names_it():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(spoilt(7.0), columns=["a", "b", "c", "weight", "e"])
    with pytest.raises(ValueError, match=r"column 3 \(weight\) has .* to 7"):
        Autoencoder(2, likelihood=Bernoulli(), n_iter=1).fit(frame)


def test_columns_that_form_no_variables_are_refused():
    with pytest.raises(
        ValueError, match=r"Categorical\(n_classes=3\) units expect a multiple of 3 columns, got 5"
    ):
        Autoencoder(2, likelihood=Categorical(3), n_iter=1).fit(X)
    with pytest.raises(ValueError, match="add up to 1"):
        Autoencoder(2, likelihood=Categorical(5), n_iter=1).fit(X)


ODD = {
    "constant column": np.column_stack([X, np.full(30, 0.25)]),
    "constant far column": np.column_stack([X, np.full(30, 1e6)]),
    "all constant": np.full((30, 5), 0.5),
    "all zero": np.zeros((30, 5)),
    "one row": X[:1],
    "two rows": X[:2],
    "one column": X[:, :1],
    "integers": (X * 10).astype(int),
    "booleans": X > 0.5,
    "huge": X * 1e12,
    "tiny": X * 1e-12,
    "float16": X.astype(np.float16),
}


@pytest.mark.filterwarnings("ignore:BernoulliRBM expects values from 0 to 1:UserWarning")
@pytest.mark.parametrize("case", ODD)
def test_odd_data_work(model, case):
    data = ODD[case]
    if case == "huge" and isinstance(model, ReplicatedSoftmaxRBM):
        with pytest.raises(ValueError, match="documents of at most 16,777,216 words"):
            model.fit(data)
        return
    if case == "constant far column" and isinstance(model, ReplicatedSoftmaxRBM):
        # To draw documents of a million words takes long, and shows no more than a hundred thousand.
        data = data.clip(max=1e5)
    model.fit(data)
    assert np.isfinite(model.transform(data)).all()
    assert np.isfinite(model.score_samples(data)).all()
    reconstruction = model.reconstruct(data)
    assert reconstruction.shape == data.shape
    assert np.isfinite(reconstruction).all()
    assert all(np.isfinite(list(record.values())).all() for record in model.history_)


def test_fewer_rows_than_a_batch(model):
    assert model.set_params(batch_size=1000).fit(X).transform(X).shape == (30, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components must be a whole number of at least 1, got 0"),
        ({"n_components": 2.5}, "n_components must be a whole number of at least 1, got 2.5"),
        ({"n_iter": -1}, "n_iter must be a whole number of at least [01], got -1"),
        ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
        ({"device": "abacus"}, "expected a device such as 'auto', 'cpu' or 'cuda:0', got 'abacus'"),
        ({"precision": "float8"}, "expected precision 'auto' or one of .*'float32'.* got 'float8'"),
        (
            {"early_stopping": True, "validation_fraction": 0.001},
            "validation_fraction=0.001 of 30 rows holds out 0: give more rows",
        ),
        ({"early_stopping": True, "validation_fraction": 1.0}, "of 30 rows holds out 30"),
    ],
    ids=[
        "n_components",
        "half a unit",
        "n_iter",
        "batch_size",
        "device",
        "precision",
        "no held-out",
        "no rows",
    ],
)
def test_impossible_settings_are_refused(model, settings, message):
    with pytest.raises(ValueError, match=message):
        model.set_params(**settings).fit(X)


def test_an_absent_gpu_is_refused(model):
    if torch.cuda.is_available():
        assert model.set_params(device="cuda").fit(X).device_.type == "cuda"
    else:
        with pytest.raises(ValueError, match=r"asks for a GPU that is not here.*use device='cpu'"):
            model.set_params(device="cuda").fit(X)


def test_an_unknown_activation_is_refused_with_the_nearest(estimator_class):
    if "activation" in estimator_class().get_params():
        with pytest.raises(ValueError, match="unknown activation 'rellu'; did you mean 'relu'"):
            estimator_class(activation="rellu").fit(X)


def test_the_data_are_never_changed(model):
    before = X.copy()
    x = torch.from_numpy(X)
    model.fit(X).transform(X)
    model.fit(x).transform(x)
    assert np.array_equal(X, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "n must be at least 1 sample, got 0"),
        ({"n_steps": 0}, "n_steps must be at least 1, got 0"),
        ({"mask": np.ones(5, bool)}, "mask marks the known values of given: pass given too"),
        ({"given": np.full(5, np.inf)}, "known values that are not finite"),
    ],
    ids=["n", "n_steps", "mask", "given"],
)
def test_impossible_samples_are_refused(settings, message):
    rbm = BernoulliRBM(2, n_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=message):
        rbm.sample(**settings)


def test_fewer_rows_than_columns_leave_a_linear_code_finite():
    assert np.isfinite(LinearAutoencoder(4, random_state=0).fit_transform(X[:3])).all()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("penalty", "L1"),
        ("optimizer", Bernoulli()),
        ("code", 3),
        ("corruption", 0.3),
        ("likelihood", "bernoulli"),
    ],
)
def test_a_part_of_the_wrong_kind_is_named(setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be one of the .* parts, such as"):
        Autoencoder(2, n_iter=1, **{setting: value}).fit(X)


@pytest.mark.parametrize("sizes", ["64", (8, 0), (8, 2.5), -3])
def test_hidden_layer_sizes_are_whole_numbers(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be whole numbers"):
        Autoencoder(2, hidden_layer_sizes=sizes, n_iter=1).fit(X)


def test_one_hidden_layer_may_be_a_number():
    assert len(Autoencoder(2, hidden_layer_sizes=8, n_iter=1).fit(X).module_.encoder.map.layers) == 2


@pytest.mark.parametrize(("setting", "value"), [("averaging", 1.5), ("clip_norm", 0.0)])
def test_settings_of_the_loop_are_checked(setting, value):
    with pytest.raises(ValueError, match=setting):
        Autoencoder(2, n_iter=1, **{setting: value}).fit(X)


def test_partial_fit_refuses_what_it_cannot_honour():
    with pytest.raises(ValueError, match="partial_fit cannot honour"):
        Autoencoder(2, early_stopping=True).partial_fit(X)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pretraining": "half"}, "pretraining must be one of halving, growing, two-stage, none, got 'half'"),
        ({"start": RBM(3, n_iter=1)}, "is not fitted"),
        ({"pretraining": "growing", "start": 3}, "start must be a fitted estimator"),
        ({"binarisation": "fuzzy"}, "binarisation must be one of auto, dynamic"),
        (
            {"binarisation": "frozen", "likelihood": Gaussian()},
            "makes rows binary and the data have Gaussian",
        ),
    ],
    ids=["pretraining", "start without growing", "no estimator", "binarisation", "binary reals"],
)
def test_deep_machines_say_what_is_wrong(settings, said):
    X = np.random.default_rng(0).random((20, 4))
    with pytest.raises(ValueError, match=said):
        DeepBoltzmannMachine(2, hidden_layer_sizes=3, n_iter=1, n_iter_pretraining=1, **settings).fit(X)


def test_a_start_of_other_sizes_is_refused():
    X = np.random.default_rng(0).random((20, 4))
    start = RBM(3, n_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"layers of \[4, 3\] units and this machine of \[4, 5, 2\]"):
        DeepBoltzmannMachine(2, hidden_layer_sizes=5, pretraining="growing", start=start).fit(X)


def test_no_passes_are_refused_where_nothing_else_is_trained(estimator_class):
    if estimator_class.least_passes:
        with pytest.raises(ValueError, match="n_iter must be a whole number of at least 1, got 0"):
            estimator_class(n_iter=0).fit(X)


def test_bits_need_units_that_are_binary():
    with pytest.raises(ValueError, match=r"bits need a code of Bernoulli\(\) units, got Gaussian"):
        SemanticHashing(3, code=Gaussian()).fit(np.random.default_rng(0).random((20, 4)))
