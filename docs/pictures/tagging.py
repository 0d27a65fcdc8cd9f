"""Pictures of tagged photographs, which need ``fashion-products`` (``tildex data``)."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.figure import Figure

from tildex import read
from tildex.apps.tagging import Collection, TaggedPictures
from tildex.apps.tagging.traces import STEPS
from tildex.data import Record, select
from tildex.plots import Card, cards


@functools.cache
def products() -> tuple[TaggedPictures, Record]:
    """Return a machine of tagged product photographs with its default settings and those given."""
    record = read("fashion-products")
    record = select(record, np.arange(0, len(record), 12))
    return TaggedPictures.fit(record, random_state=0), record


def product_card(collection: Collection, record: Record, row: int) -> Card:
    """Return the picture of a row with its two rarest tags, the most informative ones."""
    often = dict(zip(collection.tag_names, collection.tags.sum(0), strict=True))
    lines = sorted(collection.tags_of(row), key=lambda name: float(often[name]))[:2]
    return Card(on_paper(record.X[row].reshape(record.shape)), tuple(lines))


def on_paper(image: np.ndarray) -> np.ndarray:
    """Return a picture with its nearly white background set to white, which halves the file size."""
    return np.where(image.min(2, keepdims=True) > 0.95, 1.0, image)


def tagging() -> Figure:
    """Find products by a picture, by tags, and by both."""
    pictures, record = products()
    others = read("fashion-products", split="test")
    named = [set(np.array(others.tag_names)[row.indices]) for row in others.tags]
    shoe = next(k for k, tags in enumerate(named) if {"Casual Shoes", "White"} <= tags)
    picture = others.X[shoe]
    shown = []
    for given, tags in ((picture, ()), (None, ("Handbags", "Red")), (picture, ("Red",))):
        image = None if given is None else on_paper(given.reshape(others.shape))
        hits = pictures.find(picture=given, tags=tags or None)
        found = (product_card(pictures.collection, record, hit.row) for hit in hits)
        shown.append([Card(image, tags), *found])
    return cards(shown, ("query", "1", "2", "3", "4"), title="By a picture, by tags, and by both")


def tagging_trace() -> Figure:
    """Draw samples of chains with tags held fixed."""
    pictures, record = products()
    shown = []
    for said in (("Tshirts", "Blue"), ("Casual Shoes", "White"), ("Handbags",)):
        looks = pictures.trace(tags=said, chains=1, random_state=0)[0]
        rows = (look.row for look in looks if look.row is not None)
        drawn = [product_card(pictures.collection, record, row) for row in rows]
        shown.append([Card(None, said), *drawn])
    heads = ("given", *(f"step {step}" for step in STEPS))
    return cards(shown, heads, title="Chains with tags held fixed, each beside its nearest picture")
