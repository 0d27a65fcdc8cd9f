"""Draws the pictures of the model pages, one PNG a page or more, from data that come with scikit-learn.

``make pictures`` draws all of them, ``python docs/pictures.py rbm vae`` the named ones. Nothing is downloaded, every
seed is fixed, and a picture stays under 60 kB. Those of tagged photographs need ``fashion-products`` (``tildex data``).
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_sample_image
from sklearn.decomposition import PCA

from tildex import (
    CD,
    ELBO,
    RBM,
    SGD,
    Adam,
    AnomalyDetector,
    Autoencoder,
    Bernoulli,
    ContractiveAutoencoder,
    Cosine,
    DeepAutoencoder,
    DeepBeliefNetwork,
    DeepBoltzmannMachine,
    DenoisingAutoencoder,
    DReG,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    GaussianNoise,
    GaussianRBM,
    Greyscale,
    KLSparsity,
    Linear,
    LinearAutoencoder,
    Masking,
    Missing,
    Modality,
    MultimodalDBM,
    Neighbours,
    PictureFeatures,
    Pursuit,
    ReplicatedSoftmax,
    ReplicatedSoftmaxRBM,
    Restorer,
    SemanticHashing,
    SoundFeatures,
    SparseAutoencoder,
    StackedClassifier,
    TopK,
    UNet,
    VampPrior,
    VariationalAutoencoder,
    VaryingNoise,
    read,
)
from tildex.apps.collection import Collection, search
from tildex.apps.collection import query as query_of
from tildex.apps.completion import complete, known_part
from tildex.apps.patches import PatchScaling, random_patches
from tildex.apps.restore import in_gamut
from tildex.apps.traces import STEPS, trace
from tildex.cli.collections import measured
from tildex.corruptions import Corruption
from tildex.data import Record, select, tag_rows
from tildex.evaluate import jacobian_spectrum, unexplained_variance
from tildex.generator import Generator
from tildex.plots import Card, cards, completions, latent_map, spectra, vector_field
from tildex.plots import latent_maps as maps_of_epochs
from tildex.plots.mosaic import compose, gap_of, show, to_rgb
from tildex.plots.paper import COLOURS, INK, WIDTH, blank, headed, quiet
from tildex.shapes import luminance

FOLDER = Path(__file__).parent / "images"
DENSITY = 130

train, test = read("digits"), read("digits", split="test")
fast = Adam(1e-2, schedule=Cosine(warmup=0.05))


def linear() -> Figure:
    """Draw PCA's axes above the linear autoencoder's, which gradient descent has found."""
    axes = PCA(8, svd_solver="full").fit(train.X).components_
    ours = LinearAutoencoder(8, random_state=0).fit(train.X).components_
    # An axis has no sign.
    axes = axes * np.sign((axes * ours).sum(1, keepdims=True))
    return sheet("The first eight principal axes", {"PCA": signed(axes), "autoencoder": signed(ours)})


def autoencoder() -> Figure:
    """Draw held-out digits from eight numbers each."""
    X = one_of_each()
    pca = PCA(8, svd_solver="full").fit(train.X)
    ours = Autoencoder(8, hidden_layer_sizes=(128,), optimizer=fast, n_iter=150, random_state=0).fit(train.X)
    return sheet(
        "Held-out digits, and what is left of them in eight numbers",
        {
            "original": grey(X),
            "PCA": grey(pca.inverse_transform(pca.transform(X))),
            "autoencoder": grey(ours.reconstruct(X)),
        },
    )


def sparse() -> Figure:
    """Draw what units of a sparse code draw, and what is left unexplained by how many of them a row may use."""
    budgets = (2, 4, 8, 16, 32)
    settings = {"optimizer": fast, "n_iter": 100, "random_state": 0}
    models, pursuing = (
        {k: SparseAutoencoder(100, code=code(k), **settings).fit(train.X) for k in budgets}
        for code in (TopK, Pursuit)
    )
    strokes = models[8].module_.decoder.map.layers[-1].weight.detach().numpy().T
    used = models[8].transform(test.X).mean(0)
    figure, (left, right) = halves("What units draw", "Variance left unexplained")
    tiles(left, signed(strokes[np.argsort(-used)[:36]]), 6)
    axes = PCA(max(budgets), svd_solver="full").fit(train.X)
    codes = axes.transform(test.X)
    pca = [
        unexplained_variance(test.X, codes[:, :k] @ axes.components_[:k] + axes.mean_).value for k in budgets
    ]
    ours, best = (
        [unexplained_variance(test.X, model.reconstruct(test.X)).value for model in kind.values()]
        for kind in (models, pursuing)
    )
    lines = (
        ("PCA", pca, COLOURS[6], "--"),
        ("top-k", ours, COLOURS[0], "-"),
        ("pursuit", best, COLOURS[1], "-"),
    )
    for name, values, colour, style in lines:
        right.plot(
            budgets,
            np.multiply(100, values),
            style,
            marker="o",
            markersize=3.5,
            color=colour,
            label=name,
            linewidth=1.8,
        )
    right.set_xscale("log", base=2)
    right.set_xticks(budgets, [str(k) for k in budgets])
    right.minorticks_off()
    right.set_ylim(bottom=0)
    right.set_xlabel("units in use of a row")
    right.set_ylabel("per cent")
    right.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    return figure


def denoising() -> Figure:
    """Draw digits of which half the pixels were taken away, restored."""
    X, corruption = one_of_each(), Masking(0.5)
    model = DenoisingAutoencoder(128, corruption=corruption, optimizer=fast, n_iter=200, random_state=0)
    model.fit(train.X)
    broken = corruption(torch.from_numpy(X), Generator(1)).numpy()
    rows = {"original": grey(X), "half is gone": grey(broken), "restored": grey(model.reconstruct(broken))}
    return sheet("Held-out digits, each pixel gone with probability 1/2", rows)


def denoising_field() -> Figure:
    """Draw, over points of a spiral, where a model that undoes noise moves what is given to it."""
    random = np.random.default_rng(0)
    turn = 3 * np.pi * np.sqrt(random.random(2000))
    spiral = np.stack([turn * np.cos(turn), turn * np.sin(turn)], 1) / 5
    X = spiral + 0.04 * random.normal(size=spiral.shape)
    model = DenoisingAutoencoder(
        128,
        hidden_layer_sizes=(128, 128),
        code=Gaussian(),
        likelihood=Gaussian(),
        corruption=GaussianNoise(0.25),
        optimizer=Adam(5e-3, schedule=Cosine(warmup=0.05)),
        n_iter=300,
        random_state=0,
    ).fit(X)
    grid = np.stack(np.meshgrid(np.linspace(-2.1, 2.3, 27), np.linspace(-1.9, 2.0, 24)), -1).reshape(-1, 2)
    title = "Which way reconstruction moves a point"
    return vector_field(X[:600], grid, model.reconstruct(grid) - grid, title=title)


def contractive() -> Figure:
    """Plot in how many directions a code still follows its input, at digits and at rows beside them."""
    settings = {"optimizer": fast, "n_iter": 100, "random_state": 0}
    models = {
        "plain": Autoencoder(128, code=Bernoulli(), **settings),
        "contractive": ContractiveAutoencoder(128, **settings),
    }
    x = torch.from_numpy(test.X[:200])
    beside = x + 0.5 * Generator(0).normal_like(x)
    on, off = {}, {}
    for name, model in models.items():
        module = model.fit(train.X).module_
        on[name], off[name] = (jacobian_spectrum(module, rows).values for rows in (x, beside))
    return spectra(on, off, off_name="noise added")


def dropout() -> Figure:
    """Plot what becomes of a reconstruction when units of the code are lost."""
    settings = {"optimizer": fast, "n_iter": 150, "random_state": 0}
    models = {
        "plain": Autoencoder(128, code=Bernoulli(), **settings),
        "dropout": DropoutAutoencoder(128, noise=Dropout(0.3), **settings),
    }
    shares = np.linspace(0, 0.7, 8)
    figure = blank(2.7, layout="constrained")
    axes = figure.subplots()
    headed(figure, "The code loses units, the reconstruction gets worse")
    for (name, model), colour, style in zip(
        models.items(), (COLOURS[6], COLOURS[0]), ("--", "-"), strict=True
    ):
        codes = torch.from_numpy(model.fit(train.X).transform(test.X))
        errors = []
        for share in shares:
            left = codes if share == 0 else Dropout(float(share))(codes, Generator(1))
            errors.append(((model.inverse_transform(left.numpy()) - test.X) ** 2).sum(1).mean())
        axes.plot(
            100 * shares, errors, style, marker="o", markersize=3.5, color=colour, label=name, linewidth=1.8
        )
    axes.set_xlabel("units of the code that are lost, per cent")
    axes.set_ylabel("squared error a digit")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    quiet(axes)
    return figure


def deep() -> Figure:
    """Plot the error while layers are trained alone, and then together."""
    passes, whole = 60, 140
    curves = {"random start": "none", "machines": "rbm", "denoising autoencoders": "denoising"}
    figure = blank(2.7, layout="constrained")
    axes = figure.subplots()
    headed(figure, "Held-out loss while all layers are trained together")
    for (name, pretrain), colour, style in zip(
        curves.items(), (COLOURS[6], COLOURS[1], COLOURS[0]), ("--", "-.", "-"), strict=True
    ):
        begun = 0 if pretrain == "none" else passes
        model = DeepAutoencoder(
            8,
            hidden_layer_sizes=(128, 64, 32),
            pretrain=pretrain,
            n_iter_pretraining=passes,
            n_iter=passes + whole - begun,
            random_state=0,
        ).fit(train.X, X_val=test.X)
        last = model.history_[-1].get("stage")
        held_out = [record["held_out"] for record in model.history_ if record["stage"] == last]
        axes.plot(
            begun + 1 + np.arange(len(held_out)), held_out, style, color=colour, label=name, linewidth=1.8
        )
    axes.axvspan(0, passes, color=INK, alpha=0.06, linewidth=0)
    axes.text(
        passes / 2,
        0.06,
        "pretraining,\nlayer by layer",
        transform=axes.get_xaxis_transform(),
        ha="center",
        fontsize=8.5,
        color=INK,
    )
    axes.set_xlim(0, passes + whole)
    axes.set_xlabel("passes over the data, pretraining included")
    axes.set_ylabel("nats a held-out digit")
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    quiet(axes)
    return figure


def hashing() -> Figure:
    """Draw held-out digits, and the training digits whose codes differ in the fewest bits."""
    penalty = KLSparsity(1.0, target=0.5) + Neighbours(20.0, perplexity=10)
    model = SemanticHashing(
        32,
        hidden_layer_sizes=128,
        penalty=penalty,
        optimizer=fast,
        n_iter=100,
        batch_size=200,
        random_state=0,
    ).fit(train.X)
    known, queries = model.transform(train.X), one_of_each()[[0, 2, 4, 7, 9]]
    figure = blank(3.0, layout="constrained")
    headed(figure, "Held-out digits, the nearest of 32 bits, and how many differ")
    grid = figure.subplots(5, 9, width_ratios=[1.0, *8 * [1.0]])
    for row, query, code in zip(grid, queries, model.transform(queries), strict=True):
        apart = (known != code).sum(1)
        nearest = np.argsort(apart, kind="stable")[:8]
        for axes, image in zip(row, [query, *train.X[nearest]], strict=True):
            axes.imshow(grey(image[None])[0])
            axes.set_axis_off()
        for axes, k in zip(row[1:], nearest, strict=True):
            axes.set_title(f"{apart[k]:.0f}", fontsize=7.5, color=INK, pad=1.5)
    return figure


def atlas() -> Autoencoder:
    """Return an autoencoder whose two units are a map of the digits, with its snapshots."""
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


def digit_map() -> Figure:
    """Draw where held-out digits lie on the map."""
    return latent_map(atlas().transform(test.X), test.y, title="Held-out digits on a map learned from others")


def latent_maps() -> Figure:
    """Draw how the map came about."""
    model, few = atlas(), slice(800)
    maps = {epoch: codes[few] for epoch, codes in model.snapshots_.items()}
    return maps_of_epochs(
        maps, train.y[model.snapshot_rows_][few], title="The map of the digits, epoch by epoch"
    )


def vae() -> Figure:
    """Draw rows from a learned prior, and how far each unit of the code follows the row."""
    settings = {
        "n_components": 32,
        "optimizer": Adam(3e-3, schedule=Cosine()),
        "n_iter": 200,
        "random_state": 0,
    }
    models = {
        "divergence at once": VariationalAutoencoder(**settings),
        "warmed up": VariationalAutoencoder(rule=ELBO(warmup=0.5), **settings),
    }
    learned = VariationalAutoencoder(
        12,
        prior=VampPrior(200),
        rule=DReG(5),
        optimizer=fast,
        n_iter=150,
        averaging=0.995,
        random_state=0,
    ).fit(train.X)
    figure, (left, right) = halves("Digits drawn from a learned prior", "How far each unit follows the row")
    tiles(left, grey(learned.sample(36, random_state=0)), 6)
    x = torch.from_numpy(test.X)
    for (name, model), colour in zip(models.items(), (COLOURS[6], COLOURS[0]), strict=True):
        activity = model.fit(train.X).module_.activity(x).sort(descending=True).values
        right.semilogy(range(1, 33), activity, ".-", color=colour, label=name, linewidth=1.2, markersize=5)
    right.axhline(0.01, color=INK, linewidth=0.8, linestyle=":")
    right.text(1, 0.011, "active", fontsize=8, color=INK, va="bottom")
    right.set_xlabel("unit, the most active first")
    right.set_ylabel("variance of its mean over rows")
    right.legend(frameon=False, fontsize=8.5, labelcolor=INK)
    return figure


def rbm() -> Figure:
    """Draw what hidden units look for, and rows that the machine dreams up."""
    model = RBM(128, n_iter=200, batch_size=50, random_state=0).fit(train.X)
    W = model.components_
    strongest = W[np.argsort(-np.linalg.norm(W, axis=1))[:36]]
    figure, (left, right) = halves("What hidden units look for", "Digits that it has drawn")
    tiles(left, signed(strongest), 6)
    tiles(right, grey(model.sample(36, n_steps=2000, random_state=0)), 6)
    for axes in (left, right):
        axes.set_axis_off()
    return figure


def gaussian_rbm() -> Figure:
    """Draw patches of two photographs and the weights learned from them."""
    photographs = np.stack([load_sample_image(name) for name in ("china.jpg", "flower.jpg")])
    pixels = random_patches(photographs.mean(-1, keepdims=True) / 255, 8, 20_000, generator=Generator(0))
    patches = PatchScaling.of(pixels)(pixels.float()).numpy()
    model = GaussianRBM(
        64,
        # Contrast with the data's own neighbourhood, and units that are rarely on: that makes weights local.
        rule=CD(1, penalty=KLSparsity(1.0, target=0.05)),
        optimizer=SGD(0.01, momentum=0.9, schedule=Linear()),
        n_iter=20,
        random_state=0,
    ).fit(patches)
    W = model.components_
    figure, (left, right) = halves("Whitened patches of photographs", "What hidden units look for")
    tiles(left, signed(patches[:64]), 8)
    tiles(right, signed(W[np.argsort(-np.linalg.norm(W, axis=1))]), 8)
    return figure


def sides() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return patches of the right side of two photographs at half their size, and a part of the left side of each."""
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
    """Draw a grey part of a photograph, coloured by a model of its other side, and as it was."""
    patches, (_, flower) = sides()
    painter = restorer(Greyscale(), patches[400:], network=UNet(20, bias=True), n_iter=40)
    pixels = torch.from_numpy(flower)
    grey = luminance(pixels)
    seen = grey.expand(-1, -1, 3)
    coloured = in_gamut(torch.from_numpy(painter.transform(seen.numpy()[None])[0]), grey)
    tiles = np.stack([seen.numpy(), coloured.numpy(), flower])
    return show(compose(tiles, 3), 6, "Grey, coloured, and as it was")


