"""A machine of tagged pictures against the frequencies of tags and the features alone, on shapes that code draws."""

import numpy as np
from scipy import sparse

from tildex.apps.tagging import TaggedPictures
from tildex.apps.tagging.collection import PICTURE, TAGS
from tildex.apps.tagging.features import features_of
from tildex.apps.tagging.scores import tag_scores
from tildex.data import Record
from tildex.evaluate import cosine, mean_average_precision, tag_precision

COLOURS = {
    "red": (0.8, 0.2, 0.2),
    "green": (0.2, 0.7, 0.3),
    "blue": (0.2, 0.3, 0.8),
    "yellow": (0.9, 0.8, 0.2),
}
SHAPES = ("bar", "disc", "square")
NAMES = (*COLOURS, *SHAPES, "large")


def pictures(n, seed):
    """Return shapes in colours, some large, on light grounds in noise; one tag in five is missing."""
    draws = np.random.default_rng(seed)
    down, across = np.mgrid[:32, :32]
    X, tags = np.empty((n, 32, 32, 3)), np.zeros((n, len(NAMES)))
    for k in range(n):
        colour, shape, large = draws.integers(4), draws.integers(3), draws.random() < 0.4
        half, (y, x) = (9 if large else 5), draws.integers(10, 22, 2)
        a, b = np.abs(down - y), np.abs(across - x)
        inside = (a * 3 < half, a**2 + b**2 < half**2, a < half)[shape] & (b < half)
        X[k] = np.where(inside[..., None], list(COLOURS.values())[colour], draws.uniform(0.75, 1, 3))
        tags[k, [colour, 4 + shape]] = 1
        tags[k, 7] = large
    X += draws.normal(0, 0.06, X.shape)
    said = tags * (draws.random(tags.shape) < 0.8)
    known = sparse.csr_array(said.astype(np.float32))
    return Record(
        X.clip(0, 1).reshape(n, -1).astype(np.float32), shape=(32, 32, 3), tags=known, tag_names=NAMES
    ), tags


def test_tags_and_finds_of_the_commands_own_settings():
    (record, whole), (others, truth) = pictures(300, 0), pictures(200, 1)
    tagged = TaggedPictures.fit(record, random_state=0, device="cpu")
    model, codes = tagged.machine, tagged.collection.codes
    new = features_of(tagged.measures, others.X)
    # Frequencies order no picture before another: their precision is the frequency itself.
    frequencies = tag_precision(np.broadcast_to(whole.mean(0), truth.shape), truth).value
    assert tag_precision(tag_scores(model, new), truth).value > frequencies + 0.35

    # A query needs a tag, and of some pictures none was noted.
    asked = np.asarray(others.tags.sum(1) > 0)
    new, said = new[asked], others.tags[asked]
    kind, other_kind = (tags[:, :7] @ 2 ** np.arange(7) for tags in (whole, truth[asked]))

    def found(queries, index):
        middle = index.mean(0)
        return mean_average_precision(
            queries - middle, other_kind, index - middle, kind, distance=cosine
        ).value

    by_picture, by_tags, by_both = (
        found(model.transform(query), codes)
        for query in ({PICTURE: new}, {TAGS: said}, {PICTURE: new, TAGS: said})
    )
    assert by_both > max(by_picture, by_tags)
    assert by_picture > found(new, tagged.collection.features) + 0.1
