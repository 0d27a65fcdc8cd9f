"""Tags for photographs of Corel5k, and photographs by tags, by a photograph or by both, on features of the library.

Of the 4,500 photographs that have been published for training, the last 500 of a seeded shuffle are for validation; the
official test photographs are not used. All figures are mean average precisions on these 500. The machine's settings
were chosen on those of the first shuffle; ``--shuffle`` holds out 500 others.

*Tags*: over the words that any of the 500 has, each a ranking of the 500 by its score (as in Guillaumin, Mensink,
Verbeek and Schmid, 2009, "TagProp"). Beside the machine stand one logistic regression a word, and the tags of the
nearest photographs.

*Finds*: a photograph among the 4,000 is right if it is of the query's theme, one of fifty, which is the folder that it
lies in: neither kind of data says the theme. Sharing a tag would be no fair judge, for the tags of a query are among
what is given. Beside the joint code stand the features alone, the tags alone, and canonical correlations of both.

    python benchmarks/corel5k.py --out runs/corel5k --seeds 0 1 2
    python benchmarks/corel5k.py --out runs/corel5k-1 --seeds 0 1 2 --shuffle 1
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse

from tagged_pictures import Rows, compare, options_of, retrieval_references, tagging_references
from tildex import PictureFeatures, read

VALIDATION = 500


def split(data_dir: Path | None, shuffle: int) -> tuple[Rows, Rows]:
    """Return the rows that are trained on and those for validation."""
    records = [read("corel5k", split=part, data_dir=data_dir) for part in ("train", "test")]
    pixels = np.concatenate([record.X for record in records])
    tags = sparse.vstack([record.tags for record in records]).toarray()
    themes = np.array([file.partition("/")[0] for record in records for file in record.files])
    features = PictureFeatures(records[0].shape).fit_transform(pixels)
    order = np.random.default_rng(shuffle).permutation(len(pixels))
    rest, held = order[:-VALIDATION], order[-VALIDATION:]
    return Rows(features[rest], tags[rest], themes[rest]), Rows(features[held], tags[held], themes[held])


def main() -> None:
    """Measure and print."""
    parser = options_of(__doc__)
    parser.add_argument("--shuffle", type=int, default=0, help="the seed of which photographs are held out")
    options = parser.parse_args()
    references = {"tagging": tagging_references, "retrieval": retrieval_references}
    compare(
        options,
        f"validation{options.shuffle or ''}",
        lambda: split(options.data_dir, options.shuffle),
        references,
    )


if __name__ == "__main__":
    main()
