"""Laws that every known data set keeps; a new one is tested by existing."""

import re
import warnings
from urllib.error import URLError

import numpy as np
import pytest
from scipy.sparse import issparse

from tildex.data import DataError, Dataset, known, read
from tildex.data.sets.catalogue import by_slug, find
from tildex.data.sets.dataset import Splits

DATASETS = sorted(Dataset.table.values(), key=lambda part: part.slug)
every_dataset = pytest.mark.parametrize("dataset", [part() for part in DATASETS], ids=lambda d: d.slug)


@pytest.fixture
def offline(monkeypatch):
    def refuse(url, timeout):
        raise URLError("no network")

    monkeypatch.setattr("tildex.data.sets.fetch.urlopen", refuse)


@every_dataset
def test_says_what_it_is(dataset):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", dataset.slug)
    assert dataset.title and dataset.licence and "https://" in dataset.source.replace("http://", "https://")
    assert dataset.rows.train > 0 and dataset.rows.test > 0
    assert find(dataset.slug.upper()) == dataset


@every_dataset
def test_files_are_pinned(dataset):
    for file in dataset.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.bytes is None or file.bytes > 0
        assert (file.bytes is None) == (file.content is not None)
        assert file.urls and all(url.startswith(("http://", "https://")) for url in file.urls)


@every_dataset
def test_round_trips_as_a_part(dataset):
    assert type(dataset).from_json(dataset.to_json()) == dataset


@every_dataset
def test_unknown_split_names_the_splits(dataset):
    with pytest.raises(DataError, match="no split 'valid': expected train or test"):
        dataset.load(split="valid")


@every_dataset
def test_offline_message_says_how_to_get_the_files(dataset, tmp_path, offline):
    if not dataset.files:
        assert dataset.present(tmp_path)
        return
    assert not dataset.present(tmp_path)
    reason = "cannot be downloaded" if dataset.by_hand else "no network"
    with pytest.raises(DataError, match=reason) as caught:
        dataset.load(tmp_path)
    message = str(caught.value)
    assert str(dataset.where(tmp_path)) in message
    for file in dataset.files:
        assert file.name in message and all(url in message for url in file.urls)
    folder = dataset.where(tmp_path)
    assert not folder.exists() if dataset.by_hand else [*folder.iterdir()] == []
    assert all(file.name in dataset.how_to_get(tmp_path) for file in dataset.files)


@every_dataset
def test_empty_files_are_not_present(dataset, tmp_path):
    if not dataset.files:
        pytest.skip("no files")
    folder = dataset.where(tmp_path)
    folder.mkdir()
    for file in dataset.files:
        (folder / file.name).touch()
    assert not dataset.present(tmp_path)
    with pytest.raises(DataError, match="is not whole"):
        dataset.load(tmp_path)


@every_dataset
@pytest.mark.parametrize("split", Splits._fields)
def test_record_is_complete(dataset, split, request):
    root = request.getfixturevalue("published") if dataset.files else None
    if not dataset.present(root):
        pytest.skip(f"{dataset.slug} is not in TILDEX_DATA")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* rows of cifar10")
        record = read(dataset.slug, data_dir=root, split=split)
    promised = getattr(dataset.rows, split)
    assert len(record) == promised or (len(record) < promised and record.note)
    assert record.name == dataset.slug
    assert record.shape == dataset.shape
    assert record.X.dtype == np.float32
    if issparse(record.X):
        assert record.X.data.min() >= 1 and (record.X.data == np.round(record.X.data)).all()
        assert record.X.sum(1).min() >= 0 and record.X.sum(0).min() >= 1
        assert len(set(record.feature_names)) == record.X.shape[1]
    elif record.rate is not None:
        assert record.X.min() >= -1 and record.X.max() <= 1 and np.abs(record.X).max(1).min() > 1e-4
    else:
        assert record.X.min() >= 0 and record.X.max() <= 1 and record.X.std() > 0.01
    if record.tags is not None:
        assert record.tags.dtype == np.float32 and record.tags.min() >= 0
        assert len(set(record.tag_names)) == record.tags.shape[1]
    if record.files:
        assert len(set(record.files)) == len(record)
    assert record.skipped == ()
    if record.y is not None:
        assert record.y.dtype == np.int64
        assert sorted(set(record.y)) == list(range(len(record.target_names)))


