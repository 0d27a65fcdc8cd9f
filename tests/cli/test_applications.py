"""The commands of applications: sounds, anomalies, completion, the film of a map."""

import json

import numpy as np
import pytest
from PIL import Image

from tildex.cli import main

soundfile = pytest.importorskip("soundfile")


def refused(capsys, tokens):
    assert main(tokens) == 1
    return " ".join(capsys.readouterr().err.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Low and high tones, each a little different, and a file that is no sound."""
    place = tmp_path_factory.mktemp("sounds")
    draws, t = np.random.default_rng(0), np.arange(4000) / 8000
    for kind, hertz in {"low": 300, "high": 2000}.items():
        (place / kind).mkdir()
        for k in range(20):
            sound = 0.5 * np.sin(2 * np.pi * hertz * draws.uniform(0.95, 1.05) * t) + 0.01 * draws.normal(
                size=4000
            )
            soundfile.write(place / kind / f"{k}.wav", sound, 8000)
    (place / "low" / "broken.wav").write_text("no sound")
    return place


@pytest.fixture(scope="module")
def sound_run(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "sounds"
    assert main(["sounds", str(folder), "--out", str(out), "--epochs", "20"]) == 0
    return out


def test_a_map_of_sounds_is_a_run_with_a_page(sound_run):
    names = {path.name for path in sound_run.iterdir()}
    assert {"recipe.json", "sounds.html", "sounds.json", "features.npz", "data.json"} <= names
    assert "checkpoint.safetensors" not in names
    noted = json.loads((sound_run / "sounds.json").read_text())
    assert len(noted["files"]) == 40 and "low/broken.wav is not a whole sound" in noted["skipped"][0]


def test_a_sound_is_found_by_example(sound_run, folder, tmp_path, capsys):
    t = np.arange(8000) / 16_000
    noise = 0.01 * np.random.default_rng(1).normal(size=8000)
    soundfile.write(tmp_path / "a.flac", 0.4 * np.sin(2 * np.pi * 2010 * t) + noise, 16_000)
    assert main(["find-sound", str(sound_run), str(tmp_path / "a.flac"), "-n", "6", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 6 and [row["class"] for row in found].count("high") >= 5
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)
    assert main(["find-sound", str(sound_run), str(folder / "low" / "3.wav"), "-n", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"sound": "low/3.wav", "distance": 0.0, "class": "low"}


def test_a_map_of_sounds_can_be_evaluated_like_any_run(sound_run, capsys):
    assert main(["evaluate", str(sound_run), str(sound_run / "features.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_sounds_refuse_what_is_none(tmp_path, folder, sound_run, capsys):
    assert "holds no sounds" in refused(capsys, ["sounds", "digits", "--out", str(tmp_path / "r")])
    assert "finished run" in refused(capsys, ["sounds", str(folder), "--out", str(sound_run)])
    (tmp_path / "a.wav").touch()
    assert "is not a whole sound" in refused(capsys, ["find-sound", str(sound_run), str(tmp_path / "a.wav")])


@pytest.fixture(scope="module")
def rbm(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "rbm"
    tokens = ["fit", "rbm", "digits", "--out", str(out), "--epochs", "3", "--set", "n_components=16"]
    assert main([*tokens, "--snapshots", "0", "1", "3"]) == 0
    return out


def test_find_sound_asks_for_a_map(rbm, folder, capsys):
    assert "is not a map of sounds" in refused(
        capsys, ["find-sound", str(rbm), str(folder / "low" / "3.wav")]
    )


def test_complete_keeps_what_is_given(rbm, tmp_path):
    tokens = ["complete", str(rbm), "digits", "--given", "top", "-n", "4", "--draws", "2", "--steps", "5"]
    assert main([*tokens, "--out", str(tmp_path)]) == 0
    drawn = np.load(tmp_path / "completions.npy")
    assert drawn.shape == (2, 4, 64) and (drawn[0, :, :32] == drawn[1, :, :32]).all()
    with Image.open(tmp_path / "completions.png") as picture:
        assert picture.width > 300


def test_complete_refuses_unknown_parts(rbm, tmp_path, capsys):
    tokens = ["complete", str(rbm), "digits", "--given", "lft", "--out", str(tmp_path / "c")]
    assert "did you mean 'left'" in refused(capsys, tokens)
    assert not (tmp_path / "c").exists()


def test_anomalies_are_listed_and_written(rbm, tmp_path, capsys):
    out = tmp_path / "scores.csv"
    assert main(["anomalies", str(rbm), "digits", "-n", "3", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == 359 and len(said["lowest"]) == 3
    scores = np.genfromtxt(out, delimiter=",", names=True)
    assert scores.dtype.names == ("score", "prediction", "y")
    assert said["lowest"][0]["row"] == scores["score"].argmin() + 1
    assert said["anomalies"] == (scores["prediction"] == -1).sum()
    assert main(["anomalies", str(rbm), "digits", "--neighbors", "0", "--contamination", "0.3"]) == 0
    assert "rows are anomalies" in capsys.readouterr().err


def test_the_film_of_a_run(rbm, tmp_path, capsys):
    assert main(["animate", str(rbm), "--steps", "2"]) == 0
    with Image.open(rbm / "map.gif") as film:
        assert film.n_frames == 5
    assert "expected a name ending in .gif" in refused(capsys, ["animate", str(rbm), "--out", "map.mp4"])
    plain = tmp_path / "plain"
    assert main(["fit", "autoencoder", "digits", "--out", str(plain), "--epochs", "1"]) == 0
    capsys.readouterr()
    assert "has fewer than two snapshots" in refused(capsys, ["animate", str(plain)])


def test_the_seed_decides_what_is_completed(rbm, tmp_path):
    tokens = ["complete", str(rbm), "digits", "-n", "2", "--draws", "1", "--steps", "5"]
    for name, seed in (("one", "1"), ("again", "1"), ("other", "2")):
        assert main([*tokens, "--seed", seed, "--out", str(tmp_path / name)]) == 0
    one, again, other = (np.load(tmp_path / name / "completions.npy") for name in ("one", "again", "other"))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_contamination_is_the_share_of_training_rows_below_the_threshold(rbm, capsys):
    tokens = ["anomalies", str(rbm), "digits", "--split", "train", "--contamination", "0.3", "--json"]
    assert main(tokens) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["anomalies"] / said["rows"] == pytest.approx(0.3, abs=0.01)
