"""The one loop: what a plan promises, and what happens when a loss is no number."""

import numpy as np
import pytest
import torch

from tildex import SGD, Adam, Autoencoder, Gaussian, NonFiniteLossError
from tildex.data import rows
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair
from tildex.rules import Reconstruction
from tildex.train import Plan, Trainer
from tildex.train.callbacks import EarlyStopping

X = torch.rand(90, 6, generator=torch.Generator().manual_seed(0))


def trainer(optimizer=None, callbacks=(), **plan):
    generator = Generator(0)
    pair = Pair(
        Conditional(MLP([6, 3], generator=generator), Gaussian()),
        Conditional(MLP([3, 6], generator=generator), Gaussian()),
    )
    return Trainer(
        pair, Reconstruction(), optimizer or Adam(1e-2), Plan(**plan), Generator(1), callbacks=callbacks
    )


def weights(of):
    return torch.cat([p.detach().flatten() for p in of.parameters]).clone()


@pytest.mark.parametrize("batch_size", [7, 90, None])
def test_every_row_is_seen_once_an_epoch(batch_size):
    seen, training = [], trainer(n_iter=2, batch_size=batch_size)

    class Recorded:
        def __len__(self):
            return len(X)

        def take(self, index):
            seen.append(torch.arange(len(X))[index])
            return X[index]

    training.fit(Recorded())
    epochs = torch.cat(seen).view(2, -1)
    assert torch.equal(epochs.sort(1).values, torch.arange(90).expand(2, -1))
    assert not torch.equal(epochs[0], epochs[1])
    assert training.steps == 2 * -(-90 // (batch_size or 90))
    assert max(map(len, seen)) == (batch_size or 90)


def test_without_shuffling_rows_keep_their_order():
    seen, training = [], trainer(n_iter=1, batch_size=40, shuffle=False)
    training.step = lambda x: seen.append(x) or training.rule(training.model, x, training.noise)
    training.fit(rows(X))
    assert torch.equal(torch.cat(seen), X)


def test_history_is_the_mean_over_rows():
    training = trainer(SGD(1e-30), n_iter=1, batch_size=40)
    training.fit(rows(X))
    expected = training.rule(training.model, X, Generator(0)).total
    (record,) = training.history
    assert record["loss"] == pytest.approx(float(expected.detach()), rel=1e-5)
    assert record["loss"] == pytest.approx(record["reconstruction"])
    assert record["epoch"] == 1
    assert record["seconds"] > 0


def test_clip_norm_bounds_a_step():
    for clip, close in ((1e-3, True), (None, False)):
        training = trainer(SGD(1.0), n_iter=1, batch_size=None, clip_norm=clip)
        before = weights(training)
        training.fit(rows(100 * X))
        moved = float((weights(training) - before).norm())
        assert (moved == pytest.approx(1e-3, rel=1e-3)) is close


def test_averaging_returns_the_exponential_average():
    training = trainer(n_iter=3, batch_size=30, averaging=0.8)
    average, path = weights(training), []
    step = training.step

    def watched(x):
        loss = step(x)
        path.append(weights(training))
        return loss

    training.step = watched
    training.fit(rows(X))
    for count, present in enumerate(path, start=1):
        average = torch.lerp(average, present, 1 - min(0.8, count / (count + 9)))
    torch.testing.assert_close(weights(training), average)
    assert not torch.allclose(path[-1], average, atol=1e-4)


def test_validation_sees_the_average_and_leaves_training_alone():
    training = trainer(n_iter=1, averaging=0.99)
    training.run_epoch(rows(X), X)
    present = weights(training)
    with training.averaged():
        expected = float(training.rule(training.model, X, Generator(0)).total.detach())
        assert not torch.equal(weights(training), present)
    assert training.history[-1]["held_out"] == pytest.approx(expected)
    assert torch.equal(weights(training), present)


@pytest.mark.parametrize("averaging", [None, 0.5])
def test_early_stopping_puts_the_best_weights_back(averaging):
    stopping = EarlyStopping(patience=3, tol=0.0)
    # A rate that grows worse than it starts: the best epoch is not the last.
    training = trainer(SGD(0.2, momentum=0.99), [stopping], n_iter=200, batch_size=None, averaging=averaging)
    training.fit(rows(X[:60]), X[60:])
    held_out = [record["held_out"] for record in training.history]
    best = int(np.argmin(held_out))
    assert len(held_out) < 200
    assert len(held_out) == best + 1 + 3
    stopping.restore(training)
    training.average = None
    assert training.validate(X[60:]) == pytest.approx(held_out[best], rel=1e-6)


@pytest.mark.parametrize("batches_before", [0, 5, 20])
def test_a_loss_that_is_no_number_is_named_with_its_batch(batches_before):
    broken = X.repeat(3, 1).clone()
    broken[batches_before * 10] = 1e30
    training = trainer(n_iter=2, batch_size=10, shuffle=False)
    with pytest.raises(
        NonFiniteLossError,
        match=rf"the reconstruction loss is (inf|nan) at batch {batches_before + 1} of epoch 1: lower the",
    ):
        training.fit(rows(broken))


def test_an_exploding_fit_says_so():
    with pytest.raises(NonFiniteLossError, match=r"reconstruction loss is .* of epoch .*clip_norm"):
        Autoencoder(3, optimizer=SGD(1e6), n_iter=20, random_state=0).fit(X.numpy())


@pytest.mark.parametrize("precision", ["bfloat16", "float32", "float64"])
def test_every_precision_trains(precision):
    model = Autoencoder(
        3, hidden_layer_sizes=(8,), precision=precision, optimizer=Adam(1e-2), n_iter=30, random_state=0
    ).fit(X.numpy())
    dtype = torch.float64 if precision == "float64" else torch.float32
    assert {p.dtype for p in model.module_.parameters()} == {dtype}
    losses = [record["loss"] for record in model.history_]
    assert losses[-1] < losses[0] - 0.1
    assert model.transform(X.numpy()).dtype == np.float32


def test_bfloat16_rounds_products():
    losses = [
        Autoencoder(3, precision=precision, n_iter=1, random_state=0).fit(X.numpy()).history_[0]["loss"]
        for precision in ("bfloat16", "float32")
    ]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_state_of_another_model_is_refused():
    state = trainer(n_iter=1).get_state()
    with pytest.raises(ValueError, match="do not fit this model"):
        trainer(n_iter=1).set_state({**state, "parameters": state["parameters"][:1]})
    with pytest.raises(ValueError, match="checkpoint is of 2 processes and this is 1"):
        trainer(n_iter=1).set_state({**state, "ranks": state["ranks"] * 2})


def test_progress_is_shown_only_to_who_looks(capsys):
    Autoencoder(3, n_iter=2, random_state=0).fit(X.numpy())
    assert capsys.readouterr() == ("", "")
    Autoencoder(3, n_iter=2, random_state=0, verbose=1).fit(X.numpy())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("[Autoencoder] Iteration 2, loss = ")


def test_passes_one_by_one_average_as_a_whole_training_does():
    settings = {
        "hidden_layer_sizes": (),
        "averaging": 0.5,
        "shuffle": False,
        "batch_size": 20,
        "random_state": 0,
    }
    X = np.random.default_rng(0).random((60, 5), dtype="float32")
    whole, parts = Autoencoder(2, n_iter=3, **settings).fit(X), Autoencoder(2, n_iter=3, **settings)
    for _ in range(3):
        parts.partial_fit(X)
    for ours, theirs in zip(parts.module_.parameters(), whole.module_.parameters(), strict=True):
        assert torch.equal(ours, theirs)
