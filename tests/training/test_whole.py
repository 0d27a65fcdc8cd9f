"""An error or an interrupt in training leaves an estimator as it was: fitted as before, or not fitted."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from tildex import (
    SGD,
    AnomalyDetector,
    Autoencoder,
    DeepBeliefNetwork,
    NonFiniteLossError,
    PatchFeatures,
    StackedClassifier,
    VariationalAutoencoder,
)
from tildex.train import Trainer

X = np.random.default_rng(0).random((60, 16)).astype("f4")
Y = np.arange(60) % 3


@pytest.fixture
def breaks(monkeypatch):
    """Return a function that lets some steps of training pass and then interrupts it."""

    def arrange(steps):
        done, step = [], Trainer.step

        def broken(self, x):
            done.append(x)
            if len(done) > steps:
                raise KeyboardInterrupt
            return step(self, x)

        monkeypatch.setattr(Trainer, "step", broken)

    yield arrange
    monkeypatch.undo()


MODELS = {
    "autoencoder": lambda: Autoencoder(3, n_iter=5, batch_size=10, random_state=0),
    "variational": lambda: VariationalAutoencoder(2, n_iter=5, batch_size=10, random_state=0),
    "belief": lambda: DeepBeliefNetwork(3, hidden_layer_sizes=4, n_iter=2, n_iter_up_down=1, random_state=0),
    "classifier": lambda: StackedClassifier(n_iter=5, batch_size=10, random_state=0),
    "anomaly": lambda: AnomalyDetector(Autoencoder(3, n_iter=3), random_state=0),
    "patches": lambda: PatchFeatures(estimator=Autoencoder(3, n_iter=3), patch_size=2, n_patches=50, grid=1),
}


@pytest.mark.parametrize("name", MODELS)
def test_an_interrupted_first_training_leaves_it_unfitted(name, breaks):
    model = MODELS[name]()
    breaks(2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    assert not [attribute for attribute in vars(model) if attribute.endswith("_")]


@pytest.mark.parametrize("name", MODELS)
def test_an_interrupted_second_training_leaves_the_first(name, breaks):
    model = MODELS[name]().fit(X, Y)
    before = model.transform(X) if hasattr(model, "transform") else model.score_samples(X)
    breaks(2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(2 * X[:40], Y[:40])
    after = model.transform(X) if hasattr(model, "transform") else model.score_samples(X)
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
def test_what_continues_a_training_in_place_is_undone(how, breaks):
    model = Autoencoder(3, n_iter=2, batch_size=10, warm_start=how == "warm_start", random_state=0).fit(X)
    before, passes = model.transform(X), len(model.history_)
    breaks(2)
    with pytest.raises(KeyboardInterrupt):
        (model.fit if how == "warm_start" else model.partial_fit)(X)
    np.testing.assert_array_equal(model.transform(X), before)
    assert (len(model.history_), model.n_iter_) == (passes, passes)


def test_after_a_step_too_large_the_model_is_the_one_before(tmp_path):
    model = VariationalAutoencoder(2, n_iter=3, random_state=0).fit(X)
    before = model.transform(X)
    with pytest.raises(NonFiniteLossError):
        model.set_params(optimizer=SGD(1e12)).fit(X)
    np.testing.assert_array_equal(model.transform(X), before)
    model.save(tmp_path / "run")
