"""Pictures of what Boltzmann machines look for in CIFAR-10: first-layer filters, and units of the second layer.

Two models. ``patches``: a deep Boltzmann machine of 8 x 8 patches, trained layer by layer, then jointly. ``images``: a
Gaussian RBM of whole images with an RBM on its codes. Both see whitened pixels; hidden units are kept rarely active.
A picture has 100 tiles. The second layer is drawn twice: as the weighted combination of first-layer filters, and as the
input of fixed length that excites the unit most, found by gradient ascent.

    python benchmarks/cifar_filters.py patches --out pictures --data-dir DATA
    python benchmarks/cifar_filters.py images --out pictures --data-dir DATA
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tildex import CD, SGD, DeepBoltzmannMachine, GaussianRBM, KLSparsity, LearnedGaussian, Linear, read
from tildex import Variational as Joint
from tildex.features.patches import PatchScaling, random_patches
from tildex.generator import Generator
from tildex.models import combined_filters, hidden_inputs, maximising_inputs
from tildex.plots import filters

TILES = 100
FIRST, SECOND = 400, 200
IMAGE, PATCH = (32, 32, 3), 8


def sparse(target: float) -> CD:
    """Return the rule that gives edges: the data's own neighbourhood as contrast, and rarely active hidden units."""
    return CD(1, penalty=KLSparsity(1.0, target=target))


def descent(rate: float) -> SGD:
    """Return the optimiser for it."""
    return SGD(rate, momentum=0.9, schedule=Linear())


def deep(rows: Tensor, passes: int) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
    """Return a deep machine's weights, bottom up, and the function from rows to the second layer's inputs."""
    model = DeepBoltzmannMachine(
        SECOND,
        hidden_layer_sizes=FIRST,
        likelihood=LearnedGaussian(largest=100.0),
        pretraining_rule=sparse(0.05),
        pretraining_optimizer=descent(0.01),
        n_iter_pretraining=passes,
        rule=Joint(sparsity=0.1, target=0.05),
        optimizer=SGD(0.001, schedule=Linear()),
        n_iter=max(1, passes // 4),
        batch_size=100,
        random_state=0,
    ).fit(rows)
    weights = [coupling.weight.detach() for coupling in model.module_.couplings]
    return weights, hidden_inputs(model.module_, 2)


def whole(rows: Tensor, passes: int) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
    """Return the same of a deep machine of whole images, whose first layer begins as filters of patches.

    From random weights, 20,000 images leave filters of 3,072 pixels noise. Filters learned on patches of the whitened
    images, each put at a random place, give the first layer a start (Krizhevsky, 2009, "Learning multiple layers of
    features from tiny images", joins machines of patches into one); then all of it is trained on whole images.
    """
    generator = Generator(0)
    patches = random_patches(rows.view(-1, *IMAGE), PATCH, 100_000, generator=generator)
    small = GaussianRBM(
        FIRST, rule=sparse(0.05), optimizer=descent(0.01), n_iter=passes, batch_size=100, random_state=0
    ).fit(patches)
    first = GaussianRBM(
        2 * FIRST, rule=sparse(0.03), optimizer=descent(0.0003), n_iter=1, batch_size=100, random_state=0
    ).fit(rows[:1000])
    with torch.no_grad():
        coupling, hidden = first.module_.couplings[0], first.module_.layers[1]
        coupling.weight.copy_(placed(small.module_.couplings[0].weight, 2 * FIRST, generator))
        hidden.bias.copy_(small.module_.layers[1].bias.repeat(2))
    first.set_params(n_iter=passes, warm_start=True).fit(rows)
    model = DeepBoltzmannMachine(
        SECOND,
        hidden_layer_sizes=2 * FIRST,
        likelihood=LearnedGaussian(largest=100.0),
        pretraining="growing",
        start=first,
        rule=Joint(sparsity=0.1, target=0.05),
        optimizer=SGD(0.001, schedule=Linear()),
        n_iter=passes,
        batch_size=100,
        random_state=0,
    ).fit(rows)
    weights = [coupling.weight.detach() for coupling in model.module_.couplings]
    return weights, hidden_inputs(model.module_, 2)


def placed(filters: Tensor, count: int, generator: Generator) -> Tensor:
    """Return filters of patches at random places of images that are zero elsewhere, shape (count, pixels)."""
    height, width, channels = IMAGE
    images = filters.new_zeros(count, height, width, channels)
    for k, image in enumerate(images):
        top, left = generator.integers(height - PATCH + 1, 2)
        image[top : top + PATCH, left : left + PATCH] = filters[k % len(filters)].view(PATCH, PATCH, channels)
    return images.flatten(1)


def rows_of(model: str, folder: Path | None, count: int) -> tuple[Tensor, tuple[int, int, int], PatchScaling]:
    """Return whitened rows, the shape of one, and the scaling that made them."""
    with warnings.catch_warnings():
        # Two of the five training batches are plenty.
        warnings.simplefilter("ignore")
        images = read("cifar10", data_dir=folder).X.reshape(-1, 32, 32, 3)
    size = {"patches": PATCH, "images": IMAGE[0]}[model]
    if model == "patches":
        pixels = random_patches(images, size, count, generator=Generator(0))
    else:
        pixels = torch.from_numpy(images[:count]).flatten(1)
    scaling = PatchScaling.of(pixels, epsilon=0.1)
    return scaling(pixels), (size, size, 3), scaling


def main() -> None:
    """Train and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=("patches", "images"))
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    parser.add_argument("--rows", type=int, default=100_000, help="patches, or images; all at hand if fewer")
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--data-dir", type=Path, help="the folder of known data sets; $TILDEX_DATA otherwise")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    began = time.process_time()
    rows, shape, scaling = rows_of(options.model, options.data_dir, options.rows)
    train = {"patches": deep, "images": whole}[options.model]
    weights, second = train(rows, options.passes)
    radius = float((rows / rows.std(0).clamp_min(1e-6)).norm(dim=1).median())
    chosen = torch.from_numpy(np.sort(Generator(0).permutation(len(weights[0]))[:TILES]))
    found = maximising_inputs(
        second, torch.arange(TILES), rows.shape[1], generator=Generator(1), radius=radius
    )
    sheets = {
        "level1": (weights[0][chosen], f"{TILES} of {len(weights[0])} filters of the first layer"),
        "level2": (combined_filters(weights)[:TILES], f"First {TILES} units of the second: filters combined"),
        "level2_search": (found, f"First {TILES} units of the second: what excites them most"),
    }
    for name, (sheet, title) in sheets.items():
        drawn = {"": sheet.numpy(), "_pixels": scaling.filters(sheet)}
        for suffix, tiles in drawn.items():
            path = options.out / f"cifar_{options.model}_{name}{suffix}.png"
            filters(tiles, shape, title=title).savefig(path, dpi=100)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    print(f"{options.model}, {len(rows)} rows: {time.process_time() - began:.0f} processor seconds")


if __name__ == "__main__":
    main()
