"""Pictures of the applications: maps, restored photographs, classes, sounds, outliers, completions."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from drawing import fast, grey, one_of_each, sheet, test, train
from tildex import (
    RBM,
    Adam,
    AnomalyDetector,
    Autoencoder,
    Cosine,
    Greyscale,
    Missing,
    Neighbours,
    Restorer,
    SoundFeatures,
    StackedClassifier,
    UNet,
    VaryingNoise,
)
from tildex import compare as compared
from tildex.apps.compare.picture import picture_of
from tildex.apps.completion import complete, known_part
from tildex.apps.photographs.restore import in_gamut
from tildex.corruptions import Corruption
from tildex.features.patches import random_patches
from tildex.generator import Generator
from tildex.images import luminance
from tildex.plots import completions, latent_map
from tildex.plots import latent_maps as maps_of_epochs
from tildex.plots.mosaic import compose, show
from tildex.plots.paper import COLOURS, INK, blank, headed, quiet


def atlas() -> Autoencoder:
    """Return an autoencoder with a code of two units, a map of the digits, and its snapshots."""
    model = Autoencoder(
        2,
        hidden_layer_sizes=(128, 128),
        activation="silu",
        penalty=Neighbours(100.0, perplexity=10),
        n_iter=150,
        batch_size=200,
        optimizer=Adam(3e-3, schedule=Cosine(warmup=0.05)),
        random_state=0,
    )
    return model.fit(train.X, snapshots=[0, 3, 9, 12])


def compare() -> Figure:
    """Draw the family on digits, compared within minutes."""
    return picture_of(compared("digits", n_components=8, minutes=4))


def digit_map() -> Figure:
    """Draw held-out digits on the map."""
    return latent_map(atlas().transform(test.X), test.y, title="Held-out digits on a map learned from others")


def latent_maps() -> Figure:
    """Draw the map at several epochs."""
    model, few = atlas(), slice(800)
    maps = {epoch: codes[few] for epoch, codes in model.snapshots_.items()}
    return maps_of_epochs(
        maps, train.y[model.snapshot_rows_][few], title="The map of the digits, epoch by epoch"
    )


def sides() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return patches of the right side of two photographs at half size, and a part of the left side of each."""
    photographs = [load_sample_image(name) / np.float32(255) for name in ("china.jpg", "flower.jpg")]
    halved = [p[:426].reshape(213, 2, 320, 2, 3).mean((1, 3)) for p in photographs]
    right = [random_patches(p[None, :, 160:], 24, 400, generator=Generator(0)).numpy() for p in halved]
    return np.concatenate(right).reshape(-1, 24, 24, 3), [p[40:130, 40:155] for p in halved]


def restorer(corruption: Corruption, patches: np.ndarray, **settings: object) -> Restorer:
    """Return a small network that undoes a corruption."""
    chosen = {"network": UNet(16), "n_iter": 10, **settings}
    return Restorer(
        corruption=corruption,
        optimizer=Adam(4e-3, schedule=Cosine(warmup=0.05)),
        batch_size=16,
        averaging=0.98,
        precision="bfloat16",
        random_state=0,
        **chosen,
    ).fit(patches)


def restoration() -> Figure:
    """Draw a part of a photograph with noise, another with half of its pixels missing, and both restored."""
    patches, (first, second) = sides()
    random = np.random.default_rng(0)
    noisy = first + random.normal(0, 0.12, first.shape).astype(np.float32)
    holes = np.where(random.random(second.shape[:2])[..., None] < 0.5, np.float32(np.nan), second)
    denoised = restorer(VaryingNoise(0.2), patches).transform(noisy[None])[0]
    filled = restorer(Missing(0.7, lowest=0.3), patches).transform(holes[None])[0]
    rows = np.stack([noisy, denoised, first, np.nan_to_num(holes), filled, second]).clip(0, 1)
    return show(compose(rows, 3), 4, "Damaged, restored, and as it was")


def restoration_colours() -> Figure:
    """Draw part of a photograph in grey, coloured by a model trained on the other side, and in its own colours."""
    patches, (_, flower) = sides()
    painter = restorer(Greyscale(), patches[400:], network=UNet(20, bias=True), n_iter=40)
    pixels = torch.from_numpy(flower)
    grey = luminance(pixels)
    seen = grey.expand(-1, -1, 3)
    coloured = in_gamut(torch.from_numpy(painter.transform(seen.numpy()[None])[0]), grey)
    tiles = np.stack([seen.numpy(), coloured.numpy(), flower])
    return show(compose(tiles, 3), 6, "Grey, coloured, and as it was")


