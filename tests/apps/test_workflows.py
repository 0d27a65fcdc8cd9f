"""Anomalies, photographs by file and the demo from Python: as the commands do them, and silent."""

import numpy as np
import pytest

from tildex import RBM, Autoencoder, DataError, Restorer, read
from tildex.apps.anomalies import find_anomalies
from tildex.apps.demo import demo_models
from tildex.apps.photographs.files import load_restorer, restore_files
from tildex.apps.photographs.training import read_photographs
from tildex.data import Photograph

DRAWS = np.random.default_rng(0)


@pytest.mark.parametrize("neighbours", [3, None])
def test_anomalies_are_those_of_the_detector(neighbours):
    digits = read("digits")
    model = RBM(16, n_iter=2, random_state=0).fit(digits.X[200:])
    before = model.components_.copy()
    found = find_anomalies(model, digits.X[200:], digits.X[:200], n_neighbors=neighbours, contamination=0.1)
    assert found.count == (found.labels == -1).sum() and found.scores.shape == (200,)
    assert found.lowest(5).tolist() == np.argsort(found.scores, kind="stable")[:5].tolist()
    np.testing.assert_array_equal(model.components_, before)
    with pytest.raises(ValueError, match="at least 1"):
        found.lowest(0)
    with pytest.raises(ValueError, match="contamination"):
        find_anomalies(model, digits.X, digits.X, contamination=2.0)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    place = tmp_path_factory.mktemp("photos")
    for k in range(3):
        Photograph(DRAWS.random((20, 24, 1), dtype="float32")).write(place / f"{k}.png")
    (place / "broken.png").write_text("no picture")
    return place


@pytest.fixture(scope="module")
def restorer(photos, tmp_path_factory):
    record = read_photographs(photos, image_shape=(8, 8), n_patches=30, random_state=0)
    assert record.X.shape == (30, 64)
    model = Restorer(image_shape=record.shape, n_iter=1, random_state=0).fit(record.X)
    return load_restorer(model.save(tmp_path_factory.mktemp("runs") / "restorer"))


def test_photographs_are_restored_one_or_all(restorer, photos, tmp_path, capsys):
    one = restore_files(restorer, photos / "0.png", tmp_path / "one.png")
    assert one.written == [tmp_path / "one.png"] and Photograph.read(one.written[0]).pixels.shape == (
        20,
        24,
        1,
    )
    every = restore_files(restorer, photos, tmp_path / "all")
    assert len(every.written) == 3 and "broken.png" in every.skipped[0]
    with pytest.raises(DataError, match="would overwrite"):
        restore_files(restorer, photos / "0.png", photos / "0.png")
    with pytest.raises(DataError, match="a mask is for one photograph"):
        restore_files(restorer, photos, tmp_path / "b", mask=photos / "0.png")
    assert capsys.readouterr().out == ""


def test_photographs_to_learn_from(photos):
    assert read_photographs("digits").shape == (8, 8)
    assert read_photographs(photos, n_patches=5, image_shape=(16, 16, 3)).X.shape == (5, 768)
    with pytest.raises(ValueError, match="patches are taken from a folder"):
        read_photographs("digits", n_patches=5)


def test_a_run_of_another_kind_restores_nothing(tmp_path):
    run = Autoencoder(2, n_iter=1).fit(read("digits").X).save(tmp_path / "run")
    with pytest.raises(ValueError, match="is a run of Autoencoder, but photographs need"):
        load_restorer(run)


def test_the_demo_has_one_seed():
    assert {model.random_state for model in demo_models(5).values()} == {5}
