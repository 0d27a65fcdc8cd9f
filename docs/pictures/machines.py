"""Pictures of the Boltzmann machines, from two layers to several modalities."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from drawing import grey, halves, one_of_each, sheet, signed, test, tiles, train
from tildex import (
    CD,
    RBM,
    SGD,
    DeepBeliefNetwork,
    DeepBoltzmannMachine,
    GaussianRBM,
    KLSparsity,
    LearnedGaussian,
    Linear,
    Modality,
    MultimodalDBM,
    ReplicatedSoftmax,
    ReplicatedSoftmaxRBM,
)
from tildex.features.patches import PatchScaling, random_patches
from tildex.generator import Generator
from tildex.plots.mosaic import compose, show, to_rgb
from tildex.plots.paper import INK, blank, headed, quiet


def rbm() -> Figure:
    """Draw filters of hidden units, and samples of the machine."""
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
        likelihood=LearnedGaussian(largest=100.0),
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


def replicated_softmax() -> Figure:
    """Draw documents over a square of 25 words, their topics (its rows and columns), and learned hidden units."""
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
    """Draw samples of digits for each label, from the top machine downwards."""
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
    """Return word counts for digits; each document omits some of the true words."""
    counts = np.zeros((len(digits), len(WORDS)), dtype="float32")
    rows = np.arange(len(digits))
    counts[rows, digits] = 1
    counts[rows, 10 + digits % 2] = 1
    counts[:, 12] = np.isin(digits, (0, 6, 8, 9))
    counts[:, 13] = np.isin(digits, (1, 4, 7))
    counts *= np.random.default_rng(0).random(counts.shape) < 0.8
    return counts


def pictures_and_words(passes: int, *, prediction: int) -> MultimodalDBM:
    """Return a machine of digits and words about them, trained for these epochs on likelihood and on prediction."""
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
    """Draw images from words: the mean-field expectation, and Gibbs chains at some of their steps."""
    words = np.eye(len(WORDS))[:10]
    rows = {"a real one": grey(one_of_each())}
    predicting = pictures_and_words(30, prediction=20)
    rows["expected"] = grey(predicting.generate("image", given={"words": words}))
    likely = pictures_and_words(60, prediction=0)
    traced = likely.trace(10, given={"words": words}, random_state=0)
    rows |= {f"step {step}": grey(drawn["image"]) for step, drawn in traced.items()}
    return sheet("Images inferred, and drawn, from one word each", rows)


def multimodal_dbm_words() -> Figure:
    """Draw the mean predicted words of held-out images of each digit."""
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
