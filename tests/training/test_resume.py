"""A killed training, resumed, ends bit for bit as if it had never stopped."""

import json
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tildex import Autoencoder, DenoisingAutoencoder, Masking, RunError
from tildex.files import load_state
from tildex.train import Trainer

SCRIPT = Path(__file__).with_name("interrupted.py")
CASES, DATA = (runpy.run_path(str(SCRIPT))[name] for name in ("CASES", "data"))


def without_seconds(history):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in history]


def same(first, second):
    ours, theirs = first.module_.state_dict(), second.module_.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name
    assert without_seconds(first.history_) == without_seconds(second.history_)
    assert first.n_iter_ == second.n_iter_
    if hasattr(second, "h_samples_"):
        assert (first.h_samples_ == second.h_samples_).all()


@pytest.fixture(scope="module")
def killed():
    """Return a function that trains in another process, which kills itself, and says how that ended."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:

        def train(name, checkpoint, evaluation):
            print(json.dumps([name, str(checkpoint), evaluation]), file=server.stdin, flush=True)
            return int(server.stdout.readline())

        yield train


@pytest.mark.parametrize(
    ("name", "evaluation"),
    [
        ("denoising", 18),
        ("variational", 4),
        ("latent", 4),
        ("rbm", 17),
        ("tempered", 17),
        ("trajectory", 17),
        ("fast", 17),
        ("deep", 17),
        ("deep", 45),
        ("growing", 18),
        ("held", 45),
        ("modalities", 17),
        ("modalities", 33),
        ("modalities", 47),
        ("modalities", 61),
        ("belief", 17),
        ("belief", 33),
        ("belief", 40),
        ("images", 18),
        ("restored", 18),
        ("stacked", 3),
        ("stacked", 17),
        ("stacked", 25),
        ("stacked", 32),
        ("labels", 25),
        ("labels", 45),
        ("cd", 11),
        ("linear", 6),
        ("sparse", 40),
    ],
)
def test_a_killed_run_ends_as_an_uninterrupted_one(killed, tmp_path, name, evaluation):
    checkpoint = tmp_path / "checkpoint.safetensors"
    assert killed(name, checkpoint, evaluation) == -signal.SIGKILL
    done = load_state(checkpoint)["trainer"]["epoch"]
    assert done >= 1
    resumed, whole = CASES[name]().fit(DATA(), checkpoint=checkpoint), CASES[name]().fit(DATA())
    same(resumed, whole)
    assert whole.n_iter_ > done
    assert list(tmp_path.iterdir()) == [checkpoint]


@pytest.mark.parametrize("name", ["denoising", "stopped", "rbm", "linear"])
def test_a_finished_run_is_read_back(tmp_path, name):
    checkpoint = tmp_path / "checkpoint.safetensors"
    first = CASES[name]().fit(DATA(), checkpoint=checkpoint)
    same(CASES[name]().fit(DATA(), checkpoint=checkpoint), first)
    assert first.n_iter_ == (2 if name == "stopped" else 6)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    CASES["denoising"]().set_params(n_iter=2).fit(DATA(), checkpoint=path)
    return path


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"n_components": 7}, "params"),
        ({"corruption__rate": 0.2}, "params"),
        ({"random_state": 1}, "params"),
        ({"n_iter": 3}, "params"),
    ],
    ids=["n_components", "corruption", "random_state", "n_iter"],
)
def test_other_settings_are_refused(checkpoint, changed, named):
    other = CASES["denoising"]().set_params(n_iter=2, corruption=Masking(0.3)).set_params(**changed)
    with pytest.raises(RunError, match=rf"other settings \(.*{named}.*\): resume with the same"):
        other.fit(DATA(), checkpoint=checkpoint)


def test_another_estimator_or_other_rows_are_refused(checkpoint):
    same_settings = CASES["denoising"]().set_params(n_iter=2)
    with pytest.raises(RunError, match="other settings"):
        same_settings.fit(DATA()[:150], checkpoint=checkpoint)
    with pytest.raises(RunError, match="estimator"):
        CASES["rbm"]().fit(DATA(), checkpoint=checkpoint)


@pytest.mark.parametrize("keep", [0, 7, 100, -1], ids=["empty", "7 bytes", "100 bytes", "one byte short"])
def test_damaged_checkpoints_are_refused(checkpoint, keep):
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"not a complete state file.*delete it, or restore it"):
        CASES["denoising"]().set_params(n_iter=2).fit(DATA(), checkpoint=checkpoint)


def test_files_of_others_are_refused(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_text(json.dumps({"epoch": 3}))
    with pytest.raises(RunError, match="not a complete state file"):
        DenoisingAutoencoder(3, n_iter=1).fit(DATA(), checkpoint=path)


def test_unseeded_resume_holds_out_the_same_rows(tmp_path, monkeypatch):
    seen = []
    fit = Trainer.fit
    monkeypatch.setattr(Trainer, "fit", lambda self, rows, held: (seen.append(held), fit(self, rows, held)))
    X = np.random.default_rng(0).random((60, 6))
    for _ in range(2):
        Autoencoder(2, n_iter=2, early_stopping=True).fit(X, checkpoint=tmp_path / "checkpoint")
    assert torch.equal(*seen)


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    X = np.random.default_rng(0).random((60, 6))
    Autoencoder(2, n_iter=2, random_state=0).fit(X, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(RunError, match="other settings"):
        Autoencoder(2, n_iter=2, random_state=0).fit(1 - X, checkpoint=tmp_path / "checkpoint")