def replicated_softmax() -> Figure:
    """Draw documents over 25 words in a square, whose ten topics are its rows and columns, and what was learned."""
    square = np.eye(5)
    bars = np.concatenate([np.repeat(square, 5, axis=1), np.tile(square, (1, 5))]) / 5
    random = np.random.default_rng(0)
    mixtures = np.stack([bars[random.permutation(10)[: random.integers(1, 4)]].mean(0) for _ in range(2000)])
    X = np.stack([random.multinomial(random.integers(20, 100), p) for p in mixtures]).astype("float32")
    model = ReplicatedSoftmaxRBM(10, n_iter=60, random_state=0).fit(X)
    W = model.components_ - model.components_.mean(1, keepdims=True)
    order = np.argsort([np.argmax(np.abs(bars @ w)) for w in W], kind="stable")
    rows = {
        "topics": to_rgb(bars.reshape(-1, 5, 5), (0.0, 0.2)),
        "documents": to_rgb((X[:10] / X[:10].max(1, keepdims=True)).reshape(-1, 5, 5), (0.0, 1.0)),
        "hidden units": signed(W[order], 5),
    }
    return sheet("Ten topics, ten of 2,000 documents, and ten hidden units", rows)


def dbn() -> Figure:
    """Draw digits by their label, from the top machine downwards."""
    model = DeepBeliefNetwork(
        128,
        hidden_layer_sizes=(128,),
        label_layer=True,
        n_iter=150,
        n_iter_up_down=50,
        batch_size=50,
        random_state=0,
    ).fit(train.X, train.y)
    drawn = np.concatenate([model.sample(4, n_steps=1000, label=k, random_state=k) for k in range(10)])
    images = grey(drawn.reshape(10, 4, 64).transpose(1, 0, 2).reshape(40, 64))
    return show(compose(images, 10), 10, "Four digits drawn for each label from 0 to 9")


