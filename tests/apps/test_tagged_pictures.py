"""Tagged pictures from Python: trained on a record or a folder, saved, opened, asked and shown."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tildex import DataError, MultimodalDBM, read
from tildex.apps.tagging import TaggedPictures
from tildex.apps.tagging.pictures import in_words, read_pictures
from tildex.apps.tagging.scores import spelled_tags
from tildex.apps.tagging.sheets import write_hits, write_looks
from tildex.data import tag_rows

NAMES = ("Even", "odd", *map(str, range(10)))


def digits(split):
    record = read("digits", split=split)
    return replace(record, tags=tag_rows([(NAMES[y % 2], str(y)) for y in record.y], NAMES), tag_names=NAMES)


@pytest.fixture(scope="module")
def tagged():
    return TaggedPictures.fit(
        digits("train"), n_components=48, n_iter=2, n_iter_prediction=15, random_state=0
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve red or blue squares with a table, and a file that is no picture."""
    place = tmp_path_factory.mktemp("squares")
    rows = [["file", "tags"]]
    for k in range(12):
        Image.new("RGB", (20, 16), ((220 - k, 30, 30), (30, 30, 220 - k))[k % 2]).save(place / f"{k}.png")
        rows.append([f"{k}.png", ("red", "blue")[k % 2]])
    (place / "broken.png").write_text("no picture")
    with (place / "tags.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return place


def test_what_was_saved_answers_as_before(tagged, tmp_path, capsys):
    X = digits("test").X[:20]
    again = TaggedPictures.load(tagged.save(tmp_path / "run"))
    assert [list(dict(row)) for row in again.tag(X).tags] == [list(dict(row)) for row in tagged.tag(X).tags]
    assert again.find(tags="7") == tagged.find(tags="7")
    assert again.find(picture=X[0], n=3)[0].row == tagged.find(picture=X[0], n=3)[0].row
    np.testing.assert_array_equal(
        read(tmp_path / "run" / "features.npz").X[:, -12:], digits("train").tags.toarray()
    )
    assert capsys.readouterr().out == ""


def test_tags_are_lists_or_texts_and_pictures_are_pixels(tagged):
    assert tagged.find(tags=["even", "4"]) == tagged.find(tags=" EVEN ;4 ")
    assert tagged.find(tags="4", picture=digits("test").X[3], n=2)[0].likeness > 0
    with pytest.raises(DataError, match=r"'evn'.*did you mean 'Even'"):
        tagged.find(tags="evn")
    with pytest.raises(DataError, match="list of tags is empty"):
        tagged.find(tags=[" "])
    with pytest.raises(ValueError, match="the query is empty"):
        tagged.find()
    assert spelled_tags(["ODD"], NAMES) == ["odd"]


def test_a_folder_is_read_tagged_and_shown(folder, tmp_path):
    settings = {"n_components": 16, "n_iter": 1, "n_iter_prediction": 60, "random_state": 0}
    squares = TaggedPictures.fit(folder, tags="tags.csv", **settings)
    assert squares.collection.source == str(folder.resolve()) and len(squares.collection) == 12
    table = squares.tag(folder, n=1)
    assert len(table.files) == 12 and "broken.png is not a whole image" in table.skipped[0]
    assert [tags[0][0] for tags in table.tags] == [("red", "blue")[int(f.stem) % 2] for f in table.files]
    with table.write(tmp_path / "said.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 12
    hits = squares.find(tags="red", n=3)
    assert set(squares.thumbnails([hit.file for hit in hits])) == {hit.file for hit in hits}
    page = tmp_path / "found.html"
    assert write_hits(page, squares, hits, tags=["red"], picture=folder / "0.png") == ""
    text = page.read_text()
    assert "0.png and the tags red" in text and text.count("<img") == 4
    looks = squares.trace(tags="blue", chains=2, steps=(1, 2), random_state=0)
    assert write_looks(tmp_path / "trace.png", squares, looks, tags="blue") == ""
    assert (tmp_path / "trace.png").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"ending in \.html or \.png"):
        write_hits(tmp_path / "a.pdf", squares, hits)


def test_the_machine_may_be_ones_own(tmp_path):
    made = []

    def machine(**settings):
        made.append(MultimodalDBM(**{**settings, "n_components": 8, "n_iter": 1, "n_iter_prediction": 1}))
        return made[0]

    tagged = TaggedPictures.fit(digits("test"), machine=machine, random_state=0)
    assert tagged.machine is made[0] and tagged.collection.codes.shape[1] == 8


def test_refusals(tagged, tmp_path):
    with pytest.raises(DataError, match="holds no pictures with tags"):
        TaggedPictures.fit(read("digits"))
    with pytest.raises(ValueError, match="features must be"):
        TaggedPictures.fit(digits("test"), features="best")
    with pytest.raises(ValueError, match="the pixels of one picture"):
        tagged.find(picture=digits("test").X[:2])
    with pytest.raises(DataError, match="is no file"):
        tagged.find(picture=tmp_path)
    with pytest.raises(DataError, match="no picture was given"):
        tagged.tag([])
    with pytest.raises(DataError, match="have no file names"):
        tagged.tag(digits("test").X[:2]).write(tmp_path / "said.csv")
    with pytest.raises(DataError, match=r"ending in \.csv"):
        tagged.tag(digits("test").X[:2]).write(tmp_path / "said.txt")
    assert read_pictures(np.zeros((1, 4)), (2, 2)).files == () and in_words(None, np.zeros(4)) == "a picture"
