"""Documents of different lengths behind scikit-learn's contract: counts in, topics out, and documents of any length."""

import numpy as np
import pytest
import torch
from scipy import sparse

from tildex import CD, PCD, Adam, Linear, ReplicatedSoftmaxRBM, load
from tildex.evaluate import exact_lengths, perplexity
from tildex.models import pseudo_log_likelihood

WORDS = 12


def documents(n=600, seed=0):
    """Return counts of documents that each mix one of three topics with words of no topic, and their topics."""
    random = np.random.default_rng(seed)
    topic = random.integers(0, 3, n)
    share = np.full((3, WORDS), 0.3 / WORDS)
    for k in range(3):
        share[k, 4 * k : 4 * k + 4] += 0.7 / 4
    lengths = 1 + random.poisson(random.choice([4, 15, 40], n))
    return np.stack([random.multinomial(d, share[k]) for d, k in zip(lengths, topic, strict=True)]), topic


@pytest.fixture(scope="module")
def fitted():
    return ReplicatedSoftmaxRBM(4, n_iter=60, random_state=0).fit(documents()[0])


def test_topics_make_words_less_surprising(fitted):
    X = torch.from_numpy(documents(400, seed=1)[0]).float()
    machine = fitted.module_
    ours = perplexity(machine, X, exact_lengths(machine, X.sum(1)))
    p = (documents()[0].sum(0) + 1.0) / (documents()[0].sum() + WORDS)
    alone = np.exp(-((X.numpy() @ np.log(p)) / X.sum(1).numpy()).mean())
    assert ours.value + 5 * ours.standard_error < 0.85 * alone


def test_codes_tell_the_topic(fitted):
    (X, topic), (test, other) = documents(), documents(400, seed=1)
    codes, few = fitted.transform(X), fitted.transform(test)
    centres = np.stack([codes[topic == k].mean(0) for k in range(3)])
    found = np.square(few[:, None] - centres).sum(-1).argmin(1)
    assert (found == other).mean() > 0.8


def test_sparse_and_dense_counts_are_the_same(fitted):
    X = documents(50)[0]
    again = ReplicatedSoftmaxRBM(4, n_iter=2, random_state=0)
    dense = again.fit(X).transform(X)
    for matrix in (sparse.csr_matrix(X), sparse.csr_array(X), sparse.csc_matrix(X)):
        assert np.array_equal(again.fit(matrix).transform(matrix), dense)
    assert np.array_equal(fitted.score_samples(sparse.csr_matrix(X)), fitted.score_samples(X))


def test_scores_are_the_pseudo_likelihood_of_the_words(fitted):
    X = documents(20)[0]
    expected = pseudo_log_likelihood(fitted.module_, torch.from_numpy(X).float()).detach().numpy()
    np.testing.assert_allclose(fitted.score_samples(X), expected, rtol=1e-5)
    assert fitted.score_samples(np.zeros((1, WORDS))) == 0


def test_reconstructions_have_as_many_words_as_their_rows(fitted):
    X = documents(30)[0]
    np.testing.assert_allclose(fitted.reconstruct(X).sum(1), X.sum(1), rtol=1e-5)
    length = round(documents()[0].sum(1).mean())
    assert fitted.length_ == length
    np.testing.assert_allclose(fitted.inverse_transform(fitted.transform(X)).sum(1), length, rtol=1e-5)


def test_samples_have_the_length_asked_for(fitted):
    sample = fitted.sample(3, length=[1, 10, 400], n_steps=5, random_state=0)
    np.testing.assert_allclose(sample.sum(1), [1, 10, 400], rtol=1e-5)
    np.testing.assert_allclose(fitted.sample(2, n_steps=2).sum(1), fitted.length_, rtol=1e-5)
    again = fitted.sample(3, length=[1, 10, 400], n_steps=5, random_state=0)
    assert np.array_equal(sample, again)
    assert np.array_equal(fitted.gibbs(documents(9)[0]).sum(1), documents(9)[0].sum(1))


def test_a_document_is_filled_up_in_its_topic(fitted):
    given = np.full(WORDS, np.nan)
    given[:2] = [6, 5]
    filled = fitted.sample(200, length=40, given=given, n_steps=100, random_state=0)
    np.testing.assert_array_equal(filled[:, :2], np.tile(given[:2], (200, 1)))
    np.testing.assert_allclose(filled.sum(1), 40, rtol=1e-5)
    # Its two other words come more often than those of other topics: four times here, by half after other draws.
    assert filled[:, 2:4].mean() > 1.25 * filled[:, 4:].mean()


def test_impossible_lengths_are_refused(fitted):
    for length in (-1, 2.5, [1, 2]):
        with pytest.raises(ValueError):
            fitted.sample(3, length=length)
    with pytest.raises(ValueError, match=r"length must be whole numbers of words, at least 0, got 2\.5"):
        fitted.sample(3, length=2.5)
    given = np.full(WORDS, np.nan)
    given[0] = 7
    with pytest.raises(
        ValueError, match="row 0 of given has 7 known words and the document 5: give a larger length"
    ):
        fitted.sample(1, length=5, given=given)


def test_negative_counts_are_refused_and_fractions_are_shares_of_words():
    X = documents(40)[0].astype(float)
    rbm = ReplicatedSoftmaxRBM(3, n_iter=2, random_state=0)
    for negative in (-X, torch.from_numpy(-X), sparse.csr_matrix(-X)):
        with pytest.raises(ValueError, match="Negative values in data passed to ReplicatedSoftmaxRBM"):
            rbm.fit(negative)
    halves = rbm.fit(X / 2)
    np.testing.assert_allclose(halves.reconstruct(X / 2).sum(1), np.round(X.sum(1) / 2))
    partitions = exact_lengths(halves.module_, torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="a length without a log Z"):
        perplexity(halves.module_, torch.full((1, WORDS), 0.3).double(), partitions)


@pytest.mark.parametrize("rule", [CD(2, k_end=4), PCD(2), PCD(1, n_chains=30, centring=0.05)], ids=repr)
def test_rules_and_early_stopping_judge_documents(rule):
    X = documents(300)[0]
    rbm = ReplicatedSoftmaxRBM(
        3,
        rule=rule,
        optimizer=Adam(0.01, schedule=Linear()),
        n_iter=10,
        early_stopping=True,
        averaging=0.99,
        random_state=0,
    ).fit(X)
    held_out = [record["held_out"] for record in rbm.history_]
    assert np.isfinite(held_out).all() and held_out[-1] < held_out[0]


def test_saved_and_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "run")
    again, X = load(tmp_path / "run"), documents(20)[0]
    assert np.array_equal(again.transform(X), fitted.transform(X))
    assert again.length_ == fitted.length_
    assert np.array_equal(
        again.sample(2, length=9, n_steps=3, random_state=1),
        fitted.sample(2, length=9, n_steps=3, random_state=1),
    )