def dbm() -> Figure:
    """Draw the lower half of a digit, imagined from the upper one."""
    model = DeepBoltzmannMachine(
        64, hidden_layer_sizes=(128,), n_iter_pretraining=100, n_iter=100, random_state=0
    ).fit(train.X)
    X = one_of_each()
    upper = np.where(np.arange(64) < 32, X, np.nan)
    rows = {"original": grey(X), "what is known": grey(np.nan_to_num(upper, nan=0.5))}
    for k in range(3):
        drawn = model.sample(len(X), n_steps=500, given=upper, random_state=k)
        rows[f"imagined, {k + 1}"] = grey(drawn)
    return sheet("The upper half is given, the lower half drawn three times", rows)


WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
WORDS += ["even", "odd", "loop", "straight"]


def said(digits: np.ndarray) -> np.ndarray:
    """Return what may be said of digits, as counts of words; not everybody says everything."""
    counts = np.zeros((len(digits), len(WORDS)), dtype="float32")
    rows = np.arange(len(digits))
    counts[rows, digits] = 1
    counts[rows, 10 + digits % 2] = 1
    counts[:, 12] = np.isin(digits, (0, 6, 8, 9))
    counts[:, 13] = np.isin(digits, (1, 4, 7))
    counts *= np.random.default_rng(0).random(counts.shape) < 0.8
    return counts


