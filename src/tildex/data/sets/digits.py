"""The 1,797 small handwritten digits that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tildex.data.record import Record
from tildex.data.sets.dataset import Dataset, Splits

__all__ = ["Digits"]


class Digits(Dataset):
    """Handwritten digits of 8 x 8 pixels; the test split is a fifth of each class, drawn with seed 0.

    Example
    -------
    >>> Digits().load(split="test")
    Record('digits', 359 rows of 8 x 8)
    """

    slug = "digits"
    title = "Handwritten digits of scikit-learn"
    licence = "CC BY 4.0"
    source = (
        "Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, "
        "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
    )
    rows = Splits(train=1438, test=359)
    shape = (8, 8)

    def how_to_get(self, root: Path | str | None = None) -> str:
        """Return a note that nothing needs downloading."""
        return "nothing to get: it comes with scikit-learn"

    def read_split(self, folder: Path, split: str) -> Record:
        """Return one split of a fixed stratified partition."""
        # scikit-learn includes these data, so a first run needs no network. It is imported here because it is slow to
        # import and nothing else below the estimators needs it.
        from sklearn.datasets import load_digits

        images, y = load_digits(return_X_y=True)
        test = _fifth_of_each_class(y)
        chosen = np.flatnonzero(test if split == "test" else ~test)
        return Record(
            X=(images[chosen] / 16).astype(np.float32),
            y=y[chosen].astype(np.int64),
            shape=self.shape,
            target_names=tuple("0123456789"),
            name=self.slug,
        )


def _fifth_of_each_class(y: np.ndarray) -> np.ndarray:
    # RandomState's stream never changes, so every version of numpy gives the same split.
    draw = np.random.RandomState(0)
    chosen = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        members = draw.permutation(np.flatnonzero(y == label))
        chosen[members[: round(len(members) / 5)]] = True
    return chosen
