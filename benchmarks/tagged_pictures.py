"""What the benchmarks of tagged pictures share: a machine, and what it is measured beside on the same features.

References are regressions and the tags of neighbours for tagging, either kind of data alone and canonical correlations
for retrieval. Each has its best setting of several, chosen on the very rows it is judged by.

Imported by ``corel5k.py`` and ``fashion_products.py``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tagging_references import Canonical, logistic_scores, propagated_scores, standardised
from tildex import (
    SGD,
    Adam,
    Bernoulli,
    Cosine,
    Linear,
    Modality,
    MultimodalDBM,
    MultiPrediction,
    ReplicatedSoftmax,
)
from tildex.evaluate import cosine, mean_average_precision, squared_euclidean, tag_precision
from tildex.files import write_json

Array = np.ndarray

# What is added to the standard deviation of a unit, so that one that hardly moves does not count most.
_LEAST_SPREAD = 0.02

BESIDE = {
    "tags of pictures": ("logistic regression", "tags of neighbours"),
    "picture": ("canonical, picture",),
    "tags": ("canonical, tags",),
    "both": ("canonical, both", "picture alone", "tags alone"),
}
"""What each figure of the machine is to be better than; "both" than its own other queries too, and inferred tags than
none."""


@dataclass(frozen=True)
class Rows:
    """Pictures: their features, tags as 0 and 1, and the group that finds are judged by."""

    features: Array
    tags: Array
    group: Array

    def known(self) -> dict[str, Array]:
        """Return both kinds of data as the machine takes them."""
        return {"picture": self.features, "tags": self.tags}

    def tagged(self) -> Rows:
        """Return those that have a tag."""
        some = self.tags.any(1)
        return Rows(self.features[some], self.tags[some], self.group[some])


def tagging_references(rows: Rows, held: Rows) -> dict[str, float]:
    """Return the mean average precision over words of tags by either reference, at its best setting."""
    return {
        "logistic regression": _best(
            logistic_scores(rows.features, rows.tags, held.features, [1000, 300, 100, 30, 10]), held
        ),
        "tags of neighbours": _best(
            propagated_scores(rows.features, rows.tags, held.features, [10, 30, 100, 200, 400]), held
        ),
    }


def retrieval_references(rows: Rows, held: Rows) -> dict[str, float]:
    """Return the mean average precision of finds by each kind of query and reference, at its best setting."""
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
    """Return the mean average precision of finding rows of the query's group."""
    return mean_average_precision(queries, asked.group, index, rows.group, distance=distance).value


def _best(scored: Iterator[tuple[str, Array]], held: Rows) -> float:
    return max(tag_precision(scores, held.tags).value for _, scores in scored)


def machine(options: argparse.Namespace, seed: int, rows: Rows, checkpoint: Path) -> MultimodalDBM:
    """Return the trained machine."""
    words = ReplicatedSoftmax(rows.tags.shape[1], options.length)
    model = MultimodalDBM(
        options.units,
        modalities=(
            Modality(
                "picture",
                units=Bernoulli(),
                hidden_layer_sizes=tuple(options.picture_layers),
                binarisation="none",
            ),
            Modality("tags", units=words, hidden_layer_sizes=tuple(options.tag_layers)),
        ),
        n_iter_pretraining=options.pretraining_epochs,
        optimizer=SGD(options.likelihood_rate, schedule=Linear()),
        n_iter=options.epochs,
        prediction_rule=MultiPrediction(options.steps, values=options.values),
        prediction_optimizer=Adam(options.rate, schedule=Cosine(warmup=0.05)),
        n_iter_prediction=options.prediction_epochs,
        batch_size=options.batch_size,
        precision=options.precision,
        verbose=options.verbose,
        random_state=seed,
    )
    return model.fit(rows.known(), checkpoint=checkpoint)