def classifier() -> Figure:
    """Plot the gain from a pretrained layer with few labels."""
    code = RBM(128, n_iter=200, batch_size=50, random_state=0).fit(train.X)
    figure = blank(2.7, layout="constrained")
    axes = figure.subplots()
    headed(figure, "Accuracy on held-out digits, by the number of labelled ones")
    counts = (20, 50, 100, 200, 500, 1000)
    starts = {"random start": None, "start from the machine": code}
    for (name, start), colour, style in zip(
        starts.items(), (COLOURS[6], COLOURS[0]), ("--", "-"), strict=True
    ):
        accuracies = []
        for n in counts:
            model = StackedClassifier(
                start, hidden_layer_sizes=None if start else 128, n_iter=100, random_state=0
            )
            accuracies.append(100 * model.fit(train.X[:n], train.y[:n]).score(test.X, test.y))
        axes.plot(
            counts, accuracies, style, marker="o", markersize=3.5, color=colour, label=name, linewidth=1.8
        )
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(n) for n in counts])
    axes.minorticks_off()
    axes.set_xlabel("labelled digits")
    axes.set_ylabel("accuracy, per cent")
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    quiet(axes)
    return figure


SOUND_KINDS = ("bell", "rising", "falling", "hum", "clicks", "noise")


def made_sounds(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ``n`` sounds of each kind at 8,000 samples a second, each with its own pitch, pace and noise."""
    draws = np.random.default_rng(0)
    t = np.arange(6000) / 8000

    def sound(kind: str) -> np.ndarray:
        pitch, pace = draws.uniform(300, 900), draws.uniform(2, 6)
        made = {
            "bell": np.exp(-pace * t) * sum(np.sin(2 * np.pi * pitch * k * t) / k for k in (1, 2.4, 3.9)),
            "rising": np.sin(2 * np.pi * pitch * (t + 0.3 * pace * t**2)),
            "falling": np.sin(2 * np.pi * pitch * (3 * t - 0.2 * pace * t**2)),
            "hum": sum(np.sin(2 * np.pi * pitch / 4 * k * t) / k for k in range(1, 7)),
            "clicks": (draws.normal(size=t.size) * (np.sin(2 * np.pi * pace * t) > 0.97)),
            "noise": draws.normal(size=t.size),
        }[kind]
        return made / np.abs(made).max() + 0.01 * draws.normal(size=t.size)

    sounds = np.stack([sound(kind) for kind in SOUND_KINDS for _ in range(n)])
    return sounds.astype(np.float32), np.repeat(np.arange(len(SOUND_KINDS)), n)


def sound_map() -> Figure:
    """Draw the map of six kinds of synthetic sounds."""
    sounds, kinds = made_sounds(70)
    rows = SoundFeatures(8000, n_mels=40, slices=4).fit_transform(sounds)
    model = Autoencoder(
        2,
        hidden_layer_sizes=(128,),
        activation="silu",
        penalty=Neighbours(300.0, perplexity=12),
        optimizer=fast,
        batch_size=210,
        n_iter=200,
        random_state=0,
    ).fit(rows)
    return latent_map(
        model.transform(rows), kinds, SOUND_KINDS, title="420 sounds, of which no kind was told"
    )


def anomalies() -> Figure:
    """Draw the most and least unusual digits for a detector trained without fours."""
    model = Autoencoder(16, hidden_layer_sizes=128, optimizer=fast, n_iter=100)
    detector = AnomalyDetector(model, random_state=0).fit(train.X[train.y != 4])
    order = np.argsort(detector.score_samples(test.X), kind="stable")
    rows = {
        "unusual": grey(test.X[order[:12]]),
        "": grey(test.X[order[12:24]]),
        "ordinary": grey(test.X[order[-12:]]),
    }
    return sheet("Held-out digits, judged by a model that never saw a four", rows)


def completion() -> Figure:
    """Draw completions of digits from their left halves."""
    model = RBM(192, n_iter=300, batch_size=50, random_state=0).fit(train.X)
    X, known = one_of_each(), known_part("left", (8, 8))
    drawn = complete(model, X, known, draws=4, n_steps=500, random_state=0)
    return completions(
        X, known, drawn, (8, 8), title="The left half is given, the right half drawn four times"
    )
