"""Folders and archives of sounds, whole and broken."""

import sys
import zipfile

import numpy as np
import pytest

from tildex.data import DataError, Reading, read, read_sound

soundfile = pytest.importorskip("soundfile")


def tone(hertz, rate=8000, seconds=0.5, loud=0.5):
    return (loud * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def pitch(row, rate):
    """Return the frequency of the strongest part of a sound."""
    heard = row[: np.flatnonzero(row)[-1] + 1]
    return np.abs(np.fft.rfft(heard * np.hanning(len(heard)))).argmax() * rate / len(heard)


def test_sounds_become_rows_of_one_rate_and_length(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440), 8000)
    soundfile.write(tmp_path / "b.flac", tone(440, seconds=0.25), 8000)
    soundfile.write(tmp_path / "c.ogg", tone(440, 16_000), 16_000)
    soundfile.write(tmp_path / "d.wav", np.stack([tone(440, 11_025), tone(440, 11_025)], 1), 11_025)
    record = read(tmp_path)
    assert record.rate == 8000 and record.X.shape == (4, 4000) and record.shape == (4000,)
    assert record.files == ("a.wav", "b.flac", "c.ogg", "d.wav") and record.y is None and record.skipped == ()
    assert not record.X[1, 2000:].any() and record.X.dtype == np.float32
    assert [pitch(row, 8000) for row in record.X] == pytest.approx([440] * 4, abs=3)
    np.testing.assert_allclose(record.X[0], tone(440), atol=1e-4)


def test_resampling_keeps_what_fits_and_drops_what_would_alias(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1000, 32_000) + tone(6000, 32_000), 32_000, subtype="FLOAT")
    row = read(tmp_path, rate=8000).X[0]
    # 6,000 Hz would come back as 2,000.
    np.testing.assert_allclose(row[200:-200], tone(1000)[200:-200], atol=5e-3)


def test_sub_folders_are_classes_and_archives_are_read(tmp_path):
    for name in ("dog/1.wav", "cat/1.wav", "cat/2.wav"):
        (tmp_path / "s" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "s" / name, tone(300), 8000)
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for file in sorted((tmp_path / "s").rglob("*.wav")):
            archive.write(file, file.relative_to(tmp_path))
    for place in ("s", "s.zip"):
        record = read(tmp_path / place)
        assert record.target_names == ("cat", "dog") and record.y.tolist() == [0, 0, 1]


def test_only_the_beginning_of_long_sounds_is_read(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(300, seconds=15), 8000)
    assert read(tmp_path).X.shape == (1, 80_000)
    assert read(tmp_path, seconds=0.5, rate=4000).X.shape == (1, 2000)


def test_what_cannot_be_used_is_named_and_the_rest_is_read(tmp_path):
    soundfile.write(tmp_path / "good.wav", tone(440), 8000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), 8000)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "slow.wav", tone(440), 8)
    soundfile.write(tmp_path / "nan.wav", np.full(10, np.nan), 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "wide.wav", np.ones((10, 65)) / 2, 8000)
    (tmp_path / "text.ogg").write_text("no sound")
    (tmp_path / "cut.flac").write_bytes(b"fLaC")
    record = read(tmp_path)
    assert record.files == ("good.wav",)
    said = dict(sentence.split(" ", 1) for sentence in record.skipped)
    assert sorted(said) == [
        "cut.flac",
        "empty.wav",
        "nan.wav",
        "silent.wav",
        "slow.wav",
        "text.ogg",
        "wide.wav",
    ]
    assert said["silent.wav"].startswith("is silent; record it again")
    assert said["empty.wav"].startswith("is empty")
    assert "8 samples per second, where 1,000 to 384,000 are plausible" in said["slow.wav"]
    assert said["text.ogg"].startswith("is not a whole sound") and "NaN" in said["nan.wav"]
    assert said["wide.wav"] == "has 65 channels, more than 64; save those that matter"
    assert record.note.startswith("skipped 7 files: ") and record.note.endswith("; and 2 more")


def test_a_folder_of_nothing_but_broken_sounds(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(DataError, match=r"skipped 1 file: a\.wav is not a whole sound"):
        read(tmp_path)


def test_one_sound_in_a_wanted_rate(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440), 8000)
    assert read_sound(tmp_path / "a.wav", 4000).shape == (2000,)
    with pytest.raises(DataError, match=r"there is no file .*: expected a sound"):
        read_sound(tmp_path / "b.wav", 4000)
    with pytest.raises(DataError, match="at least 1,000 samples per second, got 3"):
        read_sound(tmp_path / "a.wav", 3)


