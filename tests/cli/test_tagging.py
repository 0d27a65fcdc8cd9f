"""A folder of pictures with tags, from training to tags, finds and traces; and what is refused on the way."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tildex import PatchFeatures
from tildex.apps.tagging.collection import load_collection
from tildex.cli import main

COLOURS = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 210)}
SHAPES = ("disc", "square")


def drawn(colour, shape, draws):
    """Return a picture of 40 x 32 pixels: a shape somewhere on a ground that is not white."""
    image = Image.new("RGB", (40, 32), tuple(int(g) for g in draws.integers(200, 256, 3)))
    x, y = draws.integers(2, 14), draws.integers(2, 8)
    pen = ImageDraw.Draw(image)
    shaped = pen.ellipse if shape == "disc" else pen.rectangle
    shaped((x, y, x + 20, y + 20), fill=tuple(np.clip(COLOURS[colour] + draws.integers(-25, 26, 3), 0, 255)))
    return image


def refused(capsys, tokens):
    capsys.readouterr()
    assert main([str(token) for token in tokens]) == 1
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return " ".join(said.err.split())


def answered(capsys, tokens):
    capsys.readouterr()
    assert main([str(token) for token in tokens]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Shapes in colours with a table that says so, and what must not trouble anyone."""
    place = tmp_path_factory.mktemp("pictures")
    draws, rows = np.random.default_rng(0), []
    for k in range(90):
        colour, shape = list(COLOURS)[k % 3], SHAPES[k // 3 % 2]
        drawn(colour, shape, draws).save(place / f"{k:03}.png")
        rows.append([f"{k:03}.png", f"{colour}, {shape}"])
    (place / "broken.png").write_text("no picture")
    outside = place.parent / "outside.png"
    drawn("red", "disc", draws).save(outside)
    rows += [
        ["broken.png", "red"],
        ["../outside.png", "red"],
        [str(outside), "red"],
        ["gone.png", "<b>red</b>"],
    ]
    drawn("red", "disc", draws).save(place / "no-row.png")
    with (place / "tags.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["file", "tags"], *rows])
    return place


QUICK = ["--set", "n_iter=4", "n_iter_prediction=80", "n_components=64"]


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "shapes"
    tokens = ["fit", "multimodal-dbm", str(folder), "--tags", "tags.csv", "--out", str(out), *QUICK]
    assert main(tokens) == 0
    return out


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("new") / "new <i>picture.png"
    drawn("blue", "square", np.random.default_rng(9)).save(path)
    return path


def test_a_run_keeps_paths_codes_and_features(run, folder):
    assert {"recipe.json", "collection.safetensors", "features.npz", "data.json"} <= {
        p.name for p in run.iterdir()
    }
    kept = load_collection(run / "collection.safetensors")
    assert kept.files == tuple(f"{k:03}.png" for k in range(90)) and kept.source == str(folder.resolve())
    assert kept.tag_names == ("blue", "disc", "green", "red", "square")
    assert kept.tags_of(0) == ("disc", "red") and kept.codes.shape == (90, 64)
    assert kept.shape == (32, 40, 3)


def test_fit_lists_what_it_skipped(folder, tmp_path, capsys):
    tokens = [
        "fit",
        "multimodal-dbm",
        folder,
        "--tags",
        folder / "tags.csv",
        "--out",
        tmp_path / "r",
        "--json",
        *QUICK,
    ]
    assert main([*map(str, tokens), "n_iter_prediction=1"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "skipped 5 files" in said and "broken.png is not a whole image" in said
    assert "no file is called '../outside.png'" in said and "no-row.png has no row in tags.csv" in said


def test_new_pictures_are_tagged(run, tmp_path, capsys):
    draws, right = np.random.default_rng(5), 0
    place = tmp_path / "more"
    place.mkdir()
    meant = {}
    for k in range(18):
        colour, shape = list(COLOURS)[k % 3], SHAPES[k % 2]
        drawn(colour, shape, draws).resize((80, 64)).save(place / f"{k}.jpg")
        meant[f"{k}.jpg"] = {colour, shape}
    (place / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    found = answered(capsys, ["tag", run, place, "-n", "2", "--json", "--out", tmp_path / "said.csv"])
    assert len(found) == 18
    for row in found:
        scores = list(row["tags"].values())
        assert scores == sorted(scores, reverse=True) and scores[-1] >= 0
        right += len(set(row["tags"]) & meant[row["image"].rpartition("/")[2]])
    # Two tags drawn by chance from five would be right 14 times.
    assert right >= 28
    with (tmp_path / "said.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 18


@pytest.mark.parametrize("kind", ["learned", "both"])
def test_features_may_be_learned(folder, picture, tmp_path, capsys, monkeypatch, kind):
    # Shapes in three colours need no 50,000 patches.
    monkeypatch.setitem(PatchFeatures.__init__.__kwdefaults__, "n_patches", 5000)
    out = tmp_path / "r"
    tokens = ["fit", "multimodal-dbm", folder, "--tags", "tags.csv", "--features", kind, "--out", out, *QUICK]
    assert main([*map(str, tokens)]) == 0
    kept = load_collection(out / "collection.safetensors")
    assert kept.features.shape[1] == 4 * 256 + (0 if kind == "learned" else 603)
    tags = answered(capsys, ["tag", out, picture, "-n", "2", "--json"])[0]["tags"]
    assert set(tags) == {"blue", "square"}
    hits = answered(capsys, ["find", out, "--image", picture, "-n", "5", "--json"])
    assert sum("blue" in hit["tags"] for hit in hits) >= 4
    shutil.rmtree(out / "patches")
    assert "restore its folder 'patches', or train it again" in refused(capsys, ["tag", out, picture])


def test_only_tagged_pictures_have_features_to_choose(folder, tmp_path, capsys):
    tokens = ["fit", "autoencoder", "digits", "--features", "both", "--out", tmp_path / "r"]
    assert "--features is for multimodal-dbm" in refused(capsys, tokens)


def test_tag_names_what_it_skips_and_prints_a_table(run, picture, tmp_path, capsys):
    (tmp_path / "bad.png").write_text("no")
    assert main(["tag", str(run), str(picture), str(tmp_path / "bad.png")]) == 0
    said = capsys.readouterr()
    assert "bad.png is not a whole image" in said.err and "Tags by shapes" in said.out


def test_pictures_are_found_by_tags_picture_or_both(run, picture, capsys):
    by_tags = answered(capsys, ["find", run, "--tags", "Green, disc", "-n", "6", "--json"])
    assert sum("green" in hit["tags"] for hit in by_tags) >= 4
    likeness = [hit["likeness"] for hit in by_tags]
    assert likeness == sorted(likeness, reverse=True) and likeness[0] <= 1.0001
    by_picture = answered(capsys, ["find", run, "--image", picture, "-n", "6", "--json"])
    assert sum("blue" in hit["tags"] for hit in by_picture) >= 4
    both = answered(capsys, ["find", run, "--image", picture, "--tags", "square,blue", "-n", "6", "--json"])
    assert sum({"blue", "square"} <= set(hit["tags"]) for hit in both) >= 5


def test_what_is_found_is_a_page_or_a_picture(run, picture, tmp_path):
    asked = ["find", str(run), "--tags", "blue", "--image", str(picture)]
    assert main([*asked, "--out", str(tmp_path / "found.html")]) == 0
    text = (tmp_path / "found.html").read_text()
    assert text.count('<img src="data:image/png') == 5 and "script" not in text.replace("no script", "")
    assert "default-src 'none'" in text and "<i>" not in text and "&lt;i&gt;" in text
    assert main([*asked, "--out", str(tmp_path / "found.png")]) == 0
    with Image.open(tmp_path / "found.png") as found:
        assert found.width > 500


def test_traces(run, picture, tmp_path, capsys):
    steps = ["--steps", "2", "5", "--chains", "2", "--json"]
    by_picture = answered(capsys, ["trace", run, "--image", picture, *steps, "--out", tmp_path / "t.png"])
    assert [[look["step"] for look in chain] for chain in by_picture] == [[2, 5]] * 2
    assert by_picture[0][0]["file"] is None and len(by_picture[0][0]["tags"]) == 4
    by_tags = answered(capsys, ["trace", run, "--tags", "red", *steps, "--out", tmp_path / "t.html"])
    assert by_tags[0][0]["tags"] is None and by_tags[0][0]["file"].endswith(".png")
    free = answered(capsys, ["trace", run, *steps])
    assert free[0][0]["tags"] and free[0][0]["file"]
    assert answered(capsys, ["trace", run, *steps]) == free
    assert "<b>" not in (tmp_path / "t.html").read_text()
    assert main(["trace", str(run), "--steps", "2"]) == 0
    assert "nothing held fixed" in capsys.readouterr().out
    both = ["trace", run, "--image", picture, "--tags", "red"]
    assert "nothing is left to draw" in refused(capsys, both)


def test_a_collection_can_be_evaluated_like_any_run(run, capsys):
    assert main(["evaluate", str(run), str(run / "features.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_unknown_tags_and_pictures_are_refused(run, tmp_path, capsys):
    assert "did you mean 'green'" in refused(capsys, ["find", run, "--tags", "gren"])
    assert "the query is empty" in refused(capsys, ["find", run])
    assert "--tags is empty" in refused(capsys, ["find", run, "--tags", " , "])
    assert "there is no file" in refused(capsys, ["find", run, "--image", tmp_path / "none.png"])
    assert "no picture" in refused(capsys, ["tag", run, tmp_path / "none.png"])
    assert "no picture was given" in refused(capsys, ["tag", run])
    (tmp_path / "empty").mkdir()
    assert "holds no pictures" in refused(capsys, ["tag", run, tmp_path / "empty"])
    assert "expected a name ending in .html or .png" in refused(
        capsys, ["find", run, "--tags", "red", "--out", tmp_path / "a.jpg"]
    )
    assert "expected a name ending in .csv" in refused(
        capsys, ["tag", run, run.parent / "x.png", "--out", tmp_path / "a.txt"]
    )


def test_a_huge_picture_is_refused_before_it_is_decoded(run, tmp_path, capsys):
    # A file of 200 bytes that says it has 200 million pixels.
    (tmp_path / "huge.pgm").write_bytes(b"P5\n20000 10000\n255\n" + bytes(100))
    said = refused(capsys, ["tag", run, tmp_path / "huge.pgm"])
    assert "more than 100 million pixels; make it smaller" in said


def test_runs_of_another_kind_are_refused(tmp_path, folder, capsys):
    out = tmp_path / "ae"
    assert main(["fit", "autoencoder", "digits", "--out", str(out), "--epochs", "1"]) == 0
    for command in (["tag", out, folder / "000.png"], ["find", out, "--tags", "red"], ["trace", out]):
        said = refused(capsys, command)
        assert "a run of Autoencoder without a collection of pictures" in said and "--tags tags.csv" in said
    assert "is none" in refused(capsys, ["find", tmp_path, "--tags", "red"])
    tokens = ["fit", "autoencoder", folder, "--tags", "tags.csv", "--out", tmp_path / "b"]
    assert "--tags is for multimodal-dbm" in refused(capsys, tokens)
    tokens = ["fit", "multimodal-dbm", "digits", "--tags", "tags.csv", "--out", tmp_path / "b"]
    assert "leave out --tags" in refused(capsys, tokens)
    tokens = ["fit", "multimodal-dbm", folder, "--tags", "tgs.csv", "--out", tmp_path / "b"]
    assert "there is no table of tags" in refused(capsys, tokens)
    assert not (tmp_path / "b").exists()


def test_a_collection_that_was_moved_is_still_searched(run, folder, tmp_path, capsys):
    import shutil

    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    hidden = folder.with_name("elsewhere")
    folder.rename(hidden)
    try:
        assert main(["find", str(moved), "--tags", "red", "--out", str(tmp_path / "found.html")]) == 0
    finally:
        hidden.rename(folder)
    assert "4 of the pictures are no longer in their place" in " ".join(capsys.readouterr().err.split())
    text = (tmp_path / "found.html").read_text()
    assert "<img" not in text and len(re.findall(r"\d{3}\.png", text)) >= 4
