"""The restorer: scikit-learn's contract, images of any size, missing pixels as NaN, files, checkpoints, commands."""

import io
import json

import joblib
import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tildex import (
    GaussianNoise,
    Greyscale,
    Missing,
    Occlusion,
    Restorer,
    RunError,
    Turned,
    UNet,
    VaryingNoise,
    load,
)
from tildex.cli import main
from tildex.evaluate import psnr

IMAGES = np.random.default_rng(0).random((30, 8, 6, 3), dtype=np.float32)
ROWS = IMAGES.reshape(30, -1)


def short(**settings):
    return Restorer(**{"network": UNet(4, 2), "n_iter": 2, "random_state": 0, **settings})


def test_images_and_rows_of_them_are_the_same():
    from_images = short().fit(IMAGES)
    from_rows = short(image_shape=(8, 6, 3)).fit(ROWS)
    assert from_images.image_shape_ == from_rows.image_shape_ == (8, 6, 3)
    assert np.array_equal(from_images.transform(ROWS), from_rows.transform(ROWS))
    np.testing.assert_allclose(
        from_images.transform(IMAGES).reshape(30, -1), from_rows.transform(ROWS), atol=1e-5
    )
    assert from_images.history_[0]["reconstruction"] == from_rows.history_[0]["reconstruction"]


def test_images_of_other_sizes_are_restored_and_of_other_channels_refused():
    model = short().fit(IMAGES)
    larger = np.random.default_rng(1).random((2, 13, 21, 3), dtype=np.float32)
    assert model.transform(larger).shape == larger.shape
    tensors = model.transform(torch.from_numpy(larger))
    assert isinstance(tensors, torch.Tensor) and np.array_equal(tensors.numpy(), model.transform(larger))
    with pytest.raises(ValueError, match="expected images of 3 channels as in training, got 1"):
        model.transform(larger[..., :1])
    with pytest.raises(ValueError, match=r"images are of shape .*set image_shape"):
        short(image_shape=(6, 8, 3)).fit(IMAGES)
    larger[0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"NaN.*trained with Missing\(\)"):
        model.transform(larger)


def test_another_fit_begins_anew_with_images_of_another_shape():
    model = short().fit(IMAGES)
    assert model.fit(IMAGES.swapaxes(1, 2)).image_shape_ == (6, 8, 3)
    assert model.fit(ROWS).image_shape_ == (12, 12, 1)
    with pytest.raises(ValueError, match=r"images are of shape \(8, 6, 3\) and expected was \(12, 12, 1\)"):
        model.corrupt(IMAGES)


def test_rows_without_a_shape_are_squares_or_lines():
    assert short().fit(ROWS[:, :16]).image_shape_ == (4, 4, 1)
    assert short().fit(ROWS[:, :15]).image_shape_ == (1, 15, 1)
    with pytest.raises(ValueError, match="set image_shape"):
        short(image_shape=(4, 4)).fit(ROWS[:, :15])


def test_missing_pixels_are_nan_and_only_they_change():
    model = short(corruption=Missing(0.5)).fit(IMAGES)
    damaged = model.corrupt(IMAGES)
    lost = np.isnan(damaged)
    assert damaged.shape == IMAGES.shape and 0.4 < lost.mean() < 0.6
    # Channels of a pixel are lost together without anybody saying how many there are.
    assert np.array_equal(lost.any(-1), lost.all(-1))
    for restored in (
        model.transform(damaged),
        model.transform(damaged.reshape(30, -1)).reshape(IMAGES.shape),
    ):
        assert np.isfinite(restored).all()
        assert np.array_equal(restored[~lost], IMAGES[~lost])
    with pytest.raises(ValueError, match="NaN"):
        short(corruption=Missing(0.5)).fit(damaged)
    with pytest.raises(ValueError, match="infinity"):
        model.transform(np.where(lost, np.inf, IMAGES))


def test_corruptions_learn_the_shape_of_the_images():
    model = short(corruption=Occlusion(4) >> Missing(0.1), augmentation=Turned()).fit(IMAGES)
    assert model.module_.corruption.first.image_shape == (8, 6, 3)
    assert model.module_.corruption.second.channels == 3
    assert model.corruption == Occlusion(4) >> Missing(0.1)


