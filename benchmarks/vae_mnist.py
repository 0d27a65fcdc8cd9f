"""A variational autoencoder with one stochastic layer on MNIST, by the importance-weighted bound.

Training sees a fresh Bernoulli draw of the grey values at every presentation; the judged images are one frozen draw.
The recipe: wide SiLU layers, a learned prior, weight decay, the divergence warmed up over a tenth of training, Adam
with a cosine, averaged weights. ``--k 1`` trains on the lower bound, a larger one on the importance-weighted bound.
With ``--validate`` the last 10,000 training images are held out and judged, without it training takes all and the
test set is judged, once. An interrupted training goes on from its checkpoint with ``--resume``; a finished run is only
judged.

    python benchmarks/vae_mnist.py --out runs/vae --k 1 --epochs 500 --seeds 0
    python benchmarks/vae_mnist.py --out runs/iwae --k 5 --epochs 400 --seeds 0
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import torch

from tildex import (
    IWAE,
    Adam,
    Cosine,
    DReG,
    MixturePrior,
    Muon,
    StandardPrior,
    VampPrior,
    VariationalAutoencoder,
    load,
    read,
)
from tildex.apps.measure.likelihood import likelihood_of
from tildex.evaluate import Annealing
from tildex.files import write_json
from tildex.rules import ELBO, Rule

VALIDATION = 10_000

# Minus log-likelihood in nats, one stochastic layer, images drawn afresh: published (Burda et al., 2016), and wanted.
WANTED = {"vae": (86.76, 84.0), "iwae": (84.78, 82.9)}

PRIORS = {"standard": lambda n: StandardPrior(), "mixture": MixturePrior, "vamp": VampPrior}
OPTIMIZERS = {"adam": Adam, "muon": Muon}
RULES: dict[str, type[IWAE]] = {"iwae": IWAE, "dreg": DReG}


def main() -> None:
    """Train where there is no run yet, judge, and print beside what was published."""
    options = _options()
    torch.set_num_threads(options.threads)
    train, test = (read("mnist", split=split, data_dir=options.data_dir).X for split in ("train", "test"))
    judged, split = test, "test"
    if options.validate:
        train, judged, split = train[:-VALIDATION], train[-VALIDATION:], "last 10,000 of train"
    results = []
    for seed in options.seeds:
        model, spent = trained(options, seed, train, judged if options.validate else None)
        began = time.perf_counter()
        found = likelihood_of(
            model,
            judged[: options.rows],
            n_samples=options.samples,
            annealing=Annealing(precision=getattr(torch, options.precision_judged)),
            notes={"data": "mnist", "split": split},
        )
        last = model.history_[-1]
        results.append(
            {
                **found.to_json(),
                "seed_of_training": seed,
                "minutes_training": spent,
                "minutes_judging": (time.perf_counter() - began) / 60,
                "active_units": last["active_units"],
                "code_nats": last["code_nats"],
                "threads": options.threads,
            }
        )
        for what, text in found.lines():
            print(f"  {what}: {text}")
        write_json(options.out / f"results-{split.replace(' ', '-').replace(',', '')}.json", results)
    kind = "vae" if options.k == 1 else "iwae"
    published, wanted = WANTED[kind]
    print(
        f"\n| {kind}, {split} | published | wanted | minus bound, {options.samples} samples | ELBO | minutes |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for record in results:
        bound = record["importance_weighted"]
        print(
            f"| seed {record['seed_of_training']} | {published} | {wanted} | {-bound['value']:.2f} ± "
            f"{bound['standard_error']:.2f} | {-record['bound']['value']:.2f} | {record['minutes_training']:.1f} |"
        )


def trained(options: argparse.Namespace, seed: int, train: Any, held_out: Any) -> tuple[Any, float]:
    """Return the run of a seed and the minutes its training took, trained where it is not there yet."""
    folder = options.out / f"seed-{seed}"
    if not (folder / "recipe.json").exists():
        checkpoint = folder / "checkpoint.safetensors"
        if checkpoint.exists() and not options.resume:
            raise SystemExit(f"{folder} holds an interrupted training: add --resume, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        model = VariationalAutoencoder(
            options.code,
            hidden_layer_sizes=options.hidden,
            activation=options.activation,
            prior=PRIORS[options.prior](options.components),
            rule=rule(options),
            optimizer=OPTIMIZERS[options.optimizer](
                options.rate, weight_decay=options.decay, schedule=Cosine(warmup=0.01)
            ),
            n_iter=options.epochs,
            batch_size=options.batch,
            averaging=options.averaging,
            binarisation="dynamic",
            precision=options.precision,
            device=options.device,
            verbose=1,
            random_state=seed,
        )
        few = None if held_out is None else held_out[:2000]
        model.fit(train[: options.rows_trained], X_val=few, checkpoint=checkpoint).save(folder)
        checkpoint.unlink()
    model = load(folder, device=options.device)
    return model, sum(record["seconds"] for record in model.history_) / 60


def rule(options: argparse.Namespace) -> Rule:
    """Return the bound to train on."""
    if options.k == 1:
        return ELBO(warmup=options.warmup)
    return RULES[options.gradient](options.k, warmup=options.warmup)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of runs and results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--validate", action="store_true", help="judge on the last 10,000 training images")
    parser.add_argument("--resume", action="store_true", help="go on from checkpoints")
    parser.add_argument("--k", type=int, default=1, help="draws a row in training")
    parser.add_argument("--gradient", choices=RULES, default="dreg", help="of the encoder, where k > 1")
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument("--code", type=int, default=50)
    parser.add_argument("--hidden", type=int, nargs="+", default=[500, 500])
    parser.add_argument("--activation", default="silu")
    parser.add_argument("--prior", choices=PRIORS, default="vamp")
    parser.add_argument("--components", type=int, default=500)
    parser.add_argument("--warmup", type=float, default=0.1)
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adam")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--decay", type=float, default=0.1, help="decoupled, of weights")
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--averaging", type=float, default=0.9995)
    parser.add_argument("--samples", type=int, default=5000, help="importance samples an image in judging")
    parser.add_argument("--rows", type=int, help="judge only the first so many images")
    parser.add_argument("--rows-trained", type=int, help="train only on the first so many images")
    parser.add_argument(
        "--precision", default="bfloat16", help="of products in training: float32 or bfloat16"
    )
    parser.add_argument("--precision-judged", default="float32", help="of products in judging")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--data-dir", help="the folder of known data sets; $TILDEX_DATA when not given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
