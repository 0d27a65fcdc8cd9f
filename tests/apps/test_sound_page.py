"""The page of a sound map: safe, whole, small enough, and its neighbours are the nearest."""

import base64
import io
import json
import re

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from tildex.apps.sounds.clips import clips
from tildex.apps.sounds.page import build_sound_page
from tildex.data import Record
from tildex.evaluate.distances import nearest_rows, others_nearest

soundfile = pytest.importorskip("soundfile")

RATE = 8000


def sounds(n=12, **more):
    draws = np.random.default_rng(0)
    X = draws.uniform(-0.5, 0.5, (n, RATE)).astype(np.float32)
    X[0, RATE // 2 :] = 0
    files = (*(f"kind/{k}.wav" for k in range(n - 1)), "</script><script>alert(1)</script>.wav")
    y = np.arange(n) % 3
    known = {"files": files, "y": y, "target_names": ("ant", "<b>bee</b>", "cat"), "name": "some & more"}
    return Record(X, rate=RATE, **{**known, **more})


def page(tmp_path, record, codes, **settings):
    out = build_sound_page(record, codes, out=tmp_path / "sounds.html", title="A <map>", **settings)
    text = out.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    return text, json.loads(data)


def test_all_sounds_are_inside_and_names_are_harmless(tmp_path):
    record, codes = sounds(), np.random.default_rng(1).normal(size=(12, 2))
    text, data = page(tmp_path, record, codes)
    assert data["names"] == list(record.files) and data["kinds"][1] == "<b>bee</b>"
    # Two scripts: the data, and the one whose checksum the policy names.
    assert text.count("<script") == 2 and "alert(1)</script>" not in text
    assert "&lt;b&gt;bee" in text and "A &lt;map&gt;" in text and "<b>" not in text
    assert "default-src 'none'" in text and "unsafe-inline'; script-src 'sha256-" in text
    assert len(re.findall(r"<circle cx", text)) == 12 and "//" not in re.sub(
        "http://www.w3.org/2000/svg|^//.*$|^ *// .*", "", _without_sounds(text), flags=re.M
    )
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(data["clips"][0])))
    assert rate == RATE and abs(len(sound) - RATE / 2) < 3000
    assert list(tmp_path.iterdir()) == [tmp_path / "sounds.html"]


def test_the_policy_names_the_script(tmp_path):
    import hashlib

    text, _ = page(tmp_path, sounds(), np.random.default_rng(1).normal(size=(12, 2)))
    script = re.search(r"<script>(.*?)</script>", text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def _without_sounds(text):
    return re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S)


@pytest.mark.parametrize("components", [1, 2, 5])
def test_neighbours_are_those_of_the_code(tmp_path, components):
    codes = np.random.default_rng(1).normal(size=(12, components))
    _, data = page(tmp_path, sounds(), codes)
    expected = NearestNeighbors(n_neighbors=6).fit(codes).kneighbors(return_distance=False)
    assert data["near"] == expected.tolist()


def test_a_small_budget_is_kept(tmp_path):
    record, codes = sounds(), np.random.default_rng(1).normal(size=(12, 2))
    text, data = page(tmp_path, record, codes, budget=8000)
    played = [clip for clip in data["clips"] if clip]
    assert 0 < len(played) < 12 and sum(map(len, played)) <= 8000
    assert "cannot be played here, because the page would be too large" in text


def test_long_sounds_are_cut_before_any_is_left_out():
    X = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 10 * RATE)).astype(np.float32)
    whole, cut = clips(X, RATE, 10**7), clips(X, RATE, 40_000)
    assert all(cut) and max(map(len, cut)) < min(map(len, whole)) / 2 and sum(map(len, cut)) <= 40_000


def test_pages_without_classes_or_with_one_sound(tmp_path):
    _, data = page(tmp_path, sounds(5, y=None), np.zeros((5, 2)))
    assert data["kinds"] == [] and len(data["near"][0]) == 4
    _, data = page(tmp_path, sounds(1), np.zeros((1, 2)))
    assert data["near"] == [[]]


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="expected sounds and one code per sound"):
        page(tmp_path, sounds(), np.zeros((11, 2)))
    with pytest.raises(ValueError, match="expected sounds and one code per sound"):
        page(tmp_path, Record(np.ones((3, 4), np.float32)), np.zeros((3, 2)))


def test_nearest_rows_are_those_of_scikit_learn():
    draws = np.random.default_rng(0)
    for size in (3, 100):
        # Far from the origin, where squared distances have lost their digits.
        codes, queries = draws.normal(size=(500, size)) + 1000, draws.normal(size=(40, size)) + 1000
        distance, index = NearestNeighbors(n_neighbors=7).fit(codes).kneighbors(queries)
        found, far = nearest_rows(queries.astype(np.float64), codes, 7)
        if size == 3:
            np.testing.assert_array_equal(found, index)
        np.testing.assert_allclose(far, distance, rtol=1e-3)
    with pytest.raises(ValueError, match="expected codes of 100 units"):
        nearest_rows(np.zeros((1, 3)), codes, 2)
    assert others_nearest(np.zeros((4, 2)), 9).shape == (4, 3)
    assert all(k not in row for k, row in enumerate(others_nearest(np.zeros((4, 2)), 2).tolist()))
