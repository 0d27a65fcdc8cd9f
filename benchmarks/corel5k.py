"""Tagging and retrieval of Corel5k photographs, by tags, by a photograph or by both, on the library's features.

Of the 4,500 published training photographs, the last 500 of a seeded shuffle are for validation; the official test
photographs are not used. All values are mean average precisions on these 500. The machine's settings were chosen on the
500 of the first shuffle; ``--shuffle`` holds out 500 others.

*Tags*: the 500 are ranked by score for each word that any of them has (as in Guillaumin, Mensink, Verbeek and Schmid,
2009, "TagProp"). Baselines: one logistic regression per word, and the tags of the nearest photographs.

*Finds*: one of the 4,000 photographs is a hit if it has the query's theme, one of fifty. The theme is the photograph's
folder, which neither modality contains. Shared tags would be an unfair criterion, because the query may contain tags.
Baselines for the joint code: the features alone, the tags alone, and canonical correlations of both.

    python benchmarks/corel5k.py --out runs/corel5k --seeds 0 1 2
    python benchmarks/corel5k.py --out runs/corel5k-1 --seeds 0 1 2 --shuffle 1
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from runner import Bench, run
from tagged_pictures import Rows, compare, retrieval_references, tagging_references
from tildex import PictureFeatures

VALIDATION = 500


def split(bench: Bench, shuffle: int) -> tuple[Rows, Rows]:
    """Return training and validation rows."""
    records = [bench.read("corel5k", part) for part in ("train", "test")]
    pixels = np.concatenate([record.X for record in records])
    tags = sparse.vstack([record.tags for record in records]).toarray()
    themes = np.array([file.partition("/")[0] for record in records for file in record.files])
    features = PictureFeatures(records[0].shape).fit_transform(pixels)
    order = np.random.default_rng(shuffle).permutation(len(pixels))
    rest, held = order[:-VALIDATION], order[-VALIDATION:]
    return Rows(features[rest], tags[rest], themes[rest]), Rows(features[held], tags[held], themes[held])


def corel5k(bench: Bench, *, shuffle: int = 0) -> None:
    """Measure and print.

    Parameters
    ----------
    shuffle
        The seed of the validation split.
    """
    references = {"tagging": tagging_references, "retrieval": retrieval_references}
    compare(bench, "corel5k", lambda: split(bench, shuffle), references, standardise=False, shuffle=shuffle)


if __name__ == "__main__":
    run(corel5k, validate=True)
