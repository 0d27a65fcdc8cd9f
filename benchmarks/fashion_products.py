"""Photographs of products found by tags, by a photograph or by both, on features of the library.

A find is right if it is the same type of article, one of 130, as the query. That column is hidden from all: the tags
are the two categories above it, the colour and the use. Every tenth photograph is for testing, as ``read`` has it; with
``--validate`` the last 1,400 of a seeded shuffle of the others stand for them, and nothing touches the test set. Finds
are among the photographs that were trained on. Beside the joint code stand the features alone, the tags alone, and
canonical correlations of both; all figures are mean average precisions.

    python benchmarks/fashion_products.py --out runs/fashion-products --seeds 0 1 2
    python benchmarks/fashion_products.py --out runs/fashion-products --validate --rows 4000
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from tagged_pictures import Rows, compare, options_of, retrieval_references
from tildex import PictureFeatures, read
from tildex.data import Record, read_tag_table, tag_rows, vocabulary
from tildex.data.sets.published import data_root

HELD, SHUFFLE = 1_400, 0
JUDGE, TAGS = "articleType", ("masterCategory", "subCategory", "baseColour", "usage")


def rows_of(record: Record, data_dir: Path | None) -> Rows:
    """Return a record's pictures with the tags that the machine may see, and their types."""
    table = data_root(data_dir) / "fashion-products" / "styles.csv"
    said, judged = read_tag_table(table, TAGS), read_tag_table(table, [JUDGE])
    keys = [PurePosixPath(file).stem for file in record.files]
    tags = tag_rows([said[key] for key in keys], vocabulary(said.values())).toarray()
    group = np.array([judged[key][0] for key in keys])
    return Rows(PictureFeatures(record.shape).fit_transform(record.X), tags, group)


def split(data_dir: Path | None, *, validate: bool, n_rows: int) -> tuple[Rows, Rows]:
    """Return the rows that are trained on and those that are judged."""
    train = rows_of(read("fashion-products", data_dir=data_dir), data_dir)
    if not validate:
        return train, rows_of(read("fashion-products", split="test", data_dir=data_dir), data_dir)
    order = np.random.default_rng(SHUFFLE).permutation(len(train.tags))
    rest, held = order[:-HELD][: n_rows or None], order[-HELD:]
    parts = (train.features, train.tags, train.group)
    return Rows(*(part[rest] for part in parts)), Rows(*(part[held] for part in parts))


def main() -> None:
    """Measure and print."""
    parser = options_of(__doc__, steps=5, length=40, prediction_epochs=40, standardise=True)
    parser.add_argument("--validate", action="store_true", help="leave the test set alone")
    parser.add_argument("--rows", type=int, default=0, help="train on so many rows only; with --validate")
    options = parser.parse_args()
    if options.rows and not options.validate:
        parser.error("--rows is for trials: give --validate with it")
    part = f"validation{options.rows or ''}" if options.validate else "test"
    compare(
        options,
        part,
        lambda: split(options.data_dir, validate=options.validate, n_rows=options.rows),
        {"retrieval": retrieval_references},
    )


if __name__ == "__main__":
    main()
