"""Comparisons: shared folds, paired standard errors, simple densities, deadlines, and the advice that follows."""

import dataclasses
import json
import time

import numpy as np
import pytest
from PIL import Image
from scipy import sparse
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tildex
from tildex.apps.compare import Row, compare, save_comparison
from tildex.apps.compare.advice import advise
from tildex.apps.compare.densities import DENSITIES, INDEPENDENT, NORMAL
from tildex.apps.compare.fold import Fold
from tildex.apps.compare.folds import folds_of
from tildex.apps.compare.likelihood import LIKELIHOOD
from tildex.apps.compare.nature import BINARY, COUNTS, REAL
from tildex.apps.compare.picture import picture_of
from tildex.apps.compare.pooling import pooled, ratio
from tildex.apps.compare.table import table_of
from tildex.cli import main
from tildex.data import Reading, Record
from tildex.data.record import select
from tildex.estimators.base.columns import Columns
from tildex.evaluate import Estimate, independent_bernoulli
from tildex.generator import Generator
from tildex.train.deadline import Deadline

RANDOM = np.random.default_rng(0)
WINE = load_wine()
DIGITS = tildex.read("digits")
SMALL = select(DIGITS, np.arange(240))
QUICK = {"n_iter": 3}
LATER = float("inf")


def folded(record, n=3, seed=0):
    return list(folds_of(record, n, Generator(seed)))


# Folds


@pytest.mark.parametrize("n", [2, 3, 5])
def test_each_row_is_held_out_once(n):
    held_out = [rows for _, rows in folded(SMALL, n)]
    assert sorted(np.concatenate(held_out)) == list(range(len(SMALL)))
    for train, rows in folded(SMALL, n):
        assert sorted([*train, *rows]) == list(range(len(SMALL)))


def test_every_fold_has_its_share_of_every_label():
    counts = np.array([np.bincount(SMALL.y[rows], minlength=10) for _, rows in folded(SMALL)])
    assert (counts.max(0) - counts.min(0) <= 1).all()


def test_a_group_is_never_on_both_sides():
    groups = RANDOM.integers(0, 12, 100)
    record = Record(RANDOM.normal(size=(100, 3)), y=np.arange(100) % 2, groups=groups)
    for train, rows in folded(record, 4):
        assert not set(groups[train]) & set(groups[rows])
        assert 15 < len(rows) < 35


def test_one_fold_holds_out_a_fifth_once():
    ((train, rows),) = folded(SMALL, 1)
    assert (len(train), len(rows)) == (192, 48)


def test_too_few_rows_or_groups_are_refused():
    with pytest.raises(ValueError, match="at least 6 rows"):
        folded(Record(np.eye(4)))
    with pytest.raises(ValueError, match="from 1 to 2 folds for 2 groups"):
        folded(Record(np.eye(8), groups=np.arange(8) % 2), 3)


# Standard errors


def test_rows_of_one_group_count_once():
    values = RANDOM.normal(size=40)
    once, thrice = pooled(values), pooled(values.repeat(3), np.arange(40).repeat(3))
    assert thrice.value == pytest.approx(once.value)
    assert thrice.standard_error == pytest.approx(once.standard_error)
    assert once.standard_error == pytest.approx(values.std(ddof=1) / 40**0.5)


def test_the_standard_error_of_a_ratio_is_that_over_repeated_draws():
    def draw():
        hard = RANDOM.gamma(2.0, size=400)
        return 0.7 * hard * RANDOM.gamma(20.0, 1 / 20, size=400), hard

    found = [ratio(*draw()) for _ in range(400)]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(0.7, abs=5 * values.std() / 20)
    # The standard deviation of 400 draws is itself known to within a thirtieth.
    assert found[0].standard_error == pytest.approx(values.std(), rel=0.25)


# Simple densities, and likelihoods of models beside them


def real_fold(scale=1.0):
    X = (RANDOM.normal(size=(300, 4)) @ RANDOM.normal(size=(4, 4)) + 5) * scale
    return Fold(Record(X[:200]), Record(X[200:]), REAL)


