"""Unknown values, NaN: honoured by every estimator that says so, refused by all others; and the imputer."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from sklearn.utils.estimator_checks import parametrize_with_checks

from tildex import (
    RBM,
    Adam,
    Autoencoder,
    Cosine,
    DeepAutoencoder,
    DenoisingAutoencoder,
    Imputer,
    LinearAutoencoder,
    Missing,
    VariationalAutoencoder,
    load,
)
from tildex.estimators import Estimator

WINE = load_wine().data
GAPS = np.random.default_rng(0).random(WINE.shape) < 0.2
HOLED = np.where(GAPS, np.nan, WINE)
BINARY = np.where(GAPS, np.nan, (WINE.mean(0) < WINE).astype(float))
STAGES = {"n_iter", "n_iter_pretraining", "n_iter_up_down"}
EMPTY = "ignore:(empty codes|posterior collapse):UserWarning"
HONOURED = [cls for cls in Estimator.table.values() if cls().__sklearn_tags__().input_tags.allow_nan]
REFUSED = [cls for cls in Estimator.table.values() if cls not in HONOURED]


def short(cls, **settings):
    stages = {name: 2 for name in cls().get_params() if name in STAGES}
    sizes = {"hidden_layer_sizes": (5,)} if cls.staged else {}
    known = {"n_components": 4, "random_state": 0, **stages, **sizes, **settings}
    return cls(**{name: value for name, value in known.items() if name in cls().get_params()})


def rows_for(cls):
    return BINARY if cls.__name__ == "BernoulliRBM" else HOLED


def test_who_honours_unknown_values():
    assert {cls.__name__ for cls in HONOURED} >= {
        "Autoencoder",
        "DenoisingAutoencoder",
        "VariationalAutoencoder",
        "DeepAutoencoder",
        "RBM",
        "GaussianRBM",
        "DeepBeliefNetwork",
        "DeepBoltzmannMachine",
    }
    assert {"LinearAutoencoder", "ReplicatedSoftmaxRBM"} <= {cls.__name__ for cls in REFUSED}


@pytest.mark.filterwarnings(EMPTY)
@pytest.mark.parametrize("cls", HONOURED, ids=lambda cls: cls.__name__)
def test_unknown_values_are_honoured_everywhere(cls, tmp_path):
    X = rows_for(cls)
    model = short(cls).fit(X, X_val=X[:20])
    codes, rows, scores = model.transform(X), model.reconstruct(X), model.score_samples(X)
    assert np.isfinite(codes).all() and np.isfinite(rows).all() and np.isfinite(scores).all()
    filled = model.impute(X)
    assert np.isfinite(filled).all() and (filled[~GAPS] == X[~GAPS]).all()
    drawn = model.impute(X, draws=2, random_state=0)
    assert drawn.shape == (2, *X.shape) and (drawn[0] != drawn[1])[GAPS].any()
    again = load(model.save(tmp_path / "run"))
    np.testing.assert_allclose(again.transform(X), codes, rtol=1e-4, atol=1e-5)
    tensor = torch.tensor(X)
    np.testing.assert_allclose(model.transform(tensor).numpy(), codes, rtol=1e-4, atol=1e-5)
    short(cls).partial_fit(X).partial_fit(X)


@pytest.mark.parametrize("cls", REFUSED, ids=lambda cls: cls.__name__)
def test_unknown_values_are_refused_by_all_others(cls):
    X = np.abs(HOLED) if cls.counts else HOLED
    y = np.arange(len(X)) % 2
    with pytest.raises(ValueError, match="NaN"):
        short(cls).fit(X, y) if cls().__sklearn_tags__().target_tags.required else short(cls).fit(X)


@pytest.mark.parametrize("binarisation", ["dynamic", "frozen", "threshold", "none"])
def test_binarisation_leaves_unknown_values_unknown(binarisation):
    model = RBM(4, n_iter=2, binarisation=binarisation, random_state=0).fit(BINARY)
    assert np.isfinite(model.components_).all()


@pytest.mark.parametrize("pretrain", ["denoising", "rbm", "linear", "contractive"])
def test_every_layerwise_plan_takes_unknown_values(pretrain):
    model = DeepAutoencoder(2, hidden_layer_sizes=(5,), pretrain=pretrain, n_iter=2, n_iter_pretraining=2)
    assert np.isfinite(model.fit(HOLED).transform(HOLED)).all()


def test_a_memory_map_with_unknown_values(tmp_path):
    np.save(tmp_path / "x.npy", HOLED)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    fitted = Autoencoder(2, n_iter=2, random_state=0).fit(mapped)
    np.testing.assert_allclose(fitted.scaling_.offset, np.nanmean(HOLED, 0), rtol=1e-5)
    np.testing.assert_allclose(fitted.scaling_.scale, np.nanstd(HOLED, 0), rtol=1e-5)


def test_a_column_without_known_values_is_named():
    X = HOLED.copy()
    X[:, 3] = np.nan
    for model in (Autoencoder(2, n_iter=1), Imputer()):
        with pytest.raises(ValueError, match=r"column 3 .*no known value"):
            model.fit(pd.DataFrame(X, columns=[f"c{k}" for k in range(13)]).to_numpy())


def test_a_model_of_complete_rows_infers_unknown_values_and_says_so():
    adam = Adam(1e-2, schedule=Cosine())
    model = Autoencoder(3, n_iter=400, optimizer=adam, random_state=0).fit(WINE)
    with pytest.warns(UserWarning, match="learned from complete rows"):
        filled = model.impute(HOLED)
    error = ((filled - WINE) / WINE.std(0))[GAPS]
    assert np.sqrt(np.mean(error**2)) < 0.95
    with pytest.raises(ValueError, match="began with complete rows"):
        model.partial_fit(HOLED)


def test_scores_are_of_known_values_alone():
    """A value whose scale changes moves the score of its row where it is known, and not where it is not."""
    model = DenoisingAutoencoder(4, n_iter=2, random_state=0).fit(HOLED)
    scores = model.score_samples(HOLED)
    wider = DenoisingAutoencoder(4, n_iter=2, random_state=0).fit(HOLED * np.r_[100, np.ones(12)])
    moved = scores - wider.score_samples(HOLED * np.r_[100, np.ones(12)])
    np.testing.assert_allclose(moved, np.where(GAPS[:, 0], 0, np.log(100)), atol=1e-3)


def test_a_masked_array_is_not_read_under_its_mask():
    masked = np.ma.masked_array(np.where(GAPS, -999.0, WINE), mask=GAPS)
    model = Autoencoder(2, n_iter=2, random_state=0).fit(masked)
    np.testing.assert_array_equal(
        model.transform(masked), Autoencoder(2, n_iter=2, random_state=0).fit(HOLED).transform(HOLED)
    )
    with pytest.raises(ValueError, match="NaN"):
        LinearAutoencoder(2).fit(masked)


def test_what_a_corruption_hides_is_shown_as_unknown():
    """Such training learns to fill: better than means on values that no one has seen."""
    model = DenoisingAutoencoder(8, corruption=Missing(0.3), n_iter=300, optimizer=Adam(1e-2), random_state=0)
    filled = model.fit(HOLED).impute(HOLED)
    assert np.sqrt(np.mean(((filled - WINE) / WINE.std(0))[GAPS] ** 2)) < 0.9


@pytest.mark.parametrize("model", [RBM(30, n_iter=200), VariationalAutoencoder(3, n_iter=200)])
@pytest.mark.filterwarnings(EMPTY)
def test_models_fill_binary_cells_better_than_frequencies(model):
    filled = model.set_params(random_state=0).fit(BINARY).impute(BINARY)
    truth = (WINE.mean(0) < WINE).astype(float)
    frequent = np.nanmean(BINARY, 0).round()
    assert (filled.round() == truth)[GAPS].mean() > (frequent == truth)[GAPS].mean() + 0.05


@parametrize_with_checks([Imputer(n_members=1), Imputer(n_members=0)])
def test_the_imputer_keeps_scikit_learns_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def imputer():
    return Imputer(random_state=0).fit(HOLED)


def test_the_imputer_beats_means_by_far(imputer):
    filled = imputer.transform(HOLED)
    assert (filled[~GAPS] == WINE[~GAPS]).all()
    assert np.sqrt(np.mean(((filled - WINE) / WINE.std(0))[GAPS] ** 2)) < 0.8


def test_intervals_hold_what_they_say(imputer):
    for level in (0.5, 0.9):
        low, high = imputer.intervals(HOLED, level)
        held = ((low <= WINE) & (high >= WINE))[GAPS].mean()
        # Two sources of chance: 463 cells judged, about as many as calibrated.
        assert abs(held - level) < 4 * np.sqrt(2 * level * (1 - level) / GAPS.sum())
        assert (low[~GAPS] == WINE[~GAPS]).all()


def test_draws_vary_as_much_as_the_truth(imputer):
    drawn = np.stack(imputer.draws(HOLED, 20, random_state=0))
    spread = ((drawn - WINE) / WINE.std(0))[:, GAPS]
    filled = ((imputer.transform(HOLED) - WINE) / WINE.std(0))[GAPS]
    # A draw errs by the error of the mean and by as much again.
    assert 1.2 < np.sqrt(np.mean(spread**2)) / np.sqrt(np.mean(filled**2)) < 1.7


@pytest.mark.filterwarnings("ignore:left out")
def test_frames_in_frames_out():
    rng = np.random.default_rng(0)
    size = rng.normal(size=300)
    frame = pd.DataFrame(
        {
            "key": [f"row {k}" for k in range(300)],
            "price": np.exp(size + 0.1 * rng.normal(size=300)),
            "size": size,
            "kind": np.where(size > 0, "big", "small"),
        },
        index=np.arange(300) + 7,
    )
    gaps = frame.copy()
    for column in ("price", "size", "kind"):
        gaps.loc[rng.random(300) < 0.2, column] = None
    filled = Imputer(n_members=1, random_state=0).fit_transform(gaps)
    assert list(filled) == list(frame) and (filled.index == frame.index).all()
    assert not filled.isna().any().any() and filled.dtypes.equals(gaps.dtypes)
    for column in frame:
        known = gaps[column].notna()
        assert (filled[column][known] == gaps[column][known]).all()
    unknown = gaps["kind"].isna() & gaps["size"].notna()
    assert (filled["kind"] == frame["kind"])[unknown].mean() > 0.9


def test_any_model_that_honours_unknown_values_can_fill():
    filled = Imputer(RBM(20, n_iter=20), random_state=0).fit(HOLED).transform(HOLED)
    assert np.isfinite(filled).all()
    with pytest.raises(ValueError, match="fills unknown values"):
        Imputer(LinearAutoencoder(2)).fit(HOLED)
