"""Shared code of the benchmarks of tagged pictures: a machine and its baselines on the same features.

Baselines for tagging are regressions and the tags of neighbours; for retrieval, either modality alone and canonical
correlations. Each has the best of several settings, chosen on the evaluation rows themselves.

Imported by ``corel5k.py`` and ``fashion_products.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from runner import Bench, row, spread
from tagging_references import Canonical, logistic_scores, propagated_scores, standardised
from tildex import MultimodalDBM
from tildex.evaluate import cosine, mean_average_precision, squared_euclidean, tag_precision
from tildex.models import infer

Array = np.ndarray

# Added to the standard deviation of each unit, so that nearly constant units do not dominate.
_LEAST_SPREAD = 0.02

BESIDE = {
    "tags of pictures": ("logistic regression", "tags of neighbours"),
    "picture": ("canonical, picture",),
    "tags": ("canonical, tags",),
    "both": ("canonical, both", "picture alone", "tags alone"),
}
"""The baselines that each value of the machine should beat; "both" should also beat its other queries, and inferred
tags those set to zero."""


@dataclass(frozen=True)
class Rows:
    """Pictures: their features, their tags as 0 and 1, and the group that defines a hit."""

    features: Array
    tags: Array
    group: Array

    def known(self) -> dict[str, Array]:
        """Return both modalities in the machine's format."""
        return {"picture": self.features, "tags": self.tags}

    def tagged(self) -> Rows:
        """Return the pictures that have a tag."""
        some = self.tags.any(1)
        return Rows(self.features[some], self.tags[some], self.group[some])


def tagging_references(rows: Rows, held: Rows) -> dict[str, float]:
    """Return the mean average precision of tags over words for each baseline, at its best setting."""
    return {
        "logistic regression": _best(
            logistic_scores(rows.features, rows.tags, held.features, [1000, 300, 100, 30, 10]), held
        ),
        "tags of neighbours": _best(
            propagated_scores(rows.features, rows.tags, held.features, [10, 30, 100, 200, 400]), held
        ),
    }


def retrieval_references(rows: Rows, held: Rows) -> dict[str, float]:
    """Return the mean average precision of retrieval for each kind of query and baseline, at its best setting."""
    X, Z = standardised(rows.features, held.features)
    asked = held.tagged()
    found = {
        "picture alone": max(
            found_by(q, held, r, rows, distance)
            for q, r in ((Z, X), (held.features, rows.features))
            for distance in (cosine, squared_euclidean)
        ),
        "tags alone": max(
            found_by(asked.tags, asked, rows.tags, rows, distance) for distance in (cosine, squared_euclidean)
        ),
    }
    for n in (32, 64, 128):
        for ridge in (0.01, 0.1, 1.0):
            axes = Canonical(rows.features.astype(float), rows.tags.astype(float), n, ridge)
            index = axes.codes(rows.features, rows.tags)
            queries = {
                "picture": (axes.codes(held.features, None), held),
                "tags": (axes.codes(None, asked.tags), asked),
                "both": (axes.codes(asked.features, asked.tags), asked),
            }
            for name, (codes, who) in queries.items():
                key = f"canonical, {name}"
                found[key] = max(found.get(key, 0.0), found_by(codes, who, index, rows, cosine))
    return found


def found_by(queries: Array, asked: Rows, index: Array, rows: Rows, distance: Any) -> float:
    """Return the mean average precision of retrieving rows of the query's group."""
    return mean_average_precision(queries, asked.group, index, rows.group, distance=distance).value


def _best(scored: Iterator[tuple[str, Array]], held: Rows) -> float:
    return max(tag_precision(scores, held.tags).value for _, scores in scored)


def with_zeros(model: MultimodalDBM, given: Mapping[str, Array]) -> Array:
    """Return joint codes with unknown values set to zero on the model's scale, instead of inferred.

    For comparison (Srivastava & Salakhutdinov, 2014, "Multimodal learning with deep Boltzmann machines").
    """
    rows = torch.as_tensor(model.join(given), device=model.device_)
    with torch.no_grad():
        x = model.scaling_(rows).nan_to_num(0.0)
        codes = infer(model.module_, x, n_steps=model.prediction_rule.n_steps, tol=0.0)[-1]
    return codes.cpu().numpy()


def judged(model: MultimodalDBM, rows: Rows, held: Rows, *, standardise: bool) -> dict[str, float]:
    """Return a machine's values: tagging of held-out pictures, and retrieval among the rows by each kind of query."""
    asked = held.tagged()
    index = model.transform(rows.known())
    middle, spread = index.mean(0), index.std(0) + _LEAST_SPREAD if standardise else 1.0
    queries = {
        "picture": (model.transform({"picture": held.features}), held),
        "tags": (model.transform({"tags": asked.tags}), asked),
        "both": (model.transform(asked.known()), asked),
        "picture, tags set to zero": (with_zeros(model, {"picture": held.features}), held),
    }
    found = {
        name: found_by((codes - middle) / spread, who, (index - middle) / spread, rows, cosine)
        for name, (codes, who) in queries.items()
    }
    scores = model.generate("tags", given={"picture": held.features})
    return {"tags of pictures": tag_precision(scores, held.tags).value, **found}


def compare(
    bench: Bench,
    name: str,
    split: Callable[[], tuple[Rows, Rows]],
    references: Mapping[str, Callable[[Rows, Rows], dict[str, float]]],
    *,
    standardise: bool,
    **what: Any,
) -> None:
    """Measure the baselines and a recipe's machine, unless measured before, and print them side by side.

    Parameters
    ----------
    name
        The name of the recipe.
    split
        Returns training and evaluation rows.
    references
        The baselines.
    standardise
        Whether codes are standardised per unit before comparison.
    **what
        Other keys of a result.
    """
    rows, held = split()
    beside: dict[str, float] = {}
    for reference, measure in references.items():
        beside |= bench.result(partial(measure, rows, held), reference=reference, **what)

    def measured(seed: int) -> dict[str, float]:
        run = "-".join([name, *(f"{key}{value}" for key, value in what.items() if value), str(seed)])
        model = bench.train(run, bench.model(name, seed), rows.known())
        return judged(model, rows, held, standardise=standardise)

    lines = [bench.result(partial(measured, seed), machine=name, seed=seed, **what) for seed in bench.each()]
    row(f"mean average precision on {bench.judged}", "ours", "beside it")
    for figure in ("tags of pictures", "picture", "tags", "both", "picture, tags set to zero"):
        others = [f"{other} {beside[other]:.3f}" for other in BESIDE.get(figure, ()) if other in beside]
        row(figure, spread((line[figure] for line in lines), ".3f"), ", ".join(others))