def pictures_and_words(passes: int, *, prediction: int) -> MultimodalDBM:
    """Return a machine of digits and of words about them, after so many passes for likelihood and for prediction."""
    words = Modality("words", units=ReplicatedSoftmax(len(WORDS), 10))
    return MultimodalDBM(
        128,
        modalities=(Modality("image"), words),
        hidden_layer_sizes=(128,),
        n_iter_pretraining=30,
        n_iter=passes,
        n_iter_prediction=prediction,
        random_state=0,
    ).fit({"image": train.X, "words": said(train.y)})


def multimodal_dbm() -> Figure:
    """Draw images from words: what mean field expects, and chains at some of their steps."""
    words = np.eye(len(WORDS))[:10]
    rows = {"a real one": grey(one_of_each())}
    predicting = pictures_and_words(30, prediction=20)
    rows["expected"] = grey(predicting.generate("image", given={"words": words}))
    likely = pictures_and_words(60, prediction=0)
    traced = likely.trace(10, given={"words": words}, random_state=0)
    rows |= {f"step {step}": grey(drawn["image"]) for step, drawn in traced.items()}
    return sheet("Images inferred, and drawn, from one word each", rows)


def multimodal_dbm_words() -> Figure:
    """Draw the words that held-out images of each digit make likely, on average."""
    model = pictures_and_words(30, prediction=20)
    said = model.generate("words", given={"image": test.X})
    found = np.stack([said[test.y == digit].mean(0) for digit in range(10)])
    figure = blank(3.1, layout="constrained")
    axes = figure.subplots()
    headed(figure, "Words expected of held-out images of each digit, out of ten")
    axes.imshow(found, cmap="Blues", vmin=0, vmax=5, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(WORDS)), WORDS, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(10), [f"{digit}" for digit in range(10)])
    axes.set_ylabel("image")
    for row, column in np.argwhere(found > 0.5):
        ink = "white" if found[row, column] > 2.5 else INK
        axes.text(column, row, f"{found[row, column]:.0f}", ha="center", va="center", fontsize=7, color=ink)
    quiet(axes)
    return figure