def test_bad_settings_and_archives(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440), 8000)
    with pytest.raises(DataError, match="positive number of seconds"):
        read(tmp_path, seconds=-1)
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(DataError, match="not a whole zip archive"):
        read(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(DataError, match="holds no images and no sounds"):
        read(tmp_path / "y.zip")


def test_more_than_fits_into_memory(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", tone(440), 8000)
    monkeypatch.setattr("tildex.data.sounds.folder._MOST_VALUES", 3000)
    with pytest.raises(DataError, match="give fewer seconds or a lower rate"):
        read(tmp_path)
    soundfile.write(tmp_path / "b.wav", tone(440), 8000)
    with pytest.raises(
        MemoryError, match="holds more sound than fits into memory; give fewer seconds of each"
    ):
        read(tmp_path)


def test_without_soundfile(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", tone(440), 8000)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(DataError, match=r"need soundfile: .* pip install -c constraints.txt '\.\[app\]'"):
        read(tmp_path)


def test_short_sounds_and_those_silent_where_they_are_read_are_named(tmp_path):
    soundfile.write(tmp_path / "good.wav", tone(440), 8000)
    soundfile.write(tmp_path / "click.wav", np.full(40, 0.5), 8000)
    soundfile.write(tmp_path / "late.wav", np.concatenate([np.zeros(8000), tone(440)]), 8000)
    (tmp_path / "notes.txt").write_text("words")
    record = read(tmp_path, seconds=0.5)
    assert record.files == ("good.wav",) and record.skipped == (
        "click.wav lasts 5 ms, too short a sound; record it again, or remove it",
        "late.wav is silent in the 0.5 seconds that are read; give more of them, or remove it",
        "notes.txt ends in .txt, a kind of file that is not read here; convert it, or remove it",
    )


def test_later_sounds_come_at_the_models_rate_and_length(tmp_path):
    for name, rate, seconds in (
        ("a/x/1", 8000, 0.5),
        ("a/y/2", 8000, 0.5),
        ("b/y/1", 16_000, 2),
        ("b/y/2", 8000, 0.2),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / f"{name}.wav", tone(440, rate, seconds=seconds), rate)
    train = read(tmp_path / "a")
    assert train.reading == Reading(rate=8000, samples=4000, classes=("x", "y")) and train.note == ""
    later = read(tmp_path / "b", like=Reading.from_json(train.reading.to_json()))
    assert later.X.shape == (2, 4000) and later.rate == 8000 and later.y.tolist() == [1, 1]
    assert [pitch(row, 8000) for row in later.X] == pytest.approx([440] * 2, abs=6)
    assert not later.X[1, 1600:].any()
    assert later.note.splitlines() == [
        "1 of 2 sounds were resampled to 8,000 samples per second",
        "sounds of 0.2 to 2 s: 1 cut, 1 padded with silence to 0.5 s",
    ]


def test_sounds_of_several_lengths_say_what_was_chosen(tmp_path):
    soundfile.write(tmp_path / "1.wav", tone(440, seconds=0.2), 8000)
    soundfile.write(tmp_path / "2.wav", tone(440, seconds=0.5), 8000)
    assert read(tmp_path).note == (
        "sounds of 0.2 to 0.5 s: 1 padded with silence to 0.5 s; to choose: --seconds (seconds in Python)"
    )


def test_a_folder_holds_what_most_of_its_files_are(tmp_path):
    soundfile.write(tmp_path / "1.wav", tone(440), 8000)
    soundfile.write(tmp_path / "2.wav", tone(440), 8000)
    (tmp_path / "cover.png").write_bytes(b"x")
    record = read(tmp_path)
    assert record.files == ("1.wav", "2.wav") and record.skipped[0].startswith("cover.png ends in .png")
    with pytest.raises(DataError, match="holds sounds, but the model was trained on pictures"):
        read(tmp_path, like=Reading((4, 4), 1))
    with pytest.raises(DataError, match="image_size cannot be chosen for sounds"):
        read(tmp_path, image_size=(4, 4))


def test_sounds_of_floats_beyond_full_scale_are_scaled_not_clipped(tmp_path):
    soundfile.write(tmp_path / "a.wav", 20_000 * tone(440, loud=1.0), 8000, subtype="FLOAT")
    record = read(tmp_path)
    wanted = tone(440, loud=1.0)
    np.testing.assert_allclose(record.X[0], wanted / np.abs(wanted).max(), atol=1e-5)
    assert record.note == "1 of 1 sounds exceed full scale and were divided by their peak"
    np.testing.assert_allclose(read_sound(tmp_path / "a.wav", 8000), record.X[0], atol=1e-6)