def test_densities_of_real_rows_are_those_of_scipy_in_the_datas_units():
    fold = real_fold(np.array([0.1, 1.0, 5.0, 100.0]))
    train, X = fold.train.X, fold.held_out.X
    found = DENSITIES["real"](fold, 2)
    alone = norm.logpdf(X, train.mean(0), train.std(0)).sum(1)
    np.testing.assert_allclose(found[INDEPENDENT], alone)
    fitted = PCA(2).fit(train / train.std(0))
    covariance = fitted.get_covariance() * np.outer(train.std(0), train.std(0))
    np.testing.assert_allclose(
        found["PCA"], multivariate_normal(train.mean(0), covariance).logpdf(X), rtol=1e-6
    )
    full = multivariate_normal(train.mean(0), np.cov(train.T, bias=True)).logpdf(X)
    # 200 rows of 4 columns need hardly any shrinkage.
    assert abs(found[NORMAL].mean() - full.mean()) < 0.05


def test_independent_binary_columns_are_those_of_evaluate():
    bits = (RANDOM.random((90, 6)) < 0.3).astype(np.float32)
    fold = Fold(Record(bits[:60]), Record(bits[60:]), BINARY)
    found = DENSITIES["binary"](fold, 2)[INDEPENDENT]
    assert found.mean() == pytest.approx(independent_bernoulli(bits[:60], bits[60:]).value)


def test_a_normal_density_of_few_rows_is_shrunk():
    X = RANDOM.normal(size=(60, 40))
    found = DENSITIES["real"](Fold(Record(X[:30]), Record(X[30:]), REAL), 2)
    truth = norm.logpdf(X[30:]).sum(1).mean()
    # The covariance of 30 rows of 40 columns is singular; that of the truth is diagonal.
    assert truth - 12 < found[NORMAL].mean() < truth


@pytest.mark.parametrize("name", ["gaussian-rbm", "vae"])
def test_a_likelihood_is_in_the_units_of_the_densities(name):
    """Other units of length shift every likelihood by the same number, a model's and a density's alike."""
    shift = []
    X = RANDOM.normal(size=(300, 4)) @ RANDOM.normal(size=(4, 4))
    for scale in (1.0, 1000.0):
        fold = Fold(Record(X[:200] * scale), Record(X[200:] * scale), REAL)
        model = tildex.estimators.Estimator.table[name](3, n_iter=5, random_state=0).fit(fold.train)
        shift.append((LIKELIHOOD.ask(model, fold, LATER).values, DENSITIES["real"](fold, 2)[NORMAL]))
    for before, after in zip(*shift, strict=True):
        np.testing.assert_allclose(before - after, 4 * np.log(1000), rtol=1e-3)


def test_what_is_no_likelihood_has_none_and_says_so():
    fold = Fold(select(SMALL, np.arange(200)), select(SMALL, np.arange(200, 240)), BINARY)
    model = tildex.Autoencoder(3, n_iter=1).fit(fold.train)
    assert LIKELIHOOD.ask(model, fold, LATER).values is None
    assert "not a likelihood" in LIKELIHOOD.ask(model, fold, LATER).said
    normal = tildex.VariationalAutoencoder(3, likelihood=tildex.Gaussian(), n_iter=1).fit(fold.train)
    assert LIKELIHOOD.ask(normal, fold, LATER).values is None
    assert "is not of rows made binary" in LIKELIHOOD.ask(normal, fold, LATER).said


def test_log_z_is_not_annealed_beyond_its_time():
    fold = Fold(select(SMALL, np.arange(200)), select(SMALL, np.arange(200, 240)), BINARY)
    model = tildex.RBM(40, n_iter=1).fit(fold.train)
    assert LIKELIHOOD.ask(model, fold, time.perf_counter()).said.startswith("log Z takes longer")
    bound = tildex.VariationalAutoencoder(4, n_iter=1).fit(fold.train)
    assert LIKELIHOOD.ask(bound, fold, time.perf_counter()).values is not None


def test_an_rbm_beats_independent_columns_by_its_exact_likelihood():
    found = compare(SMALL, models=["rbm"], n_components=8, folds=2, settings={"n_iter": 30})
    assert found["rbm"].likelihood_said == "exact, log Z enumerated"
    assert found["rbm"].likelihood_gain.value > 3 * found["rbm"].likelihood_gain.standard_error > 0
    assert "for sampling use it" in found.advice


# Deadlines


