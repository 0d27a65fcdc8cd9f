"""The linear autoencoder, trained by gradient descent, against PCA: principal angles and squared error.

Both see the same rows; PCA computes in float64. Held-out rows are the data set's test split.

    python benchmarks/linear_pca.py digits --ranks 2 16 32
    python benchmarks/linear_pca.py mnist --ranks 30 --data-dir DATA
    python benchmarks/linear_pca.py mnist --ranks 30 --weights untied --epochs 60
    python benchmarks/linear_pca.py mnist --ranks 30 --nested --epochs 40
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from runner import Bench, row, run
from tildex import Nested
from tildex.evaluate import axis_cosines, principal_angles, squared_error

# An axis is well determined only if its variance exceeds the next one's by this share.
GAP = 0.02


def linear_pca(
    data: str, /, bench: Bench, *, ranks: tuple[int, ...] = (16,), weights: str = "tied", nested: bool = False
) -> None:
    """Measure and print.

    Parameters
    ----------
    data
        A name from `tildex data`.
    weights
        tied or untied.
    nested
        Order the axes by training, without rotation.
    """
    train, test = (bench.read(data, split).X for split in ("train", "test"))

    def measured(rank: int, seed: int) -> dict[str, Any]:
        pca = PCA(rank, svd_solver="covariance_eigh").fit(train.astype(np.float64))
        variances = pca.explained_variance_
        distinct = np.flatnonzero(variances[:-1] - variances[1:] > GAP * variances[:-1])
        ae = bench.model("linear-mnist", seed, n_components=rank, weights=weights)
        ae.set_params(rule=Nested() if nested else None).fit(train)
        return {
            "largest angle": principal_angles(pca.components_, ae.components_).max(),
            "squared error": squared_error(test, ae.reconstruct(test)).value,
            "of PCA": squared_error(test, pca.inverse_transform(pca.transform(test))).value,
            "least cosine": axis_cosines(pca.components_, ae.components_)[distinct].min(initial=1.0),
            "axes": len(distinct),
        }

    settings = {"data": data, "rows": len(train), "weights": weights, "nested": nested}
    row("units", "largest angle, rad, wanted below 1e-3", "squared error", "PCA", "least cosine")
    for rank, seed in bench.each(ranks):
        line = bench.result(partial(measured, rank, seed), units=rank, seed=seed, **settings)
        errors = (f"{line[name]:.5f}" for name in ("squared error", "of PCA"))
        row(
            rank,
            f"{line['largest angle']:.1e}",
            *errors,
            f"{line['least cosine']:.7f} of {line['axes']} axes",
        )


if __name__ == "__main__":
    run(linear_pca, seeds=(0, 1, 2))
