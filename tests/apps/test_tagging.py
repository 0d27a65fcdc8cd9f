"""Collections, finds, traces and their pages with models that need no training: right, safe and whole."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from tildex import Modality, Multinomial
from tildex.apps.pages.cards import build_card_page
from tildex.apps.tagging.collection import Collection, load_collection, query, save_collection, search
from tildex.apps.tagging.scores import best_tags, tag_scores
from tildex.apps.tagging.traces import trace
from tildex.data import DataError, read_picture, read_pictures, small_picture, small_pictures
from tildex.files import RunError, load_state, save_state
from tildex.plots import Card, cards

NAMES = ("sea", "sky", "snow")
DRAWS = np.random.default_rng(0)


class Model:
    """A model of both kinds of data whose code is a sum of what is known."""

    def __init__(self):
        draws = np.random.default_rng(1)
        self.weights = {"picture": draws.normal(size=(5, 4)), "tags": draws.normal(size=(3, 4))}

    def transform(self, given):
        return sum(rows @ self.weights[name] for name, rows in given.items())

    def generate(self, name, *, given):
        return self.transform(given) @ self.weights[name].T

    def trace(self, n, *, steps, given, random_state):
        draws = np.random.default_rng(random_state)
        given = given or {}
        kinds = {"picture": 5, "tags": 3}
        return {
            step: {name: given.get(name, draws.normal(size=(n, columns))) for name, columns in kinds.items()}
            for step in steps
        }


def collection(n=20):
    draws = np.random.default_rng(0)
    features, tags = draws.normal(size=(n, 5)), draws.random((n, 3)) < 0.4
    codes = Model().transform({"picture": features, "tags": tags.astype(float)})
    files = tuple(f"{k:02}.png" for k in range(n))
    known = sparse.csr_array(tags.astype(np.float32))
    return Collection(
        files, NAMES, known, features, codes, "somewhere", "train", (8, 8, 3), {"colour_grid": 2}
    )


def test_finds_are_nearest_by_angle_from_the_middle():
    kept, model = collection(), Model()
    asked = query(picture=DRAWS.normal(size=(3, 5)), tags=np.eye(3))
    middle = kept.codes.mean(0)
    expected = cosine_similarity(model.transform(asked) - middle, kept.codes - middle)
    for row, hits in zip(expected, search(model, kept, asked, 6), strict=True):
        assert [hit.row for hit in hits] == (-row).argsort()[:6].tolist()
        np.testing.assert_allclose([hit.likeness for hit in hits], np.sort(row)[::-1][:6], atol=1e-5)
        assert all(hit.tags == kept.tags_of(hit.row) and hit.file == kept.files[hit.row] for hit in hits)
    assert len(search(model, kept, query(tags=[1, 0, 0]), 99)[0]) == 20


def test_tags_are_what_the_model_infers():
    model, pictures = Model(), DRAWS.normal(size=(4, 5))
    scores = tag_scores(model, pictures)
    np.testing.assert_allclose(scores, model.generate("tags", given={"picture": pictures}))
    best = best_tags(scores, NAMES, 2)
    assert [names for (names, _), _ in best] == [NAMES[k] for k in scores.argmax(1)]
    with pytest.raises(ValueError, match="expected scores of 3 tags"):
        best_tags(np.zeros((1, 2)), NAMES)


def test_a_trace_shows_what_is_not_given():
    kept, model = collection(), Model()
    by_tags = trace(model, kept, query(tags=[1, 0, 0]), chains=2, steps=(3, 1), random_state=0)
    assert [[look.step for look in chain] for chain in by_tags] == [[1, 3]] * 2
    drawn = model.trace(2, steps=(3, 1), given={}, random_state=0)
    middle, spread = kept.features.mean(0), kept.features.std(0)
    alike = cosine_similarity((drawn[3]["picture"] - middle) / spread, (kept.features - middle) / spread)
    # The tags are given here and drawn there, so only the first draws of each are the same.
    assert by_tags[0][1].row == alike.argmax(1)[0]
    assert by_tags[0][0].tags is None
    free = trace(model, kept, chains=1, steps=(1,), n_tags=2, random_state=0)[0][0]
    assert len(free.tags) == 2 and free.file == kept.files[free.row]
    with pytest.raises(ValueError, match="nothing is left to draw"):
        trace(model, kept, query(picture=np.ones(5), tags=[1, 0, 0]))
    with pytest.raises(ValueError, match="one picture or one set of tags"):
        trace(model, kept, query(tags=np.eye(3)))
    with pytest.raises(ValueError, match="the query is empty"):
        query()


def test_a_collection_is_saved_whole(tmp_path):
    kept = collection()
    save_collection(tmp_path / "c.safetensors", kept)
    back = load_collection(tmp_path / "c.safetensors")
    for name in ("files", "tag_names", "source", "split", "shape", "settings"):
        assert getattr(back, name) == getattr(kept, name)
    np.testing.assert_allclose(back.codes, kept.codes, rtol=1e-6)
    assert (back.tags != kept.tags).nnz == 0


@pytest.mark.parametrize(
    "change",
    [
        {"tags": [torch.ones(2), torch.tensor([0, 99]), torch.tensor([0, 2] + [2] * 19)]},
        {"tags": ["no", "arrays", "here"]},
        {"files": [f"{k}" for k in range(19)]},
        {"files": list(range(20))},
        {"codes": torch.ones(3, 4)},
        {"features": [1, 2]},
        {"shape": ["wide"]},
        {"settings": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_damaged_collection_is_refused(tmp_path, change):
    path = tmp_path / "c.safetensors"
    save_collection(path, collection())
    save_state(path, {**load_state(path), **change})
    with pytest.raises(RunError, match="not a complete collection"):
        load_collection(path)


def test_a_collection_fits_together():
    with pytest.raises(ValueError, match="expected codes of 20 files"):
        dataclasses.replace(collection(), codes=np.zeros((3, 4)))


def test_no_name_leads_out_of_a_folder(tmp_path):
    place = tmp_path / "pictures"
    place.mkdir()
    Image.new("RGB", (300, 100), "red").save(place / "in.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "out.png")
    (place / "link.png").symlink_to(tmp_path / "out.png")
    (place / "bad.png").write_text("no")
    names = ["in.png", "../out.png", str(tmp_path / "out.png"), "link.png", "bad.png", "gone.png"]
    found = small_pictures(place, names, 60)
    assert list(found) == ["in.png"] and found["in.png"].shape == (20, 60, 3)
    assert small_pictures(tmp_path / "nowhere", names, 60) == {}


def test_single_pictures(tmp_path):
    Image.new("L", (30, 20), 51).save(tmp_path / "grey.png")
    np.testing.assert_allclose(read_picture(tmp_path / "grey.png", (4, 6, 3)), np.full(72, 0.2), atol=1e-6)
    assert read_picture(tmp_path / "grey.png", (4, 6)).shape == (24,)
    assert small_picture(tmp_path / "grey.png", 90).shape == (20, 30, 3)
    found, skipped = read_pictures([tmp_path, tmp_path / "grey.png"], (4, 6))
    assert list(found) == [tmp_path / "grey.png"] and skipped == []
    with pytest.raises(DataError, match="is no file"):
        read_picture(tmp_path, (4, 6))


def test_pages_escape_what_they_are_told(tmp_path):
    evil = '"><script>alert(1)</script>'
    row = [
        Card(np.zeros((4, 6, 3), np.uint8), (evil,)),
        Card(np.full((4, 6, 3), 0.5)),
        Card(None, (evil, "b")),
    ]
    out = build_card_page(
        [row], ("query", evil, "2"), out=tmp_path / "p.html", title=evil, lead=evil, warnings=[evil]
    )
    text = out.read_text()
    assert "<script" not in text and text.count("&lt;script&gt;") == 8
    assert text.count("<img") == 2 and 'alt="&quot;&gt;' in text


def test_cards_are_as_high_as_their_pictures():
    wide, tall = np.zeros((10, 40, 3), np.uint8), np.zeros((40, 10, 3), np.uint8)
    low, high = (cards([[Card(part, ("a",))]], ("query",), title="t") for part in (wide, tall))
    assert low.get_size_inches()[1] < high.get_size_inches()[1]
    with pytest.raises(ValueError, match="expected rows of one to 1 cards"):
        cards([[Card(wide), Card(wide)]], ("query",), title="t")
    with pytest.raises(ValueError, match="expected rows"):
        cards([], ("query",), title="t")


def test_tags_as_words_of_a_document_score_by_their_share():
    model = Model()
    model.modalities_ = (Modality("tags", 3, units=Multinomial(3, 4)),)
    model.generate = lambda name, given: np.array([[1.0, 1.0, 2.0]])
    np.testing.assert_allclose(tag_scores(model, np.zeros((1, 5))), [[0.25, 0.25, 0.5]])