def test_ample_time_changes_nothing():
    plain = tildex.DeepAutoencoder(2, hidden_layer_sizes=(8,), n_iter=4, n_iter_pretraining=3, random_state=0)
    timed = tildex.DeepAutoencoder(2, hidden_layer_sizes=(8,), n_iter=4, n_iter_pretraining=3, random_state=0)
    deadline = Deadline(600)
    codes = timed.fit(SMALL.X, callbacks=[deadline]).transform(SMALL.X)
    np.testing.assert_array_equal(codes, plain.fit(SMALL.X).transform(SMALL.X))
    assert not deadline.cut


def test_a_deadline_ends_training_in_time_with_its_schedule_at_the_end():
    schedule = tildex.Adam(1e-2, schedule=tildex.Linear())
    began, deadline = time.perf_counter(), Deadline(1.5)
    model = tildex.Autoencoder(4, n_iter=1_000_000, optimizer=schedule, random_state=0)
    model.fit(SMALL.X, callbacks=[deadline])
    assert deadline.cut
    # One epoch takes milliseconds; the rest is for a busy machine.
    assert time.perf_counter() - began < 6
    assert model.history_[-1]["learning_rate"] < 0.2 * model.history_[0]["learning_rate"]


def test_stages_share_the_time():
    deadline = Deadline(2.0)
    model = tildex.DeepAutoencoder(2, hidden_layer_sizes=(8,), n_iter=10**6, n_iter_pretraining=10**6)
    epochs = np.bincount([int(one["stage"]) for one in model.fit(SMALL.X, callbacks=[deadline]).history_])
    assert deadline.cut and (epochs[1:] > 1).all()


def test_even_no_time_trains_one_epoch():
    deadline = Deadline(-1.0)
    assert tildex.Autoencoder(2, n_iter=9).fit(SMALL.X, callbacks=[deadline]).n_iter_ == 1
    assert deadline.cut


# Comparisons


@pytest.fixture(scope="module")
def wine():
    return compare(WINE.data, y=WINE.target, n_components=3, folds=3, settings=QUICK, minutes=2)


def test_pca_is_that_of_scikit_learn_on_the_same_folds(wine):
    record = Record(WINE.data, WINE.target)
    errors, hits = [], []
    for train, rows in folded(record):
        scale = WINE.data[train].std(0)
        known, X = WINE.data[train] / scale, WINE.data[rows] / scale
        pca = PCA(3).fit(known)
        errors += ((pca.inverse_transform(pca.transform(X)) - X) ** 2).sum(1).tolist()
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        hits += (
            probe.fit(pca.transform(known), WINE.target[train]).predict(pca.transform(X)) == WINE.target[rows]
        ).tolist()
    expected = Estimate.of(errors)
    assert wine["PCA"].error.value == pytest.approx(expected.value)
    assert wine["PCA"].error.standard_error == pytest.approx(expected.standard_error)
    assert wine["PCA"].probe.value == pytest.approx(np.mean(hits))


def test_the_linear_model_is_pca_and_short_training_does_not_beat_it(wine):
    assert wine["linear"].ratio.value == pytest.approx(1, abs=0.02)
    assert wine["autoencoder"].ratio.value > 1.5
    assert wine.best == "linear" and "PCA is as good as anything" in wine.advice


def test_every_model_has_every_answer_that_it_can_give(wine):
    names = [row.name for row in wine.rows]
    assert names[:2] == ["linear", "autoencoder"] and names[-3:] == ["PCA", INDEPENDENT, NORMAL]
    for row in wine.rows[:-3]:
        assert row.error and row.ratio and row.probe and row.probe_gain and row.seconds, row
    assert [row.name for row in wine.rows if row.likelihood] == [
        "vae",
        "gaussian-rbm",
        "PCA",
        INDEPENDENT,
        NORMAL,
    ]
    assert wine["vae"].likelihood_said.startswith("a lower bound")


def test_a_comparison_is_json_a_table_and_a_picture(wine):
    found = json.loads(json.dumps(wine.to_json(), allow_nan=False))
    assert found["best"] == "linear" and len(found["rows"]) == 12
    table = table_of(wine)
    assert len(table.rows) == 12 and all("±" in row["squared error"] for row in table.rows[:9])
    assert any("not a likelihood" in note for note in table.footnotes)
    assert [axes.get_title(loc="left")[:5] for axes in picture_of(wine).axes] == [
        "squar",
        "probe",
        "nats ",
        "secon",
    ]


