"""Pictures of the autoencoders, from linear to variational."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from drawing import fast, grey, halves, one_of_each, sheet, signed, test, tiles, train
from tildex import (
    ELBO,
    Adam,
    Autoencoder,
    Bernoulli,
    ContractiveAutoencoder,
    Cosine,
    DeepAutoencoder,
    DenoisingAutoencoder,
    DReG,
    Dropout,
    DropoutAutoencoder,
    Gaussian,
    GaussianNoise,
    KLSparsity,
    LinearAutoencoder,
    Masking,
    Neighbours,
    Pursuit,
    SemanticHashing,
    SparseAutoencoder,
    TopK,
    VampPrior,
    VariationalAutoencoder,
)
from tildex.evaluate import jacobian_spectrum, unexplained_variance
from tildex.generator import Generator
from tildex.plots import spectra, vector_field
from tildex.plots.paper import COLOURS, INK, blank, headed, quiet


def linear() -> Figure:
    """Draw PCA's axes above those of the linear autoencoder, found by gradient descent."""
    axes = PCA(8, svd_solver="full").fit(train.X).components_
    ours = LinearAutoencoder(8, random_state=0).fit(train.X).components_
    # An axis has no sign.
    axes = axes * np.sign((axes * ours).sum(1, keepdims=True))
    return sheet("The first eight principal axes", {"PCA": signed(axes), "autoencoder": signed(ours)})


def autoencoder() -> Figure:
    """Draw reconstructions of held-out digits from eight numbers each."""
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
    """Draw decoder weights of a sparse code, and plot its unexplained variance against the units in use per row."""
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
    """Draw digits with half of their pixels masked, and restored."""
    X, corruption = one_of_each(), Masking(0.5)
    model = DenoisingAutoencoder(128, corruption=corruption, optimizer=fast, n_iter=200, random_state=0)
    model.fit(train.X)
    broken = corruption(torch.from_numpy(X), Generator(1)).numpy()
    rows = {"original": grey(X), "half is gone": grey(broken), "restored": grey(model.reconstruct(broken))}
    return sheet("Held-out digits, each pixel gone with probability 1/2", rows)


def denoising_field() -> Figure:
    """Draw the steps of a denoising model over the points of a spiral."""
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
    """Plot the singular values of the Jacobian, at digits and at digits with noise."""
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
    """Plot the reconstruction error against the share of code units removed."""
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
    """Plot the error during layer-wise training and then fine-tuning."""
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
    """Draw held-out digits, and the training digits with the nearest codes in Hamming distance."""
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


def vae() -> Figure:
    """Draw samples from a learned prior, and plot the activity of each code unit."""
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