def test_folds_and_speakers_are_the_publishers(published):
    train, test = (read("esc10", data_dir=published, split=split) for split in ("train", "test"))
    assert (sorted(set(train.groups)), set(test.groups), train.rate) == ([1, 2, 3], {4}, 16_000)
    assert all(
        f.split("/")[1].startswith(f"{fold}-") for f, fold in zip(train.files, train.groups, strict=True)
    )
    test = read("fsdd", data_dir=published, split="test")
    assert np.bincount(test.groups).tolist() == [50] * 5
    assert {file.rpartition("_")[2] for file in test.files} == {f"{k}.wav" for k in range(5)}


def test_photographs_have_the_words_of_their_row_in_the_list(published):
    record = read("corel5k", data_dir=published)
    assert record.files[:2] == ("1000/1000.jpeg", "1000/1003.jpeg")
    words = [record.tag_names[k] for k in record.tags[[0]].indices]
    assert words == ["city", "mountain", "sky", "sun"]
    blue = record.X.reshape(-1, 64, 64, 3)[:, :20].mean((1, 2)) @ np.array([-0.5, -0.5, 1])
    sky = record.tags[:, [record.tag_names.index("sky")]].toarray()[:, 0] > 0
    assert blue[sky].mean() > blue[~sky].mean() + 0.05


def test_products_are_of_the_colour_they_are_said_to_be(published):
    record = read("fashion-products", data_dir=published, split="test")
    middle = record.X.reshape(-1, 80, 60, 3)[:, 30:50, 20:40].mean((1, 2))
    told = {
        name: record.tags[:, [record.tag_names.index(name)]].toarray()[:, 0] > 0 for name in ("Red", "Blue")
    }
    assert (middle[told["Red"]] @ [1, 0, -1]).mean() > 0.1
    assert (middle[told["Blue"]] @ [1, 0, -1]).mean() < -0.05
    assert set(record.tags.sum(1)) == {5.0}


def test_two_data_sets_never_share_a_name():
    assert len(by_slug()) == len(Dataset.table)


def test_known_lists_every_data_set(tmp_path):
    entries = known(tmp_path)
    assert [entry.slug for entry in entries] == [part.slug for part in DATASETS]
    present = {entry.slug for entry in entries if entry.present}
    assert present == {part.slug for part in DATASETS if not part.files}


def test_a_dataset_must_read_its_splits():
    with pytest.raises(TypeError, match="must provide it"):
        Dataset().read_split(None, "train")


def test_digits_are_split_the_same_way_for_ever():
    train, test = read("digits"), read("digits", split="test")
    assert (len(train), len(test)) == (1438, 359)
    assert np.bincount(test.y).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]
    assert test.y[:10].tolist() == read("digits", split="test").y[:10].tolist()
    shared = {row.tobytes() for row in train.X} & {row.tobytes() for row in test.X}
    assert not shared


def test_pixels_stand_the_right_way_up(published):
    face = read("olivetti", data_dir=published).X[0].reshape(64, 64)
    # Hair above, and a face is more like its mirror image than like itself upside down.
    assert np.abs(face - face[:, ::-1]).mean() < np.abs(face - face[::-1]).mean()
    frames = read("frey", data_dir=published).X
    assert np.abs(np.diff(frames, axis=0)).mean() < np.abs(frames - np.roll(frames, 700, axis=0)).mean()


def test_mnist_has_the_published_mean(published):
    record = read("mnist", data_dir=published)
    assert record.X.mean(dtype=np.float64) * 255 == pytest.approx(33.318, abs=1e-3)
    assert record.y[:5].tolist() == [5, 0, 4, 1, 9]


def test_newsgroups_are_the_published_counts(published):
    train, test = (read("20news-w1000", data_dir=published, split=split) for split in ("train", "test"))
    assert (train.X.nnz, test.X.nnz) == (329_602, 216_777)
    assert train.X.sum() == 584_889 and train.X.sum(1).max() == 2408
    assert train.feature_names[:3] == ("windows", "games", "cars")
    hockey = train.target_names.index("rec.sport.hockey")
    words = train.X[train.y == hockey].sum(0) / train.X.sum(0)
    assert words[train.feature_names.index("hockey")] > 0.5


def test_every_fifth_post_of_a_hundred_words_is_for_testing(published):
    train, test = (read("20news-w100", data_dir=published, split=split) for split in ("train", "test"))
    assert train.X.nnz + test.X.nnz == 65_451
    assert np.abs(np.bincount(train.y) / np.bincount(test.y) - 4).max() < 0.01
    assert train.X.max() == test.X.max() == 1
