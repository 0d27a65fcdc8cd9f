"""Figures of Boltzmann machines on CIFAR-10: first-layer filters and second-layer units.

Two models: ``patches`` is a deep Boltzmann machine of 8 x 8 patches, trained layer by layer, then jointly; ``images``
is a Gaussian RBM of whole images with an RBM on its codes. Both see whitened pixels and have sparse hidden units. A
figure has 100 tiles. The second layer is drawn twice: as the weighted combination of first-layer filters, and as the
input of fixed norm that maximises the unit's activation, found by gradient ascent.

    python benchmarks/cifar_filters.py patches --out pictures --data-dir DATA
    python benchmarks/cifar_filters.py images --out pictures --data-dir DATA
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from runner import Bench, run
from tildex import CD, SGD, DeepBoltzmannMachine, GaussianRBM, KLSparsity, LearnedGaussian, Linear
from tildex import Variational as Joint
from tildex.features.patches import PatchScaling, random_patches
from tildex.generator import Generator
from tildex.models import combined_filters, hidden_inputs, maximising_inputs
from tildex.plots import filters

TILES = 100
FIRST, SECOND = 400, 200
IMAGE, PATCH = (32, 32, 3), 8


def sparse(target: float) -> CD:
    """Return the rule that learns edges: contrastive divergence with sparse hidden units."""
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
    """Return the same for a deep machine of whole images, whose first layer is initialised with patch filters.

    From random weights, 20,000 images are too few: filters of 3,072 pixels remain noise. The first layer is therefore
    initialised with filters of whitened patches, each at a random position (Krizhevsky, 2009, "Learning multiple layers
    of features from tiny images", joins machines of patches into one); then it is trained on whole images.
    """
    generator = Generator(0)
    patches = random_patches(rows.view(-1, *IMAGE), PATCH, 100_000, generator=generator)
    diagonal = LearnedGaussian(largest=100.0)
    small = GaussianRBM(
        FIRST,
        likelihood=diagonal,
        rule=sparse(0.05),
        optimizer=descent(0.01),
        n_iter=passes,
        batch_size=100,
        random_state=0,
    ).fit(patches)
    first = GaussianRBM(
        2 * FIRST,
        likelihood=diagonal,
        rule=sparse(0.03),
        optimizer=descent(0.0003),
        n_iter=1,
        batch_size=100,
        random_state=0,
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
    """Return patch filters at random positions in zero images, shape (count, pixels)."""
    height, width, channels = IMAGE
    images = filters.new_zeros(count, height, width, channels)
    for k, image in enumerate(images):
        top, left = generator.integers(height - PATCH + 1, 2)
        image[top : top + PATCH, left : left + PATCH] = filters[k % len(filters)].view(PATCH, PATCH, channels)
    return images.flatten(1)


def rows_of(bench: Bench, model: str, count: int) -> tuple[Tensor, tuple[int, int, int], PatchScaling]:
    """Return whitened rows, the shape of one, and the whitening transform."""
    images = bench.read("cifar10").X.reshape(-1, 32, 32, 3)
    size = {"patches": PATCH, "images": IMAGE[0]}[model]
    if model == "patches":
        pixels = random_patches(images, size, count, generator=Generator(0))
    else:
        pixels = torch.from_numpy(images[:count]).flatten(1)
    scaling = PatchScaling.of(pixels, epsilon=0.1)
    return scaling(pixels), (size, size, 3), scaling


def cifar_filters(
    model: Literal["patches", "images"], /, bench: Bench, *, rows: int = 100_000, passes: int = 20
) -> None:
    """Train and draw.

    Parameters
    ----------
    rows
        Number of patches or images; all available if fewer.
    passes
        Epochs per layer.
    """
    began = time.process_time()
    x, shape, scaling = rows_of(bench, model, rows)
    weights, second = {"patches": deep, "images": whole}[model](x, passes)
    radius = float((x / x.std(0).clamp_min(1e-6)).norm(dim=1).median())
    chosen = torch.from_numpy(np.sort(Generator(0).permutation(len(weights[0]))[:TILES]))
    found = maximising_inputs(second, torch.arange(TILES), x.shape[1], generator=Generator(1), radius=radius)
    sheets = {
        "level1": (weights[0][chosen], f"{TILES} of {len(weights[0])} filters of the first layer"),
        "level2": (combined_filters(weights)[:TILES], f"First {TILES} units of the second: filters combined"),
        "level2_search": (found, f"First {TILES} units of the second: what excites them most"),
    }
    bench.out.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, (sheet, title) in sheets.items():
        drawn = {"": sheet.numpy(), "_pixels": scaling.filters(sheet)}
        for suffix, tiles in drawn.items():
            pictures.append(f"cifar_{model}_{name}{suffix}.png")
            filters(tiles, shape, title=title).savefig(bench.out / pictures[-1], dpi=100)
    bench.note(model=model, rows=len(x), pictures=pictures, processor_seconds=time.process_time() - began)


if __name__ == "__main__":
    run(cifar_filters, threads=1)
