"""A map of sounds from Python: made of a record, saved, opened and searched."""

import numpy as np
import pytest

from tildex import Autoencoder, DataError, RunError, read
from tildex.apps.sounds import SoundMap
from tildex.data import Record

RATE = 8000


def sounds(**more):
    draws, t = np.random.default_rng(0), np.arange(RATE // 2) / RATE
    low, high = (
        [np.sin(2 * np.pi * f * t) for f in draws.uniform(*span, 20)] for span in ((280, 320), (1900, 2100))
    )
    X = (0.5 * np.array(low + high) + 0.01 * draws.normal(size=(40, RATE // 2))).astype(np.float32)
    known = {"y": np.repeat([0, 1], 20), "target_names": ("low", "high"), "name": "tones"}
    return Record(X, rate=RATE, **{**known, **more})


@pytest.fixture(scope="module")
def made():
    return SoundMap.fit(sounds(), n_iter=15, random_state=0)


def test_what_sounds_alike_is_found_before_and_after_saving(made, tmp_path, capsys):
    new = 0.4 * np.sin(2 * np.pi * 2010 * np.arange(RATE // 2) / RATE)
    new += 0.01 * np.random.default_rng(1).normal(size=len(new))
    assert [hit.kind for hit in made.find(new, n=6)].count("high") >= 5
    again = SoundMap.load(made.save(tmp_path / "run"))
    assert again.find(new) == made.find(new)
    assert again.files == made.files and again.source == "tones" and again.seconds == 0.5
    np.testing.assert_array_equal(again.codes, made.codes)
    assert read(tmp_path / "run" / "features.npz").target_names == ("high", "low")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("more", [{"y": None, "target_names": None}, {"target_names": None}])
def test_classes_without_names_are_not_named(more, tmp_path):
    made = SoundMap.fit(sounds(**more), n_iter=1, n_components=3, random_state=0)
    again = SoundMap.load(made.save(tmp_path / "run"))
    assert again.codes.shape == (40, 3) and again.find(sounds().X[0], n=1)[0].kind is None


def test_refusals(tmp_path):
    with pytest.raises(DataError, match="digits holds no sounds"):
        SoundMap.fit("digits")
    run = Autoencoder(2, n_iter=1).fit(read("digits").X).save(tmp_path / "run")
    with pytest.raises(RunError, match="is not a map of sounds"):
        SoundMap.load(run)
