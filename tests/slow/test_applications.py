"""Applications beat their baselines in seconds, on sounds that code makes and on scikit-learn's digits."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from tildex import (
    RBM,
    Adam,
    AnomalyDetector,
    Autoencoder,
    Cosine,
    Neighbours,
    PictureFeatures,
    SoundFeatures,
    read,
)
from tildex.apps.completion import complete, known_part
from tildex.apps.measure.projection import Projection

train, test = read("digits"), read("digits", split="test")
FAST = Adam(1e-2, schedule=Cosine(warmup=0.05))


def near(encode, X, y, held_out, labels):
    return KNeighborsClassifier(5).fit(encode(X), y).score(encode(held_out), labels)


def melodies(n, draws):
    """Return sounds of eight kinds, two tones each of which the order matters, in noise of any colour."""
    t = np.arange(3000) / 8000
    kinds = draws.integers(0, 8, n)
    first, second = np.array([400, 700, 1100, 1700])[kinds // 2], np.array([500, 1300])[kinds % 2]
    wide = draws.uniform(0.9, 1.1, (n, 1))
    tone = np.where(
        t < 0.18,
        np.sin(2 * np.pi * first[:, None] * wide * t),
        np.sin(2 * np.pi * second[:, None] * wide * t),
    )
    colour = np.cumsum(draws.normal(size=(n, t.size)), 1) * draws.uniform(0, 0.02, (n, 1))
    return (tone + colour + draws.uniform(0.05, 0.6, (n, 1)) * draws.normal(size=(n, t.size))).astype(
        np.float32
    ), kinds


def test_a_map_of_sounds_against_pca_of_the_same_features():
    draws = np.random.default_rng(0)
    (X, y), (held_out, labels) = melodies(600, draws), melodies(300, draws)
    features = SoundFeatures(8000, n_mels=24, slices=4)
    X, held_out = features.transform(X), features.transform(held_out)
    mean, spread = X.mean(0), X.std(0)
    X, held_out = (X - mean) / spread, (held_out - mean) / spread
    model = Autoencoder(
        2,
        hidden_layer_sizes=128,
        activation="silu",
        penalty=Neighbours(1000.0, perplexity=10),
        optimizer=FAST,
        batch_size=300,
        n_iter=60,
        random_state=0,
    ).fit(X)
    ours = near(model.transform, X, y, held_out, labels)
    assert ours > near(Projection.of(X, 2), X, y, held_out, labels) + 0.1


@pytest.mark.parametrize("left_out", [1, 4])
def test_a_class_left_out_against_pca_and_an_isolation_forest(left_out):
    X, odd = train.X[train.y != left_out], test.y == left_out
    model = Autoencoder(16, hidden_layer_sizes=128, optimizer=FAST, n_iter=60)
    ours = roc_auc_score(odd, -AnomalyDetector(model, random_state=0).fit(X).score_samples(test.X))
    pca = Projection.of(X, 16)
    error = np.square(test.X - pca.mean).sum(1) - np.square(pca(test.X)).sum(1)
    forest = IsolationForest(random_state=0).fit(X).score_samples(test.X)
    assert ours > max(roc_auc_score(odd, error), roc_auc_score(odd, -forest)) + 0.02


def test_half_digits_are_completed_better_than_by_the_mean_digit():
    """Draws are averaged, which is what a squared error asks for."""
    model = RBM(192, n_iter=150, batch_size=50, random_state=0).fit(train.X)
    X, known = test.X[:150], known_part("left", (8, 8))
    drawn = complete(model, X, known, draws=10, n_steps=300, random_state=0).mean(0)

    def error(rows):
        return np.square(rows - X)[:, ~known].sum(1).mean()

    assert error(drawn) < 0.85 * error(train.X.mean(0))


def test_picture_features_tell_two_photographs_apart_better_than_pixels():
    """Patches of the left halves of a temple and a flower are known, those of the right halves are asked for."""
    photographs = [load_sample_image(name) / 255 for name in ("china.jpg", "flower.jpg")]
    draws = np.random.default_rng(0)

    def patches(low, high):
        places = [
            (k, draws.integers(0, 395), draws.integers(low, high - 32)) for k in (0, 1) for _ in range(200)
        ]
        X = np.stack([photographs[k][r : r + 32, c : c + 32].ravel() for k, r, c in places])
        return X.astype(np.float32), np.array([k for k, *_ in places])

    (X, y), (held_out, labels) = patches(0, 320), patches(320, 640)
    features = PictureFeatures((32, 32, 3)).transform
    wrong, wrong_by_pixels = (1 - near(f, X, y, held_out, labels) for f in (features, lambda x: x))
    assert wrong < 0.75 * wrong_by_pixels
