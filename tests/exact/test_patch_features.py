"""Features of pictures that are learned from their patches, against the steps they are made of."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.utils.estimator_checks import check_estimator

from tildex import GaussianRBM, PatchFeatures, RunError, SparseAutoencoder
from tildex.features.code_maps import image_features
from tildex.files import load_state, save_state

PIXELS = np.random.default_rng(0).random((12, 10 * 9 * 3), dtype=np.float32)
QUICK = {"estimator": GaussianRBM(5, n_iter=2), "patch_size": 4, "n_patches": 300, "grid": 3}


def learned(**settings):
    return PatchFeatures((10, 9, 3), random_state=0, **{**QUICK, **settings}).fit(PIXELS)


def test_it_is_a_scikit_learn_transformer():
    check_estimator(
        PatchFeatures(estimator=SparseAutoencoder(6, n_iter=2), n_patches=100, random_state=0), on_skip=None
    )


def test_features_are_roots_of_pooled_codes_at_length_one_a_region():
    model = learned()
    found = model.transform(PIXELS).reshape(12, 9, 5)
    images = torch.from_numpy(PIXELS).view(12, 10, 9, 3)
    encode = model.estimator_.transform
    sums = image_features(images.double(), 4, model.scaling_, encode, grid=3).view(12, 9, 5)
    np.testing.assert_allclose(found**2, sums / sums.sum(-1, keepdim=True), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-5)
    assert len(set(model.get_feature_names_out())) == found[0].size


def test_codes_of_either_sign_keep_it():
    found = learned(estimator=PCA(3)).transform(PIXELS)
    assert (found < 0).any() and (found > 0).any()
    np.testing.assert_allclose(np.linalg.norm(found.reshape(12, 9, 3), axis=-1), 1, rtol=1e-5)


def test_a_seed_decides_patches_and_training():
    once, again = learned(), learned()
    np.testing.assert_array_equal(once.transform(PIXELS), again.transform(PIXELS))
    other = PatchFeatures((10, 9, 3), random_state=1, **QUICK).fit(PIXELS)
    assert np.abs(other.transform(PIXELS) - once.transform(PIXELS)).max() > 0.01


def test_what_was_learned_is_read_again(tmp_path):
    model = learned()
    model.save(tmp_path / "kept")
    again = PatchFeatures.load(tmp_path / "kept")
    np.testing.assert_array_equal(again.transform(PIXELS), model.transform(PIXELS))
    assert (again.shape, again.patch_size, again.grid) == ((10, 9, 3), 4, 3)
    with pytest.raises(TypeError, match="can be saved, got PCA"):
        learned(estimator=PCA(3)).save(tmp_path / "other")


@pytest.mark.parametrize(
    "change", [{"grid": 0}, {"shape": [5, 5]}, {"columns": 3}, {"whitening": [1, 2, 3]}, {"patch_size": "6"}]
)
def test_a_damaged_file_is_refused_when_it_is_read(tmp_path, change):
    learned().save(tmp_path)
    path = tmp_path / "patches.safetensors"
    save_state(path, {**load_state(path), **change})
    with pytest.raises(RunError, match="learn them again"):
        PatchFeatures.load(tmp_path)


def test_the_default_learns_where_it_is_told():
    assert learned(estimator=None, device="cpu").estimator_.device == "cpu"


def test_a_patch_is_no_larger_than_the_picture():
    rows = np.random.default_rng(0).random((20, 30))
    model = PatchFeatures(estimator=GaussianRBM(4, n_iter=1), n_patches=50, random_state=0).fit(rows)
    assert model.scaling_.whitening.offset.shape == (6,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 0}, "patch_size must be a whole number of at least 1, got 0"),
        ({"n_patches": 1}, "n_patches must be a whole number of at least 2"),
        ({"grid": 1.5}, "grid must be a whole number"),
        ({"shape": (5, 5)}, "shape must be .* with 270 values"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        PatchFeatures((10, 9, 3), **QUICK).set_params(**settings).fit(PIXELS)