@pytest.mark.parametrize(
    "corruption", [None, Missing(0.5), Greyscale(), Occlusion(3) >> VaryingNoise(0.1)], ids=repr
)
def test_saved_and_pickled_models_restore_alike(corruption, tmp_path):
    model, file = short(corruption=corruption).fit(IMAGES), io.BytesIO()
    again = load(model.save(tmp_path / "run"))
    assert type(again) is Restorer and again.image_shape_ == (8, 6, 3)
    joblib.dump(model, file)
    file.seek(0)
    for other in (again, joblib.load(file)):
        assert np.array_equal(other.transform(model.corrupt(IMAGES)), model.transform(model.corrupt(IMAGES)))
        assert other.score(IMAGES) == model.score(IMAGES)
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    recipe["fitted"]["image_shape"] = [8, 6]
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(RunError):
        load(tmp_path / "run")


class StoppedError(Exception):
    pass


def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(tmp_path, monkeypatch):
    settings = {"averaging": 0.9, "n_iter": 4, "corruption": Missing(0.5) >> VaryingNoise(0.1)}
    whole = short(**settings).fit(IMAGES)
    from tildex.train.callbacks import Checkpoint

    saved = Checkpoint.__call__

    def once(self, trainer):
        saved(self, trainer)
        if trainer.epoch == 2:
            raise StoppedError

    monkeypatch.setattr(Checkpoint, "__call__", once)
    with pytest.raises(StoppedError):
        short(**settings).fit(IMAGES, checkpoint=tmp_path / "c.safetensors")
    monkeypatch.setattr(Checkpoint, "__call__", saved)
    resumed = short(**settings).fit(IMAGES, checkpoint=tmp_path / "c.safetensors")
    for name, tensor in whole.module_.state_dict().items():
        assert torch.equal(tensor, resumed.module_.state_dict()[name]), name


def test_training_in_bfloat16_is_near_that_in_float32():
    exact, fast = (short(precision=precision, n_iter=5).fit(IMAGES) for precision in ("float32", "bfloat16"))
    assert fast.module_.encoder.map.network.stem.weight.dtype is torch.float32
    ours, theirs = (model.history_[-1]["reconstruction"] for model in (fast, exact))
    assert abs(ours - theirs) < 0.01 * theirs


def test_early_stopping_holds_images_out_or_takes_them():
    model = short(early_stopping=True, n_iter=4).fit(IMAGES)
    assert all("held_out" in record for record in model.history_)
    given = short().fit(IMAGES[:20], X_val=IMAGES[20:])
    assert all("held_out" in record for record in given.history_)


def test_score_is_the_ratio_of_its_own_corruption():
    model = short(corruption=GaussianNoise(0.1)).fit(IMAGES)
    expected = psnr(IMAGES, model.transform(model.corrupt(IMAGES))).value
    assert model.score(IMAGES) == pytest.approx(expected, abs=1e-4)
    assert np.array_equal(model.corrupt(IMAGES), model.corrupt(IMAGES))
    assert not np.array_equal(model.corrupt(IMAGES, random_state=1), model.corrupt(IMAGES))


def test_pipelines_grids_and_clones():
    pipeline = make_pipeline(FunctionTransformer(), short(image_shape=(8, 6, 3))).fit(ROWS)
    assert pipeline.transform(ROWS).shape == ROWS.shape
    grid = GridSearchCV(
        short(image_shape=(8, 6, 3), n_iter=1),
        {"corruption__scale": [0.1, 0.2], "network__width": [2, 4]},
        cv=2,
    ).fit(ROWS)
    assert grid.best_params_["corruption__scale"] == 0.1
    fitted = short().fit(IMAGES)
    assert not hasattr(clone(fitted), "module_")
    assert repr(clone(fitted)) == repr(fitted)


def test_a_part_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="network must be one of the network parts, such as"):
        short(network=GaussianNoise(0.1)).fit(IMAGES)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(2)
    for name, size in (("a.png", (40, 30, 3)), ("b.png", (33, 50, 3))):
        Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)).save(folder / name)
    (folder / "broken.png").write_text("no picture")
    return folder


def fitted_run(tmp_path, photos, *settings):
    run = tmp_path / "run"
    shape = "image_shape=16,16,3"
    command = ["fit", "restoration", str(photos), "--out", str(run), "--patches", "20", "--epochs", "1"]
    assert main([*command, "--set", "network=UNet(4,2)", shape, *settings]) == 0
    return run


