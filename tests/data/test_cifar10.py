"""CIFAR-10 in all its wrappings, and the restricted unpickler."""

import hashlib
import io
import lzma
import pickle
import tarfile

import numpy as np
import pytest

from tildex.data import CIFAR10, DataError
from tildex.data.formats.pickles import unpickle
from tildex.data.sets.cifar_batches import BATCHES, FOLDER, TEST
from tildex.data.sets.dataset import Splits


class Evil:
    def __reduce__(self):
        return print, ("code was run",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_code_is_never_run(protocol, capsys):
    with pytest.raises(DataError, match=r"the pickle asks for .*print"):
        unpickle(pickle.dumps({"data": Evil()}, protocol))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["os system", "numpy load", "numpy.core.multiarray scalar", "builtins eval"])
def test_names_outside_the_list_are_refused(name):
    module, function = name.split()
    with pytest.raises(DataError, match="asks for"):
        unpickle(f"c{module}\n{function}\n.".encode())


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_arrays_of_both_numpys_are_read(module):
    raw = pickle.dumps(np.arange(3, dtype=np.uint8), 3).replace(b"numpy._core.multiarray", module.encode())
    assert unpickle(raw).tolist() == [0, 1, 2]


def test_damaged_pickles():
    for raw in (b"", b"nonsense", pickle.dumps([1, 2, 3])[:-2]):
        with pytest.raises(DataError, match="damaged"):
            unpickle(raw)


@pytest.fixture
def batches(monkeypatch):
    """Six batches of two images, taken for the published ones."""
    monkeypatch.setattr("tildex.data.sets.cifar10._ROWS", 2)
    monkeypatch.setattr(CIFAR10, "rows", Splits(train=10, test=2))
    draw = np.random.default_rng(0)
    made = {}
    for k, name in enumerate(BATCHES):
        images = draw.integers(0, 256, (2, 3072), dtype=np.uint8)
        made[name] = pickle.dumps({b"data": images, b"labels": [k, 9]}, 3)
        monkeypatch.setitem(BATCHES, name, hashlib.sha256(made[name]).hexdigest())
    return made


def write_folder(root, batches):
    folder = root / "cifar10" / FOLDER
    folder.mkdir(parents=True)
    for name, raw in batches.items():
        (folder / name).write_bytes(raw)
    return folder


def write_archive(root, batches):
    (root / "cifar10").mkdir(exist_ok=True)
    with tarfile.open(root / "cifar10" / CIFAR10.files[0].name, "w:gz") as archive:
        for name, raw in reversed(batches.items()):
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))


def test_samples_are_rows_columns_colours(batches, tmp_path):
    write_folder(tmp_path, batches)
    assert CIFAR10().present(tmp_path)
    record = CIFAR10().load(tmp_path)
    assert record.y.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9] and not record.note
    planes = unpickle(batches["data_batch_2"])[b"data"][0].reshape(3, 32, 32)
    image = record.X[2].reshape(record.shape)
    np.testing.assert_allclose(image[5, 7], planes[:, 5, 7] / 255, rtol=1e-6)
    assert CIFAR10().load(tmp_path, "test").y.tolist() == [5, 9]


def test_missing_training_batches_are_told(batches, tmp_path):
    some = {name: batches[name] for name in ("data_batch_1", "data_batch_2")}
    folder = write_folder(tmp_path, some)
    assert not CIFAR10().present(tmp_path)
    (folder / f"{TEST}.xz").write_bytes(lzma.compress(batches[TEST]))
    assert CIFAR10().present(tmp_path)
    with pytest.warns(UserWarning, match="4 of the 10 rows of cifar10"):
        record = CIFAR10().load(tmp_path)
    assert len(record) == 4 and record.note == "4 of the 10 rows of cifar10: the other batches are not there"


def test_the_archive_is_read_as_it_is(batches, tmp_path, monkeypatch):
    monkeypatch.setattr("tildex.data.sets.dataset.fetch", lambda files, folder: None)
    write_archive(tmp_path, batches)
    assert CIFAR10().load(tmp_path).y.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    # An incomplete folder gives way to it.
    write_folder(tmp_path, {name: batches[name] for name in ("data_batch_1", TEST)})
    assert len(CIFAR10().load(tmp_path)) == 10


def test_damaged_batches_are_named(batches, tmp_path, monkeypatch):
    folder = write_folder(tmp_path, batches | {"data_batch_3": batches["data_batch_3"][::-1]})
    with pytest.raises(DataError, match="data_batch_3 of cifar10 is not the published batch"):
        CIFAR10().load(tmp_path)
    (folder / TEST).rename(folder / f"{TEST}.xz")
    with pytest.raises(DataError, match=r"test_batch\.xz cannot be read"):
        CIFAR10().load(tmp_path, "test")
    monkeypatch.setattr("tildex.data.sets.dataset.fetch", lambda files, folder: None)
    (folder / "data_batch_1").unlink()
    (tmp_path / "cifar10" / CIFAR10.files[0].name).write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"cifar-10-python\.tar\.gz cannot be read"):
        CIFAR10().load(tmp_path)
