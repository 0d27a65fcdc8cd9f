"""How near the linear autoencoder, trained by gradient, comes to PCA: principal angles and squared error.

Both see the same rows; PCA computes in float64. Held-out rows are those of the data set's own test split.

    python benchmarks/linear_pca.py digits --ranks 2 16 32
    python benchmarks/linear_pca.py mnist --ranks 30 --data-dir DATA
    python benchmarks/linear_pca.py mnist --ranks 30 --weights untied --epochs 60
    python benchmarks/linear_pca.py mnist --ranks 30 --nested --epochs 40
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.decomposition import PCA

from tildex import LinearAutoencoder, Nested, Reconstruction, read
from tildex.evaluate import axis_cosines, principal_angles, squared_error

# An axis is only fixed where its variance exceeds the next by this share.
GAP = 0.02


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="a name from `tildex data`")
    parser.add_argument("--ranks", type=int, nargs="+", default=[16])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weights", default="tied", help="tied or untied")
    parser.add_argument("--nested", action="store_true", help="axes in order by training, without rotation")
    parser.add_argument("--epochs", type=int, default=20, help="passes of 50 evaluations of the loss")
    parser.add_argument("--data-dir", help="the folder of known data sets; $TILDEX_DATA when not given")
    options = parser.parse_args()
    train, test = (
        read(options.data, split=split, data_dir=options.data_dir).X for split in ("train", "test")
    )
    for rank in options.ranks:
        pca = PCA(rank, svd_solver="covariance_eigh").fit(train.astype(np.float64))
        best = squared_error(test, pca.inverse_transform(pca.transform(test))).value
        variances = pca.explained_variance_
        distinct = np.flatnonzero(variances[:-1] - variances[1:] > GAP * variances[:-1])
        for seed in range(options.seeds):
            began = time.perf_counter()
            rule = Nested() if options.nested else Reconstruction()
            ae = LinearAutoencoder(
                rank, weights=options.weights, rule=rule, n_iter=options.epochs, random_state=seed
            ).fit(train)
            seconds = time.perf_counter() - began
            angle = principal_angles(pca.components_, ae.components_).max()
            cosines = axis_cosines(pca.components_, ae.components_)[distinct]
            error = squared_error(test, ae.reconstruct(test)).value
            print(
                f"{options.data}, {len(train)} rows, {rank} units, {options.weights}, {rule!r}, seed {seed}: "
                f"largest angle {angle:.1e} rad "
                f"(wanted below 1e-3), squared error {error:.5f}, PCA {best:.5f}, least cosine of "
                f"{len(distinct)} axes {cosines.min(initial=1.0):.7f}, {seconds:.1f} s"
            )


if __name__ == "__main__":
    main()