def classifier() -> Figure:
    """Plot what a pretrained layer is worth where labels are few."""
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


def sound_map() -> Figure:
    """Draw the map of sounds that code has made, of six kinds."""
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
    """Draw what a detector that has never seen a four finds most and least unusual."""
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
    """Draw digits of which the left half was given."""
    model = RBM(192, n_iter=300, batch_size=50, random_state=0).fit(train.X)
    X, known = one_of_each(), known_part("left", (8, 8))
    drawn = complete(model, X, known, draws=4, n_steps=500, random_state=0)
    return completions(
        X, known, drawn, (8, 8), title="The left half is given, the right half drawn four times"
    )


@functools.cache
def products() -> tuple[MultimodalDBM, Collection, Record]:
    """Return a machine of some tagged product photographs with the command's own settings, and these."""
    record = read("fashion-products")
    record = select(record, np.arange(0, len(record), 12))
    features, rows, recipe = measured(record)
    model = MultimodalDBM(**recipe, random_state=0).fit(rows)
    assert record.tag_names is not None
    pictures, tags = features.transform(record.X), record.tags
    return model, Collection(record.files, record.tag_names, tags, pictures, model.transform(rows)), record


def product_card(collection: Collection, record: Record, row: int) -> Card:
    """Return the picture of a row with its two rarest tags, which say most."""
    often = dict(zip(collection.tag_names, collection.tags.sum(0), strict=True))
    lines = sorted(collection.tags_of(row), key=lambda name: float(often[name]))[:2]
    return Card(on_paper(record.X[row].reshape(record.shape)), tuple(lines))