def test_the_same_seed_gives_the_same_comparison():
    def once():
        found = compare(
            SMALL, models=["autoencoder", "vae"], n_components=2, folds=2, settings=QUICK, random_state=5
        )
        return [(row.error, row.probe, row.likelihood) for row in found.rows]

    assert once() == once()


def test_the_winner_is_trained_on_all_rows_and_keeps_how_they_were_read():
    record = dataclasses.replace(SMALL, reading=Reading(image_size=(8, 8)))
    found = compare(record, models=["linear"], n_components=4, folds=2)
    alone = tildex.LinearAutoencoder(4, random_state=0).fit(SMALL.X)
    np.testing.assert_allclose(found.winner.transform(SMALL.X), alone.transform(SMALL.X), atol=1e-5)
    assert found.winner.reading_ == record.reading


def test_codes_as_long_as_rows_are_not_judged_by_error():
    X = RANDOM.normal(size=(60, 3)).astype(np.float32)
    found = compare(X, models=["linear", "gaussian-rbm"], n_components=3, folds=2, settings=QUICK)
    assert all(row.ratio is None for row in found.rows)
    assert "as long as the row" in found.advice


def test_estimators_keep_their_own_settings_and_their_own_pca():
    found = compare(
        SMALL, models={"small": tildex.LinearAutoencoder(2), "linear": "linear"}, n_components=8, folds=2
    )
    assert found["small"].n_components == 2
    assert found["small"].ratio.value == pytest.approx(1, abs=0.02)
    assert found["small"].error.value > 1.5 * found["PCA"].error.value


def test_counts_get_models_of_counts():
    X = RANDOM.poisson(0.3 * RANDOM.gamma(1.0, size=(1, 20)), size=(90, 20))
    found = compare(X, models=["vae", "linear"], n_components=2, folds=2, settings=QUICK)
    assert found["vae"].likelihood_gain is not None and found.of == COUNTS.rows
    assert compare(X, folds=2, settings={"n_iter": 1})["replicated-softmax"].likelihood is None


def test_sparse_rows_of_a_known_set_are_compared_and_their_run_knows_them(tmp_path):
    X = sparse.csr_array((RANDOM.random((60, 12)) < 0.3).astype(np.float32))
    found = compare(Record(X, name="words"), models=["linear"], folds=2)
    out = save_comparison(dataclasses.replace(found, source=("words", "train")), tmp_path / "out")
    assert json.loads((out / "winner" / "data.json").read_text())["rows"] == 60


def test_a_model_gone_astray_is_written_in_few_digits():
    values = {"error": Estimate(3.2e40, 1e40), "ratio": Estimate(3.2e40, 1e40)}
    found = compare(SMALL, models=["linear"], folds=2)
    astray = dataclasses.replace(found["linear"], **values)
    table = table_of(dataclasses.replace(found, rows=(astray, *found.rows[1:])))
    assert table.rows[0]["squared error"] == table.rows[0]["of PCA's"] == "3.2e+40 ±1.0e+40"
    picture_of(dataclasses.replace(found, rows=(astray, *found.rows[1:])))


def test_a_real_target_is_probed_by_regression():
    X = RANDOM.normal(size=(200, 5))
    found = compare(X, y=X[:, 0] + 0.01 * RANDOM.normal(size=200), models=["linear"], n_components=4, folds=2)
    assert found.target == "real" and 0.5 < found["PCA"].probe.value < 1
    assert "R²" in [axes.get_title(loc="left") for axes in picture_of(found).axes][1]