def judged(model: MultimodalDBM, rows: Rows, held: Rows, *, standardise: bool) -> dict[str, float]:
    """Return the figures of a machine: tags of held-out pictures, and what queries of each kind find among the rows."""
    asked = held.tagged()
    index = model.transform(rows.known())
    middle, spread = index.mean(0), index.std(0) + _LEAST_SPREAD if standardise else 1.0
    queries = {
        "picture": (model.transform({"picture": held.features}), held),
        "tags": (model.transform({"tags": asked.tags}), asked),
        "both": (model.transform(asked.known()), asked),
        "picture, tags set to zero": (model.transform_with_zeros({"picture": held.features}), held),
    }
    found = {
        name: found_by((codes - middle) / spread, who, (index - middle) / spread, rows, cosine)
        for name, (codes, who) in queries.items()
    }
    scores = model.generate("tags", given={"picture": held.features})
    return {"tags of pictures": tag_precision(scores, held.tags).value, **found}


def options_of(description: str | None, **defaults: Any) -> argparse.ArgumentParser:
    """Return the options that both benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of checkpoints and results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--units", type=int, default=512, help="of the joint layer")
    parser.add_argument("--picture-layers", type=int, nargs="*", default=[])
    parser.add_argument("--tag-layers", type=int, nargs="*", default=[])
    parser.add_argument("--length", type=int, default=20, help="words that every document is brought to")
    parser.add_argument("--pretraining-epochs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=3, help="of likelihood")
    parser.add_argument("--likelihood-rate", type=float, default=0.005)
    parser.add_argument("--prediction-epochs", type=int, default=80)
    parser.add_argument("--rate", type=float, default=6e-3, help="of the training for prediction")
    parser.add_argument("--steps", type=int, default=1, help="passes of mean field that are unrolled")
    parser.add_argument("--values", type=float, default=0.0, help="share of rows with values left out")
    parser.add_argument(
        "--standardise", action="store_true", help="compare codes in standard deviations of each unit"
    )
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--precision", default="bfloat16", help="of matrix products: float32 or bfloat16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--verbose", type=int, default=0)
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    parser.set_defaults(**defaults)
    return parser


def compare(
    options: argparse.Namespace,
    part: str,
    split: Callable[[], tuple[Rows, Rows]],
    references: Mapping[str, Callable[[Rows, Rows], dict[str, float]]],
) -> None:
    """Measure references and machines as far as it has not been done, and print them beside each other."""
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    rows, held = split()
    beside: dict[str, float] = {}
    for name, measure in references.items():
        beside |= _kept(options.out / f"{part}-{name}.json", lambda measure=measure: measure(rows, held))
    for key, value in beside.items():
        print(f"{part}, {key}: {value:.4f}", flush=True)
    results = []
    for seed in options.seeds:
        name = f"{part}-{_name_of(options)}-seed{seed}"

        def measured(seed: int = seed, name: str = name) -> dict[str, float]:
            began = time.process_time()
            model = machine(options, seed, rows, options.out / f"{name}.safetensors")
            found = judged(model, rows, held, standardise=options.standardise)
            return {**found, "processor seconds": time.process_time() - began}

        results.append(_kept(options.out / f"{name}.json", measured))
        print(f"seed {seed}: {results[-1]}", flush=True)
    _print(part, beside, results)


def _print(part: str, beside: Mapping[str, float], results: list[dict[str, float]]) -> None:
    for key in results[0]:
        values = [result[key] for result in results]
        more = "".join(f"; {name} {beside[name]:.4f}" for name in BESIDE.get(key, ()) if name in beside)
        print(f"{part}, machine, {key}: {np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f}){more}")


def _kept(path: Path, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    if not path.exists():
        write_json(path, measure())
    result: dict[str, float] = json.loads(path.read_text())
    return result


def _name_of(options: argparse.Namespace) -> str:
    sizes = [*options.picture_layers, "p", *options.tag_layers, "t", options.units]
    epochs = f"{options.pretraining_epochs}+{options.epochs}+{options.prediction_epochs}"
    return (
        "-".join(map(str, sizes))
        + f"-{epochs}-length{options.length}-values{options.values:g}-steps{options.steps}-rates"
        + f"{options.likelihood_rate:g}+{options.rate:g}"
        + ("-standardised" if options.standardise else "")
    )
