"""What a user may name, and what is said when it is nothing; records that do not fit."""

import numpy as np
import pytest

from tildex.data import DataError, Record, read


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("minst", r"no data set is called 'minst'; did you mean 'mnist'\? \(known: 20news"),
        ("digit", "did you mean 'digits'"),
        (
            "qqqq",
            r"known: 20news.*; otherwise expected a file ending in \.npy, \.npz, \.csv, \.tsv, .*\.xlsx, or a",
        ),
        ("nowhere.npy", "there is no file or folder 'nowhere.npy'"),
        ("some/where", "there is no file or folder 'some/where'"),
    ],
)
def test_unknown_names(name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        read(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.rtf", r"expected a file ending in \.npy"),
        ("a", "expected a file ending in"),
        ("a.png", "give the folder of images, not one image"),
        ("a.mp3", "give the folder of sounds, not one sound"),
    ],
)
def test_files_that_are_not_read(name, message, tmp_path):
    (tmp_path / name).touch()
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


def test_a_known_name_wins_over_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    assert read("Digits").name == "digits"
    with pytest.raises(DataError, match="holds no images"):
        read("./digits")


@pytest.mark.parametrize("option", [{"rate": 8000}, {"seconds": 2.0}, {"tags": "tags.csv"}])
def test_options_that_would_do_nothing_are_refused(option, tmp_path):
    with pytest.raises(DataError, match=f"{next(iter(option))} cannot be chosen for the known set digits"):
        read("digits", **option)
    np.save(tmp_path / "a.npy", np.ones((2, 2)))
    if "tags" not in option:
        with pytest.raises(DataError, match=r"cannot be chosen for .*a\.npy"):
            read(tmp_path / "a.npy", **option)


def test_names_that_no_disk_takes():
    with pytest.raises(DataError, match=r"cannot be read .*: expected a file ending in"):
        read("a" * 5000 + ".npy")


def test_endings_in_capitals(tmp_path):
    with (tmp_path / "A.NPY").open("wb") as stream:
        np.save(stream, np.ones((2, 2)))
    assert len(read(tmp_path / "A.NPY", split="test")) == 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"X": np.ones(3)}, "expected rows x features"),
        ({"X": np.ones((0, 3))}, "at least one of each"),
        ({"y": np.ones(3)}, "one label for each of 2 rows"),
        ({"shape": (2, 2)}, "do not fill 3 columns"),
        ({"feature_names": ("a",)}, "1 names for 3 columns"),
        ({"groups": np.ones(3)}, "one group for each of 2 rows"),
        ({"files": ("a",)}, "1 files for 2 rows"),
        ({"tags": np.ones((2, 3)), "tag_names": ("a",)}, "tags of 2 rows and one name per column"),
    ],
)
def test_records_that_do_not_fit(parts, message):
    with pytest.raises(DataError, match=f"some: .*{message}|some: {message}"):
        Record(**({"X": np.ones((2, 3)), "name": "some"} | parts))


def test_records_describe_themselves_in_a_line():
    record = Record(np.ones((2, 3)), name="some")
    assert len(record) == 2 and repr(record) == "Record('some', 2 rows of 3)"


def test_errors_are_value_errors():
    assert issubclass(DataError, ValueError)