def on_paper(image: np.ndarray) -> np.ndarray:
    """Return a picture whose nearly white ground is white, which takes up half the room in a file."""
    return np.where(image.min(2, keepdims=True) > 0.95, 1.0, image)


def asked_tags(collection: Collection, tags: Sequence[str]) -> np.ndarray:
    """Return a row of tags."""
    return tag_rows([tags], collection.tag_names).toarray()


def tagging() -> Figure:
    """Find products by a picture, by tags, and by both."""
    model, collection, record = products()
    others = read("fashion-products", split="test")
    named = [set(np.array(others.tag_names)[row.indices]) for row in others.tags]
    shoe = next(k for k, tags in enumerate(named) if {"Casual Shoes", "White"} <= tags)
    picture = PictureFeatures(others.shape).fit_transform(others.X[shoe][None])
    shown = []
    for given, tags in ((picture, ()), (None, ("Handbags", "Red")), (picture, ("Red",))):
        asked = query_of(picture=given, tags=asked_tags(collection, tags) if tags else None)
        image = None if given is None else on_paper(others.X[shoe].reshape(others.shape))
        hits = search(model, collection, asked)[0]
        shown.append([Card(image, tags), *(product_card(collection, record, hit.row) for hit in hits)])
    return cards(shown, ("query", "1", "2", "3", "4"), title="By a picture, by tags, and by both")


