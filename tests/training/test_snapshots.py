"""Codes of the same rows at chosen epochs: kept by the loop, in checkpoints and in run folders."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from tildex import Adam, Autoencoder, DeepBeliefNetwork, RunError, load
from tildex.apps.report.snapshots import snapshots
from tildex.data import Record
from tildex.train import Trainer

X = np.random.default_rng(0).random((120, 6))


def model(**settings):
    return Autoencoder(2, optimizer=Adam(), n_iter=4, random_state=0, **settings)


@pytest.fixture
def watched():
    return model().fit(X, snapshots=[0, 1, 4, 9])


def test_codes_are_those_of_the_epochs(watched):
    assert list(watched.snapshots_) == [0, 1, 4]
    assert (watched.snapshot_rows_ == np.arange(120)).all()
    np.testing.assert_array_equal(watched.snapshots_[4], watched.transform(X))
    short = Autoencoder(2, optimizer=Adam(), n_iter=1, random_state=0).fit(X)
    np.testing.assert_array_equal(watched.snapshots_[1], short.transform(X))


def test_watching_changes_nothing(watched):
    np.testing.assert_array_equal(model().fit(X).transform(X), watched.transform(X))


def test_averaged_weights_are_what_encodes():
    averaged = model(averaging=0.9).fit(X, snapshots=[4])
    np.testing.assert_array_equal(averaged.snapshots_[4], averaged.transform(X))


def test_another_training_forgets_them(watched):
    assert not hasattr(watched.fit(X), "snapshots_")


def test_many_rows_are_shown_by_the_same_few():
    many = np.random.default_rng(1).random((2000, 3))
    first, again = (Autoencoder(2, n_iter=1).fit(many, snapshots=[1]) for _ in range(2))
    assert len(first.snapshot_rows_) == 1500
    np.testing.assert_array_equal(first.snapshot_rows_, again.snapshot_rows_)
    np.testing.assert_array_equal(first.snapshots_[1], first.transform(many[first.snapshot_rows_]))


def test_an_interrupted_training_keeps_what_it_had(watched, tmp_path, monkeypatch):
    path, epoch = tmp_path / "checkpoint.safetensors", Trainer.run_epoch

    def interrupted(self, *arguments, **settings):
        if self.epoch == 2:
            raise KeyboardInterrupt
        return epoch(self, *arguments, **settings)

    monkeypatch.setattr(Trainer, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model().fit(X, checkpoint=path, snapshots=[0, 1, 4, 9])
    monkeypatch.undo()
    resumed = model().fit(X, checkpoint=path, snapshots=[0, 1, 4, 9])
    assert list(resumed.snapshots_) == [0, 1, 4]
    for kept, expected in zip(resumed.snapshots_.values(), watched.snapshots_.values(), strict=True):
        np.testing.assert_array_equal(kept, expected)
    with pytest.raises(RunError, match=r"other settings \(snapshots\)"):
        model().fit(X, checkpoint=path)


def test_a_run_folder_holds_them(watched, tmp_path):
    run = watched.save(tmp_path / "run")
    again = load(run)
    assert list(again.snapshots_) == [0, 1, 4]
    np.testing.assert_array_equal(again.snapshots_[1], watched.snapshots_[1])
    np.testing.assert_array_equal(again.snapshot_rows_, watched.snapshot_rows_)
    save_file({"rows": np.arange(3)}, run / "snapshots.safetensors")
    with pytest.raises(RunError, match=r"snapshots\.safetensors is not the file that recipe.json describes"):
        load(run)
    (run / "snapshots.safetensors").unlink()
    with pytest.raises(RunError, match=r"no snapshots\.safetensors"):
        load(run)
    model().fit(X).save(run)
    assert not hasattr(load(run), "snapshots_")


def test_a_picture_shows_them(watched):
    record = Record(X.astype("float32"), np.arange(120) % 3, name="rows")
    picture = snapshots("autoencoder", watched, record)
    assert [axes.get_title(loc="left") for axes in picture.figure.axes] == ["epoch 0", "epoch 1", "epoch 4"]
    assert len(picture.figure.legends) == 1
    assert not snapshots("autoencoder", watched, None).figure.legends
    longer = Autoencoder(4, n_iter=1).fit(X, snapshots=[1])
    assert "principal axes of the last 4-unit codes" in snapshots("autoencoder", longer, record).caption
    assert snapshots("autoencoder", model().fit(X), record) is None


@pytest.mark.parametrize("epochs", [[-1], [0.5]])
def test_epochs_that_never_come_are_refused(epochs):
    with pytest.raises(ValueError, match="snapshots must be whole numbers of epochs"):
        model().fit(X, snapshots=epochs)


def test_models_of_several_stages_have_no_one_map():
    with pytest.raises(ValueError, match="trained in stages"):
        DeepBeliefNetwork(3, n_iter=1).fit(X, snapshots=[0])


def test_codes_of_a_run_that_was_here_before_go(watched, tmp_path):
    run = watched.save(tmp_path / "run")
    model().fit(X).save(run)
    assert not (run / "snapshots.safetensors").exists()
