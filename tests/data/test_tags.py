"""Pictures with tags: tables as people write them, and what does not belong together."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tildex.data import DataError, read, read_tag_table, tag_rows


def picture(value, size=(6, 4)):
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, 0, 0)).save(buffer, format="png")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for k, name in enumerate(["a.png", "b.png", "sub/c.png"]):
        (tmp_path / name).write_bytes(picture(50 * (k + 1), (6, 4) if k else (4, 6)))
    return tmp_path


def write(folder, text, name="tags.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return name


TABLES = {
    "commas in quotes": 'file,tags\na.png,"sea, sky"\nb.png,sky\nc.png,\n',
    "semicolons": "file,tags\na.png,sea;sky\nb.png,sky\nc.png,\n",
    "semicolons between columns": "file;tags\na.png;sea, sky\nb.png;sky\nc.png;\n",
    "tabs": "file\ttags\na.png\tsea,sky\nb.png\tsky\nc.png\t\n",
    "bars and a byte order mark": "\ufefffile,tags\na.png,sea | sky\nb.png,sky\nc.png,\n",
    "unquoted commas": "file,tags\na.png,sea,sky\nb.png,sky\nc.png\n",
    "the file name last": "tags,filename\nsea;sky,a.png\nsky,b.png\n,c.png\n",
    "names without endings": "id,tags\na,sea;sky\nb,sky\nc,\n",
    "a row a tag": "file,tag\na.png,sea\na.png,sky\nb.png,sky\nsub/c.png,\n",
    "a column a group": "file,what,where\na.png,sea,sky\nb.png,,sky\nc.png,,\n",
}


@pytest.mark.parametrize("form", TABLES)
def test_every_form_of_table_says_the_same(form, folder):
    record = read(folder, tags=write(folder, TABLES[form]))
    assert record.tag_names == ("sea", "sky") and record.files == ("a.png", "b.png", "sub/c.png")
    assert record.tags.toarray().tolist() == [[1, 1], [0, 1], [0, 0]]
    assert record.shape == (4, 6, 3) and record.skipped == ()
    np.testing.assert_allclose(record.X.reshape(3, -1, 3)[:, :, 0].mean(1) * 255, [50, 100, 150], atol=1e-3)


def test_what_does_not_belong_together_is_named_and_the_rest_is_read(folder):
    (folder / "broken.png").write_bytes(b"no picture")
    table = write(folder, "file,tags\na.png,sea\nnowhere.png,sky\nbroken.png,snow\n")
    record = read(folder, tags=folder / table, image_size=(4, 6))
    assert record.files == ("a.png",) and record.shape == (4, 6, 3) and record.tag_names == ("sea",)
    said = "; ".join(record.skipped)
    assert "no file is called 'nowhere.png'; add it, or remove the row" in said
    assert "b.png has no row in tags.csv; add one" in said and "sub/c.png has no row" in said
    assert "broken.png is not a whole image" in said
    assert "\nskipped 4 files: tags.csv: no file" in record.note


def test_two_files_of_one_name_need_their_path(folder):
    (folder / "sub" / "a.png").write_bytes(picture(9))
    record = read(folder, tags=write(folder, "file,tags\na.png,sea\nsub/a.png,sky\nc,snow\n"))
    assert record.tags.toarray().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    record = read(folder, tags=write(folder, "file,tags\na,sea\nb,sky\n"))
    assert record.skipped[0] == "tags.csv: 'a' matches a.png and sub/a.png; write the path"


def test_a_word_of_two_columns_says_which(folder):
    table = folder / write(folder, "file,colour,fruit\na.png,orange,orange\nb.png,red,apple\n")
    assert read_tag_table(table) == {"a.png": ["colour: orange", "fruit: orange"], "b.png": ["red", "apple"]}
    assert read_tag_table(table, ["fruit"]) == {"a.png": ["orange"], "b.png": ["apple"]}


def test_archives_of_pictures(folder):
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        archive.writestr("deep/er/a.png", picture(100))
        archive.writestr("__MACOSX/a.png", b"rubbish")
        archive.writestr("./../b.png", picture(200))
    record = read(folder / "p.zip", tags=folder / write(folder, "file,tags\na,sea\nb,sky\n"))
    assert record.files == ("./../b.png", "deep/er/a.png") and record.skipped == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,tags\n", "expected one row per file below the header line, got none"),
        ("file\na.png\n", "expected a column of tags beside the file names, got the columns file"),
        ("", "is not a .csv file with a header line"),
        ("file,tags\nx.png,sea\n", "none of the 3 images .* has a row in tags.csv"),
        ("file,tags\na.png,\n", "has no tags for the images"),
    ],
)
def test_tables_that_cannot_be_used(text, message, folder):
    with pytest.raises(DataError, match=message):
        read(folder, tags=write(folder, text))


def test_a_table_that_is_not_there(folder):
    with pytest.raises(DataError, match=r"there is no table of tags .*nothing\.csv"):
        read(folder, tags="nothing.csv")
    (folder / "bytes.csv").write_bytes(b"file,tags\n\xff\xfe\x00,x\n")
    with pytest.raises(DataError, match=r"is not a \.csv file"):
        read(folder, tags="bytes.csv")


def test_unknown_tags_are_named_with_the_nearest():
    with pytest.raises(DataError, match="no tag is called 'seaa'; did you mean 'sea'"):
        tag_rows([["sea"], ["seaa"]], ("sea", "sky"))


def test_archives_that_promise_too_much(folder, monkeypatch):
    monkeypatch.setattr("tildex.data.formats.members._LARGEST", 100_000)
    with zipfile.ZipFile(folder / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(200_000))
        archive.writestr("b.png", picture(3))
    record = read(folder / "p.zip", tags=folder / write(folder, "file,tags\na,sea\nb,sky\n"))
    assert record.files == ("b.png",) and "a.png has 200,000 bytes, more than" in record.skipped[0]
