"""Files are whole or not there, whatever interrupts their writing."""

import errno
import stat

import numpy as np
import pytest
import torch

from tildex import BernoulliRBM, LinearAutoencoder, RunError
from tildex.files import load_state, save_state, write_json, write_whole

FULL_DISK = OSError(errno.ENOSPC, "No space left on device")


def failing(error):
    def write(path):
        path.write_bytes(b"half")
        raise error

    return write


@pytest.mark.parametrize(
    ("error", "raised"),
    [(FULL_DISK, RunError), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["full", "Ctrl-C"],
)
def test_nothing_is_left_when_writing_fails(tmp_path, error, raised):
    target = tmp_path / "new" / "file"
    with pytest.raises(raised):
        write_whole(target, failing(error))
    assert list(target.parent.iterdir()) == []
    target.write_text("old")
    with pytest.raises(raised):
        write_whole(target, failing(error))
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_a_full_disk_is_explained(tmp_path):
    with pytest.raises(RunError, match=r"could not write .*No space left on device.*free some space"):
        write_whole(tmp_path / "file", failing(FULL_DISK))


def test_a_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="could not write"):
        write_json(tmp_path / "file" / "inner.json", {})


def test_files_are_readable_as_any_other(tmp_path):
    write_json(tmp_path / "ours.json", [1])
    (tmp_path / "plain").write_text("")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.parametrize(
    "make", [lambda: LinearAutoencoder(2), lambda: BernoulliRBM(2)], ids=["linear", "rbm"]
)
@pytest.mark.parametrize("error", [FULL_DISK, KeyboardInterrupt()], ids=["full", "Ctrl-C"])
def test_an_interrupted_checkpoint_keeps_the_last_whole_one(tmp_path, monkeypatch, make, error):
    X, path = np.random.default_rng(0).random((40, 5), dtype="float32"), tmp_path / "checkpoint.safetensors"
    make().set_params(n_iter=2, random_state=0).fit(X, checkpoint=path)
    before = path.read_bytes()
    path.unlink()
    writes = []

    def save(tensors, target, **kwargs):
        target.write_bytes(before if not writes else before[:9])
        writes.append(target)
        if len(writes) == 2:
            raise error

    monkeypatch.setattr("tildex.files.save_file", save)
    with pytest.raises((RunError, KeyboardInterrupt)):
        make().set_params(n_iter=3, random_state=0).fit(X, checkpoint=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_state_round_trip(tmp_path):
    shared = torch.arange(6.0).view(2, 3)
    tree = {
        "numbers": [1, 2.5, float("inf"), True, None, "text"],
        "shared": [shared, shared.t(), shared[0]],
        "by number": {0: {"step": torch.tensor(3)}, 1: np.arange(3)},
    }
    save_state(tmp_path / "state", tree)
    back = load_state(tmp_path / "state")
    assert back["numbers"] == tree["numbers"]
    assert all(torch.equal(a, b) for a, b in zip(back["shared"], tree["shared"], strict=True))
    assert back["by number"][0]["step"] == 3
    assert torch.equal(back["by number"][1], torch.arange(3))


def test_a_missing_state_is_explained(tmp_path):
    with pytest.raises(RunError, match="found no such file"):
        load_state(tmp_path / "none")
