"""Folders and archives of pictures and sounds as a new user has them, from training to every later command."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tildex.cli import main
from tildex.estimators import load
from tildex.files import load_state, save_state

RANDOM = np.random.default_rng(0)


def picture(path, height, width, colours=3, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width, 3) if colours == 3 else (height, width)
    Image.fromarray(RANDOM.integers(0, 256, shape, dtype=np.uint8)).save(path, **options)


def told(capsys, *tokens, code=0):
    assert main([str(token) for token in tokens]) == code
    return " ".join(capsys.readouterr().err.split())


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs of two sizes, from a camera that was turned, in nested folders, with what else lies in them."""
    place = tmp_path_factory.mktemp("in") / "photos"
    exif = Image.Exif()
    exif[0x0112] = 6
    for k in range(6):
        picture(place / "2024" / "sea" / f"{k}.jpg", 30, 45)
        picture(place / "2024" / "hills" / f"{k}.jpg", 30, 45, exif=exif)
        picture(place / "old" / f"{k}.png", 40, 60, 1)
    (place / "old" / "notes.txt").write_text("words")
    return place


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """An archive of pictures of yet another size."""
    place = tmp_path_factory.mktemp("later")
    picture(place / "a.png", 50, 50)
    picture(place / "b.png", 50, 50)
    with zipfile.ZipFile(place / "later.zip", "w") as archive:
        for name in ("a.png", "b.png"):
            archive.write(place / name, name)
    return place / "later.zip"


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "pictures"
    assert main(["fit", "rbm", str(photos), "--out", str(out), "--epochs", "1", "-s", "n_components=4"]) == 0
    return out


def test_a_mixed_folder_is_trained_on_and_told(photos, tmp_path, capsys):
    said = told(capsys, "fit", "vae", photos, "--out", tmp_path / "run", "--epochs", 1)
    assert (
        "pictures of 3 sizes, from 30 x 45 to 40 x 60 (height x width) were scaled and cropped to 32 x 44"
        in said
    )
    assert (
        "--image-size H,W and --resize crop, pad or stretch" in said
        and "skipped 1 file: old/notes.txt" in said
    )
    assert load(tmp_path / "run").reading_.classes == ("2024/hills", "2024/sea", "old")


def test_a_size_is_the_users_to_choose(photos, tmp_path, capsys):
    said = told(
        capsys, "fit", "linear", photos, "--out", tmp_path / "run", "--epochs", 1, "--image-size", "8x12",
        "--resize", "pad", "--colours", 1, "-s", "n_components=2",
    )  # fmt: skip
    assert (
        "were scaled and padded with white to 8 x 12" in said and "12 of 18 pictures were made grey" in said
    )
    reading = load(tmp_path / "run").reading_
    assert (reading.image_size, reading.resize, reading.colours) == ((8, 12), "pad", 1)
    assert "expected height and width in pixels, such as 64,96, got '8'" in told(
        capsys, "fit", "vae", photos, "--out", tmp_path / "no", "--image-size", "8", code=2
    )


def test_later_commands_need_no_option(run, later, tmp_path, capsys):
    wanted = "pictures of 50 x 50 pixels (height x width) were scaled and cropped to 32 x 44"
    assert wanted in told(capsys, "encode", run, later, "--out", tmp_path / "codes.csv")
    assert len((tmp_path / "codes.csv").read_text().splitlines()) == 3
    assert wanted in told(capsys, "reconstruct", run, later, "--out", tmp_path)
    assert np.load(tmp_path / "reconstructions.npy").shape == (2, 32 * 44 * 3)
    assert wanted in told(capsys, "complete", run, later, "--out", tmp_path, "-n", 1, "--steps", 2)
    assert main(["anomalies", str(run), str(later), "-n", "1", "--json"]) == 0
    shown = capsys.readouterr()
    assert wanted in " ".join(shown.err.split()) and json.loads(shown.out)["rows"] == 2
    assert main(["evaluate", str(run), str(later), "--json"]) == 0
    shown = capsys.readouterr()
    assert wanted in " ".join(shown.err.split()) and json.loads(shown.out)
    assert "the model was trained with image_size (32, 44), and (9, 9) is asked for" in told(
        capsys, "encode", run, later, "--out", tmp_path / "c.csv", "--image-size", "9,9", code=1
    )


def test_patches_are_cut_from_pictures_as_they_are(photos, tmp_path, capsys):
    said = told(capsys, "fit", "restoration", photos, "--out", tmp_path / "r", "--image-size", "8,8", code=1)
    assert "patches are cut from pictures as they are: leave out image_size" in said


def test_sounds_of_other_rates_and_lengths(tmp_path, capsys):
    soundfile = pytest.importorskip("soundfile")
    for name, rate, n in (("in/a", 8000, 900), ("in/deep/er/b", 8000, 800), ("later/c", 16_000, 9000)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / f"{name}.wav", RANDOM.uniform(-0.5, 0.5, n), rate)
    for k in range(3):
        (tmp_path / "in" / f"bad{k}.wav").write_text("no sound")
    run = tmp_path / "run"
    said = told(capsys, "fit", "autoencoder", tmp_path / "in", "--out", run, "--epochs", 1)
    assert (
        "skipped 3 files: bad0.wav is not a whole sound" in said
        and "to 0.113 s; to choose: --seconds" in said
    )
    said = told(capsys, "encode", run, tmp_path / "later", "--out", tmp_path / "codes.csv")
    assert "1 of 1 sounds were resampled to 8,000 samples per second" in said
    assert "sounds of 0.562 s: 1 cut to 0.113 s" in said
    assert len((tmp_path / "codes.csv").read_text().splitlines()) == 2


def test_tagged_pictures_keep_how_they_were_read(photos, later, tmp_path, capsys):
    rows = [f"2024/sea/{k}.jpg,sea" for k in range(6)] + [f"old/{k}.png,hills" for k in range(6)]
    (photos / "tags.csv").write_text("\n".join(["file,tags", *rows]))
    run = tmp_path / "run"
    said = told(
        capsys, "fit", "multimodal-dbm", photos, "--tags", "tags.csv", "--out", run, "--epochs", 1,
        "--resize", "pad", "-s", "n_components=4", "n_iter_prediction=1",
    )  # fmt: skip
    assert "were scaled and padded with white to" in said and "tags.csv ends" not in said
    (photos / "tags.csv").unlink()
    assert main(["tag", str(run), str(later), "-n", "1", "--json"]) == 0
    assert [row["image"] for row in json.loads(capsys.readouterr().out)] == [
        str(later / "a.png"),
        str(later / "b.png"),
    ]
    from tildex.apps.tagging import TaggedPictures

    assert TaggedPictures.load(run).collection.reading.resize == "pad"
    # A collection of an earlier version noted nothing: its pictures were stretched.
    tree = load_state(run / "collection.safetensors")
    del tree["reading"]
    save_state(run / "collection.safetensors", tree)
    assert TaggedPictures.load(run).collection.reading.resize == "stretch"
