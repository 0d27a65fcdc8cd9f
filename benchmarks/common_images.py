"""What the benchmarks of restoration share: options, photographs, a training that can be resumed."""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tildex import Adam, Cosine, Restorer, UNet, load, read
from tildex.data import Photograph, photographs_in
from tildex.images import luminance


class Training:
    """The options of a training, and the settings of a restorer that they stand for."""

    @staticmethod
    def options(parser: argparse.ArgumentParser, *, epochs: int, width: int, blocks: int, batch: int) -> None:
        """Add them to a parser."""
        parser.add_argument("--out", type=Path, required=True, help="the folder of runs and results")
        parser.add_argument("--seeds", type=int, nargs="+", default=[0])
        parser.add_argument("--validate", action="store_true", help="leave the test images alone")
        parser.add_argument("--resume", action="store_true", help="go on from checkpoints")
        parser.add_argument("--epochs", type=int, default=epochs)
        parser.add_argument("--width", type=int, default=width, help="channels at full resolution")
        parser.add_argument("--levels", type=int, default=3)
        parser.add_argument("--blocks", type=int, default=blocks)
        parser.add_argument("--rate", type=float, default=1e-3)
        parser.add_argument("--batch", type=int, default=batch)
        parser.add_argument("--decay", type=float, default=0.0, help="decoupled weight decay")
        parser.add_argument("--views", type=int, default=1, help="symmetric views averaged in judging")
        parser.add_argument("--averaging", type=float, default=0.999)
        parser.add_argument("--precision", default="bfloat16", help="of convolutions: float32 or bfloat16")
        parser.add_argument("--device", default="auto")
        parser.add_argument("--threads", type=int, default=torch.get_num_threads())
        parser.add_argument(
            "--data-dir",
            type=Path,
            default=Path(os.environ.get("TILDEX_DATA", ".")),
            help="the folder of known data sets; $TILDEX_DATA when not given",
        )

    @staticmethod
    def settings(options: argparse.Namespace, seed: int, *, bias: bool = False) -> dict[str, Any]:
        """Return what they stand for."""
        return {
            "network": UNet(options.width, options.levels, options.blocks, bias),
            "optimizer": Adam(options.rate, schedule=Cosine(warmup=0.02), weight_decay=options.decay),
            "views": options.views,
            "n_iter": options.epochs,
            "batch_size": options.batch,
            "averaging": options.averaging,
            "precision": options.precision,
            "device": options.device,
            "verbose": 1,
            "random_state": seed,
        }


def photographs(root: Path, name: str) -> dict[str, np.ndarray]:
    """Return the luminance of the photographs of a folder by file, shape (height, width, 1) each."""
    found = {}
    for path in photographs_in(root / "photos" / name):
        pixels = Photograph.read(path).pixels
        found[path.name] = pixels if pixels.shape[2] == 1 else luminance(torch.from_numpy(pixels)).numpy()
    return found


def cifar(root: Path, split: str) -> np.ndarray:
    """Return the photographs of CIFAR-10, shape (n, 32, 32, 3), those of them that are at hand."""
    with warnings.catch_warnings():
        # The number of rows is printed by whoever asks.
        warnings.simplefilter("ignore")
        return read("cifar10", split=split, data_dir=root).X.reshape(-1, 32, 32, 3)


def finished(folder: Path, options: argparse.Namespace) -> bool:
    """Say whether a seed's result is there already; it is then printed."""
    path = folder / ("validation.json" if options.validate else "results.json")
    if path.is_file():
        print(f"{path}: {path.read_text(encoding='utf-8')}")
    return path.is_file()


def trained(
    folder: Path, options: argparse.Namespace, model: Restorer, X: np.ndarray, held: np.ndarray
) -> Restorer:
    """Return the trained model of a folder, or train it there; ``held`` is only measured after every epoch."""
    if (folder / "recipe.json").is_file():
        return load(folder, device=options.device).set_params(views=options.views)
    checkpoint = folder / "checkpoint.safetensors"
    if checkpoint.exists() and not options.resume:
        raise SystemExit(f"{checkpoint} is of an interrupted training: add --resume, or give another --out")
    model.fit(X, X_val=held, checkpoint=checkpoint).save(folder)
    checkpoint.unlink()
    return model