def test_commands_train_on_a_folder_and_restore_a_photograph_and_a_folder(tmp_path, photos, capsys):
    run = fitted_run(tmp_path, photos)
    assert "broken.png" in capsys.readouterr().err
    out = tmp_path / "out.png"
    assert main(["restore", str(run), str(photos / "a.png"), "--out", str(out)]) == 0
    with Image.open(out) as image:
        assert image.size == (30, 40)
    averaged = tmp_path / "averaged.png"
    assert main(["restore", str(run), str(photos / "a.png"), "--out", str(averaged), "--views", "8"]) == 0
    assert averaged.read_bytes() != out.read_bytes()
    assert main(["restore", str(run), str(photos / "a.png"), "--out", str(averaged), "--views", "3"]) == 1
    assert main(["restore", str(run), str(photos), "--out", str(tmp_path / "all"), "--tile", "32"]) == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["a.png", "b.png"]
    said = capsys.readouterr().err
    assert "2 photographs in" in said and "skipped:" in said and "broken.png" in said


def test_commands_fill_in_and_colour(tmp_path, photos):
    mask = np.zeros((40, 30), dtype=np.uint8)
    mask[10:20, 5:15] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    run = fitted_run(tmp_path, photos, "corruption=Occlusion(6)")
    out, photo = tmp_path / "out.png", photos / "a.png"
    assert (
        main(["restore", str(run), str(photo), "--out", str(out), "--mask", str(tmp_path / "mask.png")]) == 0
    )
    before, after = (np.asarray(Image.open(path)) for path in (photo, out))
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert not np.array_equal(before, after)
    colours = fitted_run(tmp_path / "colours", photos, "corruption=Greyscale()")
    Image.open(photo).convert("L").save(tmp_path / "grey.png")
    assert main(["colourise", str(colours), str(tmp_path / "grey.png"), "--out", str(out)]) == 0
    weights = [0.299, 0.587, 0.114]
    after = np.asarray(Image.open(out)) @ weights
    assert np.abs(after - np.asarray(Image.open(tmp_path / "grey.png"))).max() <= 0.501


def test_commands_say_what_is_wrong(tmp_path, photos, capsys):
    run, photo, out = fitted_run(tmp_path, photos), photos / "a.png", tmp_path / "out.png"
    other = tmp_path / "other"
    assert main(["fit", "linear", "digits", "--out", str(other), "--epochs", "1"]) == 0
    cases = {
        ("restore", str(other), str(photo), "--out", str(out)): "is a run of LinearAutoencoder",
        (
            "restore",
            str(run),
            str(photos / "broken.png"),
            "--out",
            str(out),
        ): "broken.png is not a whole image",
        ("restore", str(run), str(photo), "--out", str(photo)): "would overwrite",
        (
            "restore",
            str(run),
            str(photos),
            "--out",
            str(out),
            "--mask",
            str(photo),
        ): "a mask is for one photograph",
        ("colourise", str(run), str(photo), "--out", str(out)): "does not colourise",
        ("fit", "vae", "digits", "--out", str(tmp_path / "v"), "--patches", "5"): "--patches is for",
    }
    capsys.readouterr()
    for command, message in cases.items():
        assert main(list(command)) == 1
        assert message in capsys.readouterr().err.replace("\n", " "), command
    assert not out.exists()


def test_a_known_set_of_images_is_restored_and_measured_in_its_own_shape(tmp_path, capsys):
    run = tmp_path / "run"
    assert (
        main(
            ["fit", "restoration", "digits", "--out", str(run), "--epochs", "1", "--set", "network=UNet(4,2)"]
        )
        == 0
    )
    assert load(run).image_shape_ == (8, 8, 1)
    assert main(["evaluate", str(run), "digits", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 359 and found["corruption"].startswith("VaryingNoise")
    assert found["damaged"]["value"] > 10 and found["restored"]["value"] > 10
    assert main(["evaluate", str(run), "digits"]) == 0
    assert "PSNR of restored images, dB" in capsys.readouterr().out


def test_views_are_averaged_wherever_images_are_restored():
    model = short(views=2).fit(IMAGES)
    averaged = model.transform(IMAGES)
    mirrored = IMAGES[:, :, ::-1].copy()
    one = model.set_params(views=1)
    expected = (one.transform(IMAGES) + one.transform(mirrored)[:, :, ::-1]) / 2
    np.testing.assert_allclose(averaged, expected, atol=1e-5)
    np.testing.assert_allclose(model.set_params(views=2).transform(ROWS), averaged.reshape(30, -1), atol=1e-5)


def test_other_numbers_of_views_are_refused_before_training():
    with pytest.raises(ValueError, match=r"views must be one of \(1, 2, 4, 8\), got 3"):
        short(views=3).fit(IMAGES)
