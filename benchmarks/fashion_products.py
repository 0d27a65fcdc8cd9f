"""Retrieval of product photographs by tags, by a photograph or by both, on the library's features.

A hit is a photograph of the query's article type, one of 130. That column is hidden from all methods: the tags are the
two categories above it, the colour and the use. Every tenth photograph is a test photograph, as in ``read``. With
``--validate``, the last 1,400 of a seeded shuffle of the others replace them, and the test set is not used. Retrieval
is among the training photographs. Baselines for the joint code: the features alone, the tags alone, and canonical
correlations of both. All values are mean average precisions.

    python benchmarks/fashion_products.py --out runs/fashion-products --seeds 0 1 2
    python benchmarks/fashion_products.py --out runs/fashion-products --validate --rows 4000
"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from runner import Bench, run
from tagged_pictures import Rows, compare, retrieval_references
from tildex import PictureFeatures
from tildex.data import Record, read_tag_table, tag_rows, vocabulary
from tildex.data.sets.published import data_root

HELD, SHUFFLE = 1_400, 0
JUDGE, TAGS = "articleType", ("masterCategory", "subCategory", "baseColour", "usage")


def rows_of(bench: Bench, record: Record) -> Rows:
    """Return a record's pictures with the visible tags, and their article types."""
    table = data_root(bench.data_dir) / "fashion-products" / "styles.csv"
    said, judged = read_tag_table(table, TAGS), read_tag_table(table, [JUDGE])
    keys = [PurePosixPath(file).stem for file in record.files]
    tags = tag_rows([said[key] for key in keys], vocabulary(said.values())).toarray()
    group = np.array([judged[key][0] for key in keys])
    return Rows(PictureFeatures(record.shape).fit_transform(record.X), tags, group)


def split(bench: Bench, n_rows: int) -> tuple[Rows, Rows]:
    """Return training and evaluation rows."""
    train = rows_of(bench, bench.read("fashion-products"))
    if not bench.validate:
        return train, rows_of(bench, bench.read("fashion-products", "test"))
    order = np.random.default_rng(SHUFFLE).permutation(len(train.tags))
    rest, held = order[:-HELD][: n_rows or None], order[-HELD:]
    parts = (train.features, train.tags, train.group)
    return Rows(*(part[rest] for part in parts)), Rows(*(part[held] for part in parts))


def fashion_products(bench: Bench, *, rows: int = 0) -> None:
    """Measure and print.

    Parameters
    ----------
    rows
        Number of training rows; only with --validate.
    """
    if rows and not bench.validate:
        raise SystemExit("--rows is for trials: give --validate with it")
    references = {"retrieval": retrieval_references}
    compare(bench, "fashion-products", lambda: split(bench, rows), references, standardise=True, rows=rows)


if __name__ == "__main__":
    run(fashion_products)
