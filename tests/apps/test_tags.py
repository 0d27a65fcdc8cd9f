"""Tags of pictures and pictures of tags are what the machine expects, and unknown tags are refused in words."""

import numpy as np
import pytest

from tildex import Adam, Linear, Modality, MultimodalDBM, ReplicatedSoftmax
from tildex.apps.tagging.tags import generate_image_features, generate_tags, tag_counts, top_tags

VOCABULARY = ["sky", "sea", "tree", "snow"]


@pytest.fixture(scope="module")
def model():
    draws = np.random.default_rng(0)
    kind = np.arange(200) % 2
    pictures = draws.normal(size=(200, 6)) + 3 * np.eye(2)[kind].repeat(3, 1)
    tags = np.eye(2)[kind].repeat(2, 1) * (draws.random((200, 4)) < 0.8)
    words = Modality("tags", units=ReplicatedSoftmax(4, 4), hidden_layer_sizes=())
    return MultimodalDBM(
        8,
        modalities=(Modality("image", hidden_layer_sizes=()), words),
        n_iter=10,
        prediction_optimizer=Adam(0.02, schedule=Linear()),
        n_iter_prediction=40,
        batch_size=50,
        averaging=None,
        random_state=0,
    ).fit({"image": pictures, "tags": tags})


def test_pictures_get_their_tags_and_tags_their_pictures(model):
    pictures = 3 * np.eye(2).repeat(3, 1)
    found = generate_tags(model, pictures)
    assert found.shape == (2, 4)
    named = top_tags(found, VOCABULARY, 2)
    assert [set(names) for names in named] == [{"sky", "sea"}, {"tree", "snow"}]
    features = generate_image_features(model, tag_counts(["Snow", " tree"], VOCABULARY))
    assert features[0, 3:].min() > features[0, :3].max() + 1
    drawn = generate_image_features(model, tag_counts(["sea"], VOCABULARY), n_steps=20)
    assert drawn.shape == (1, 6)


def test_unknown_tags_are_refused():
    with pytest.raises(ValueError, match="no tag is called 'seas'; did you mean 'sea'"):
        tag_counts(["seas"], VOCABULARY)
