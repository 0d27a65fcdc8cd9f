"""Pictures of tagged photographs, which need ``fashion-products`` (``tildex data``)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tildex import MultimodalDBM, PictureFeatures, read
from tildex.apps.tagging.collection import Collection, search
from tildex.apps.tagging.collection import query as query_of
from tildex.apps.tagging.traces import STEPS, trace
from tildex.apps.tagging.workflow import measured
from tildex.data import Record, select, tag_rows
from tildex.plots import Card, cards


@functools.cache
def products() -> tuple[MultimodalDBM, Collection, Record]:
    """Return a machine of some tagged product photographs with the command's own settings, and these."""
    record = read("fashion-products")
    record = select(record, np.arange(0, len(record), 12))
    features, rows, recipe = measured(record)
    model = MultimodalDBM(**recipe, random_state=0).fit(rows)
    assert record.tag_names is not None
    pictures, tags = features.transform(record.X), record.tags
    return model, Collection(record.files, record.tag_names, tags, pictures, model.transform(rows)), record


def product_card(collection: Collection, record: Record, row: int) -> Card:
    """Return the picture of a row with its two rarest tags, which say most."""
    often = dict(zip(collection.tag_names, collection.tags.sum(0), strict=True))
    lines = sorted(collection.tags_of(row), key=lambda name: float(often[name]))[:2]
    return Card(on_paper(record.X[row].reshape(record.shape)), tuple(lines))


def on_paper(image: np.ndarray) -> np.ndarray:
    """Return a picture whose nearly white ground is white, which takes up half the room in a file."""
    return np.where(image.min(2, keepdims=True) > 0.95, 1.0, image)


def asked_tags(collection: Collection, tags: Sequence[str]) -> np.ndarray:
    """Return a row of tags."""
    return tag_rows([tags], collection.tag_names).toarray()


def tagging() -> Figure:
    """Find products by a picture, by tags, and by both."""
    model, collection, record = products()
    others = read("fashion-products", split="test")
    named = [set(np.array(others.tag_names)[row.indices]) for row in others.tags]
    shoe = next(k for k, tags in enumerate(named) if {"Casual Shoes", "White"} <= tags)
    picture = PictureFeatures(others.shape).fit_transform(others.X[shoe][None])
    shown = []
    for given, tags in ((picture, ()), (None, ("Handbags", "Red")), (picture, ("Red",))):
        asked = query_of(picture=given, tags=asked_tags(collection, tags) if tags else None)
        image = None if given is None else on_paper(others.X[shoe].reshape(others.shape))
        hits = search(model, collection, asked)[0]
        shown.append([Card(image, tags), *(product_card(collection, record, hit.row) for hit in hits)])
    return cards(shown, ("query", "1", "2", "3", "4"), title="By a picture, by tags, and by both")


def tagging_trace() -> Figure:
    """Draw what chains come to with tags held fixed."""
    model, collection, record = products()
    shown = []
    for said in (("Tshirts", "Blue"), ("Casual Shoes", "White"), ("Handbags",)):
        asked = query_of(tags=asked_tags(collection, said))
        looks = trace(model, collection, asked, chains=1, random_state=0)[0]
        drawn = [product_card(collection, record, look.row) for look in looks if look.row is not None]
        shown.append([Card(None, said), *drawn])
    heads = ("given", *(f"step {step}" for step in STEPS))
    return cards(shown, heads, title="Chains with tags held fixed, each beside its nearest picture")


PICTURES = (tagging, tagging_trace)