def tagging_trace() -> Figure:
    """Draw what chains come to with tags held fixed."""
    model, collection, record = products()
    shown = []
    for said in (("Tshirts", "Blue"), ("Casual Shoes", "White"), ("Handbags",)):
        asked = query_of(tags=asked_tags(collection, said))
        looks = trace(model, collection, asked, chains=1, random_state=0)[0]
        drawn = [product_card(collection, record, look.row) for look in looks if look.row is not None]
        shown.append([Card(None, said), *drawn])
    heads = ("given", *(f"step {step}" for step in STEPS))
    return cards(shown, heads, title="Chains with tags held fixed, each beside its nearest picture")


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


PICTURES: dict[str, Callable[[], Figure]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        linear,
        autoencoder,
        sparse,
        denoising,
        denoising_field,
        contractive,
        dropout,
        deep,
        hashing,
        digit_map,
        latent_maps,
        vae,
        rbm,
        gaussian_rbm,
        restoration,
        restoration_colours,
        replicated_softmax,
        dbn,
        dbm,
        multimodal_dbm,
        multimodal_dbm_words,
        classifier,
        sound_map,
        anomalies,
        completion,
        tagging,
        tagging_trace,
    )
}


def one_of_each() -> np.ndarray:
    """Return a held-out row of each digit, in order."""
    return np.stack([test.X[np.flatnonzero(test.y == digit)[1]] for digit in range(10)])


def grey(X: np.ndarray) -> np.ndarray:
    """Return rows as grey tiles."""
    return to_rgb(np.asarray(X, dtype=float).reshape(-1, 8, 8), (0.0, 1.0))


def signed(W: np.ndarray, side: int = 8) -> np.ndarray:
    """Return rows as square tiles in red and blue, each in its own scale."""
    images = np.asarray(W, dtype=float).reshape(-1, side, side)
    largest = np.abs(images).max((1, 2), keepdims=True)
    return mpl.colormaps["RdBu_r"]((1 + images / largest) / 2)[..., :3]


def sheet(title: str, rows: Mapping[str, np.ndarray]) -> Figure:
    """Return a figure of rows of tiles with a word to the left of each."""
    images = list(rows.values())
    columns, (h, w) = len(images[0]), images[0].shape[1:3]
    whole = compose(np.concatenate(images), columns)
    labels = {k * (h + gap_of(w)) + (h - 1) / 2: label for k, label in enumerate(rows)}
    return show(whole, columns, title, labels)


def halves(*titles: str) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure of two panels with their titles."""
    figure = blank(2.85, width=WIDTH, layout="constrained")
    both = figure.subplots(1, 2)
    for axes, title in zip(both, titles, strict=True):
        axes.set_title(title, loc="left", fontsize=9.5, color=INK)
        quiet(axes)
    return figure, both


def tiles(axes: Axes, images: np.ndarray, columns: int) -> None:
    """Lay tiles out in a panel."""
    axes.imshow(compose(images, columns, ground=0.82))
    axes.set_axis_off()


def main(names: Sequence[str]) -> None:
    """Draw the named pictures, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or PICTURES:
        path = FOLDER / f"{name}.png"
        buffer = io.BytesIO()
        PICTURES[name]().savefig(buffer, format="png", dpi=DENSITY)
        # A palette: no eye sees the difference, and the file is a third of the size.
        Image.open(buffer).convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