def test_rows_of_groups_are_compared_with_larger_errors():
    X = RANDOM.normal(size=(20, 1, 5)).repeat(6, 1).reshape(-1, 5) + 0.01 * RANDOM.normal(size=(120, 5))
    grouped = compare(Record(X, groups=np.arange(120) // 6), models=["linear"], folds=2)
    alone = compare(Record(X), models=["linear"], folds=2)
    assert grouped["PCA"].error.standard_error > 1.7 * alone["PCA"].error.standard_error


def test_a_model_that_fails_is_named_and_the_others_are_compared():
    failing = tildex.Autoencoder(2, likelihood=tildex.Bernoulli())
    found = compare(WINE.data, models={"wrong": failing, "linear": "linear"}, folds=2)
    assert found["wrong"].failed and "not compared: Bernoulli() units expect" in found["wrong"].notes[0]
    assert found.best == "linear"
    assert "not compared" in " ".join(table_of(found).footnotes)
    with pytest.raises(ValueError, match="no model can be trained on these rows: Bernoulli"):
        compare(WINE.data, models=[failing], folds=2)


def test_progress_rises_to_the_end_and_nothing_is_printed(capsys):
    seen = {}
    progress = lambda name, share: seen.setdefault(name, []).append(share)  # noqa: E731
    compare(SMALL, models=["linear", "deep"], folds=2, settings={"n_iter": 2}, progress=progress)
    assert set(seen) == {"linear", "deep", "the winner"}
    assert all(shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1 for shares in seen.values())
    assert capsys.readouterr() == ("", "")


def test_a_short_budget_is_kept_and_said():
    began = time.perf_counter()
    found = compare(
        SMALL, models=["linear", "autoencoder"], minutes=0.05, folds=2, settings={"n_iter": 10**6}
    )
    assert time.perf_counter() - began < 20
    assert found["autoencoder"].stopped_early == 2
    assert "the time was too short for" in " ".join(found.notes)
    assert ", cut 2/2" in table_of(found).rows[1]["seconds"]


def test_many_rows_are_sampled_and_it_is_said(monkeypatch):
    monkeypatch.setattr("tildex.apps.compare.comparing._MOST_ROWS", 100)
    found = compare(SMALL, models=["linear"], folds=2)
    assert found.n_rows == 100 and "compared on 100 of 240 rows" in found.notes[-1]


@pytest.mark.parametrize("text", [True, False])
def test_settings_are_for_all_that_have_them_or_for_one(text):
    settings = ["n_iter=2", "vae.n_iter=4"] if text else {"n_iter": 2, "vae": {"n_iter": 4}}
    found = compare(SMALL, models=["vae"], folds=2, settings=settings)
    assert found.winner.n_iter == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"models": ["vea"]}, "did you mean 'vae'"),
        ({"models": []}, "at least one model"),
        ({"models": ["classifier"]}, "does not reconstruct rows"),
        ({"settings": {"n_itre": 3}}, "did you mean 'n_iter'"),
        ({"settings": {"vea": {"n_iter": 3}}}, "no model 'vea' is compared"),
        ({"minutes": 0}, "minutes must be above 0"),
        ({"folds": 1000}, "from 1 to 240 folds"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_training(given, said):
    with pytest.raises(ValueError, match=said):
        compare(SMALL, **given)


def test_sounds_are_refused_with_the_cure():
    with pytest.raises(ValueError, match=r"features\.npz"):
        compare(Record(np.zeros((9, 50), np.float32), rate=8000, name="clips"))


# Advice, on made-up tables


def row(name, ratio_=None, error=0.02, **more):
    return Row(
        name=name, model=name.title(), error=Estimate(1.0), ratio=ratio_ and Estimate(ratio_, error), **more
    )


@pytest.mark.parametrize(
    ("ratios", "best"),
    [
        ({"linear": 1.0, "deep": 0.71}, "deep"),
        ({"linear": 1.0, "deep": 0.96}, "linear"),  # two standard errors are not enough
        ({"linear": 1.0, "autoencoder": 0.72, "deep": 0.71}, "autoencoder"),  # within one: the simpler one
        ({"linear": 1.0, "autoencoder": 0.78, "deep": 0.71}, "deep"),
        ({"linear": 1.0, "deep": 1.3}, "linear"),
        ({"autoencoder": 1.02, "deep": 1.3}, "autoencoder"),
    ],
)
def test_the_error_decides_by_three_standard_errors(ratios, best):
    found = advise([row(name, value) for name, value in ratios.items()])
    assert found.best == best
    assert ("PCA is as good" in found.sentence) == (ratios[best] > 0.9)


def test_a_gain_of_a_thousandth_is_not_worth_while():
    found = advise([row("linear", 1.0, 1e-9), row("deep", 0.999, 1e-6)])
    assert found.best == "linear"


def test_models_that_were_cut_short_are_not_judged_for_good():
    rows = [row("linear", 1.0), row("deep", 1.3, stopped_early=1)]
    assert advise(rows).sentence == "PCA is as good as anything in this time: use linear."


def test_labels_and_sampling_are_advised_on_their_own():
    rows = [
        row("deep", 0.7, probe=Estimate(0.90, 0.01), probe_gain=Estimate(0.0, 0.01)),
        row("denoising", 0.9, probe=Estimate(0.96, 0.01), probe_gain=Estimate(0.06, 0.01)),
        row("vae", 1.5, likelihood_gain=Estimate(12.0, 0.5), can_sample=True),
    ]
    assert advise(rows) == (
        "deep",
        "Use deep: its error is 0.70 of PCA's, 15 standard errors below; for labels use denoising: its probe reaches "
        "0.960, 6 standard errors above PCA; for sampling use vae: 12 nats a row above the best simple density.",
    )


def test_no_likelihood_above_a_simple_density_is_said():
    rows = [row("linear", 1.0), row("vae", 1.5, likelihood_gain=Estimate(-1.0, 0.1), can_sample=True)]
    assert advise(rows).sentence.endswith("no likelihood is clearly above that of the simple densities.")


def test_failed_models_are_never_advised():
    rows = [Row(name="deep", model="Deep", notes=("not compared: x",)), row("linear", 1.0)]
    assert advise(rows).best == "linear"


# The command


def test_the_command_writes_a_page_and_a_run_that_other_commands_read(tmp_path, capsys):
    np.save(tmp_path / "wine.npy", WINE.data)
    data, out = str(tmp_path / "wine.npy"), tmp_path / "a" / "compared"
    tokens = [
        "compare",
        data,
        "--out",
        str(out),
        "--models",
        "linear,vae",
        "--folds",
        "2",
        "--set",
        "n_iter=3",
    ]
    assert main(tokens) == 0
    printed = capsys.readouterr().out
    assert "vae" in printed and "PCA is as good as anything" in printed
    assert {path.name for path in out.iterdir()} == {
        "comparison.html",
        "comparison.png",
        "comparison.json",
        "winner",
    }
    assert [path.name for path in out.parent.iterdir()] == ["compared"]
    page = (out / "comparison.html").read_text()
    assert page.count("<img") == 2 and "http" not in page.replace("http-equiv", "")
    run = str(out / "winner")
    assert main(["encode", run, data, "--out", str(tmp_path / "codes.npy")]) == 0
    assert np.load(tmp_path / "codes.npy").shape == (178, 3)
    assert main(["report", run]) == 0
    assert main(["anomalies", run, data]) == 0
    capsys.readouterr()
    assert main(tokens) == 1
    assert "exists: give the name of a new folder" in " ".join(capsys.readouterr().err.split())


def test_the_command_prints_json_and_compares_images(tmp_path, capsys):
    for k in range(12):
        pixels = (RANDOM.random((6, 5, 3)) * 255).astype(np.uint8)
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{k}.png")
    tokens = [
        "compare",
        str(tmp_path / "photos"),
        "--out",
        str(tmp_path / "out"),
        "-k",
        "2",
        "--models",
        "linear",
    ]
    assert main([*tokens, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["best"] == "linear" and found["n_components"] == 2 and found["n_folds"] == 5
    assert tildex.load(tmp_path / "out" / "winner").n_features_in_ == 90


def test_a_refused_comparison_leaves_nothing(tmp_path, capsys):
    assert main(["compare", "digits", "--out", str(tmp_path / "out"), "--models", "vea"]) == 1
    assert "did you mean 'vae'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    found = compare(SMALL, models=["linear"], folds=2)

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr("tildex.apps.compare.saved.save_sheet", full)
    with pytest.raises(tildex.RunError, match="No space left"):
        save_comparison(found, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_columns_of_all_rows_say_whether_they_are_binary():
    X = SMALL.X.copy()
    X[7, 3] = 2.0
    assert not Columns.of(tildex.data.rows(X)).in_unit_interval
    assert compare(X, models=["linear"], folds=2).unit == REAL.unit


def test_gaps_are_refused_before_anything_is_trained():
    X = np.random.default_rng(0).normal(size=(40, 3))
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"empty cells.*tildex fill"):
        compare(X, models=["linear"], n_components=1)
