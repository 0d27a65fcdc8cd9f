"""How near the linear autoencoder, trained by gradient, comes to PCA: principal angles and squared error.

Both see the same rows; PCA computes in float64. Held-out rows are those of the data set's own test split.

    python benchmarks/linear_pca.py digits --ranks 2 16 32
    python benchmarks/linear_pca.py mnist --ranks 30 --data-dir DATA
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from tildex import LinearAutoencoder, read
from tildex.evaluate import squared_error


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="a name from `tildex data`")
    parser.add_argument("--ranks", type=int, nargs="+", default=[16])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", help="the folder of known data sets; $TILDEX_DATA when not given")
    options = parser.parse_args()
    train, test = (
        read(options.data, split=split, data_dir=options.data_dir).X for split in ("train", "test")
    )
    for rank in options.ranks:
        pca = PCA(rank, svd_solver="covariance_eigh").fit(train.astype(np.float64))
        best = squared_error(test, pca.inverse_transform(pca.transform(test))).value
        for seed in range(options.seeds):
            began = time.perf_counter()
            ae = LinearAutoencoder(rank, random_state=seed).fit(train)
            seconds = time.perf_counter() - began
            angle = subspace_angles(pca.components_.T, ae.components_.T).max()
            error = squared_error(test, ae.reconstruct(test)).value
            print(
                f"{options.data}, {len(train)} rows, {rank} units, seed {seed}: largest angle {angle:.1e} rad "
                f"(wanted below 1e-3), squared error {error:.5f}, PCA {best:.5f}, {seconds:.1f} s"
            )


if __name__ == "__main__":
    main()
