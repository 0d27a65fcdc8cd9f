"""The command line as a person and as a script would use it: results, exit codes, errors in one sentence."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tildex
from tildex.cli import main
from tildex.cli.app import app
from tildex.cli.settings import configure
from tildex.runs import read_run

COMMANDS = [
    "fit",
    "fill",
    "evaluate",
    "compare",
    "likelihood",
    "encode",
    "reconstruct",
    "sample",
    "report",
    "animate",
    "complete",
    "anomalies",
    "sounds",
    "find-sound",
    "restore",
    "colourise",
    "tag",
    "find",
    "trace",
    "models",
    "recipes",
    "data",
    "demo",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "vae"
    assert main(["fit", "vae", "digits", "--out", str(out), "--epochs", "3", "--set", "n_components=2"]) == 0
    return out


def said(capsys):
    """Return standard output, and standard error as one line."""
    out, err = capsys.readouterr()
    return out, " ".join(err.split())


def refused(capsys, tokens, code=1):
    """Run a command that must fail, and return its one sentence."""
    assert main(tokens) == code
    out, err = said(capsys)
    assert err.startswith("error: ")
    assert "Traceback" not in out + err
    return err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(command, capsys):
    assert main([command, "--help"]) == 0
    assert "Example" in said(capsys)[0]


def test_commands_are_all_known():
    assert {name for name in app if not name.startswith("-")} == set(COMMANDS)


def test_fit_saves_a_run_that_loads(run):
    assert read_run(run).recipe["estimator"] == "VariationalAutoencoder"
    assert not list(run.glob("*.tmp")) and not (run / "checkpoint.safetensors").exists()


def test_fit_json_is_for_scripts(tmp_path, capsys):
    assert main(["fit", "rbm", "digits", "--out", str(tmp_path / "r"), "--epochs", "1", "--json"]) == 0
    assert json.loads(said(capsys)[0])["model"] == "rbm"


@pytest.mark.parametrize(("rate", "complains"), [("3", True), ("0.05", False)])
def test_fit_says_what_went_wrong_and_what_to_do(rate, complains, tmp_path, capsys):
    out = str(tmp_path / "r")
    tokens = ["fit", "bernoulli-rbm", "digits", "--out", out, "--epochs", "2", "--set", "n_components=16"]
    assert main([*tokens, f"learning_rate={rate}"]) == 0
    _, err = said(capsys)
    assert ("dead hidden units: " in err) == complains == ("lower the learning rate" in err)
    assert "chain moves" not in err and "epochs: loss" in err


def test_evaluate(run, capsys):
    assert main(["evaluate", str(run), "digits", "--json"]) == 0
    figures = json.loads(said(capsys)[0])
    assert figures
    assert main(["evaluate", str(run), "digits"]) == 0
    assert "PCA" in said(capsys)[0]


def test_likelihood_of_an_rbm_and_a_dbm(tmp_path, capsys):
    small = ["--epochs", "1", "--set", "n_components=4"]
    assert main(["fit", "rbm", "digits", "--out", str(tmp_path / "rbm"), *small]) == 0
    said(capsys)
    assert main(["likelihood", str(tmp_path / "rbm"), "--json"]) == 0
    exact = json.loads(said(capsys)[0])
    assert exact["enumerated"] and exact["ok"] and exact["rows"] == 359
    assert (exact["data"], exact["split"], exact["binarisation"]) == ("digits", "test", "frozen, seed 0")
    wide = [*small, "hidden_layer_sizes=30", "n_components=30", "n_iter_pretraining=1"]
    assert main(["fit", "dbm", "digits", "--out", str(tmp_path / "dbm"), *wide]) == 0
    said(capsys)
    few = ["--chains", "20", "--betas", "100", "--burn-in", "5", "--samples", "3"]
    assert main(["likelihood", str(tmp_path / "dbm"), "digits", *few, "--binarise", "threshold"]) == 0
    out, _ = said(capsys)
    for part in (
        "variational bound",
        "importance-weighted",
        "log Z, reverse",
        "gap",
        "threshold",
        "training rows",
    ):
        assert part in out
    plain = ["fit", "denoising", "digits", "--out", str(tmp_path / "dae"), "--epochs", "1"]
    assert main(plain) == 0
    said(capsys)
    assert "no log-likelihood" in refused(capsys, ["likelihood", str(tmp_path / "dae")])


def test_likelihood_of_a_variational_autoencoder(run, capsys):
    assert main(["likelihood", str(run), "--samples", "7", "--json"]) == 0
    found = json.loads(said(capsys)[0])
    assert (found["samples_a_row"], found["binarisation"], found["split"]) == (7, "frozen, seed 0", "test")
    assert found["bound"]["value"] < found["importance_weighted"]["value"] < 0
    assert main(["likelihood", str(run), "--samples", "7", "--binarise", "threshold"]) == 0
    out, _ = said(capsys)
    assert "7 samples" in out and "threshold" in out and "StandardPrior" in out


@pytest.mark.parametrize("ending", ["parquet", "csv", "npy"])
def test_encode(run, tmp_path, ending):
    out = tmp_path / f"codes.{ending}"
    assert main(["encode", str(run), "digits", "--out", str(out)]) == 0
    if ending == "npy":
        assert np.load(out).shape == (359, 2)
    else:
        import pandas

        frame = pandas.read_csv(out) if ending == "csv" else pandas.read_parquet(out)
        assert list(frame.columns) == ["variationalautoencoder0", "variationalautoencoder1", "y"]
        assert len(frame) == 359


def test_reconstruct_and_sample(run, tmp_path):
    assert main(["reconstruct", str(run), "digits", "--out", str(tmp_path / "r"), "-n", "5"]) == 0
    assert np.load(tmp_path / "r" / "reconstructions.npy").shape == (359, 64)
    assert main(["sample", str(run), "-n", "9", "--out", str(tmp_path / "s")]) == 0
    assert np.load(tmp_path / "s" / "samples.npy").shape == (9, 64)
    for picture in (tmp_path / "r" / "reconstructions.png", tmp_path / "s" / "samples.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_table_with_gaps_is_evaluated_and_reported(tmp_path, capsys):
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.2f},{'' if k % 5 == 0 else f'{2 * a:.2f}'},{'uv'[k % 2]}"
        for k, a in enumerate(rng.normal(size=80))
    ]
    table = tmp_path / "gaps.csv"
    table.write_text("\n".join(["a,b,label", *lines]) + "\n")
    run = tmp_path / "run"
    fit = ["fit", "autoencoder", str(table), "--out", str(run), "--set", "n_components=1", "--epochs", "2"]
    assert main(fit) == 0
    capsys.readouterr()
    assert main(["evaluate", str(run), str(table)]) == 0
    printed = capsys.readouterr()
    assert "these are the training rows" in printed.out + printed.err and "nan" not in printed.out
    assert main(["report", str(run), "--data", str(table)]) == 0


def test_the_picture_of_reconstructions_shows_every_class(run, tmp_path, monkeypatch):
    from tildex import plots, read

    drawn, held = [], read("digits", split="test")
    order = np.argsort(held.y, kind="stable")
    np.savez(tmp_path / "sorted.npz", X=held.X[order], y=held.y[order])
    plot = plots.reconstructions
    monkeypatch.setattr(
        plots, "reconstructions", lambda X, *rest, **more: drawn.append(X) or plot(X, *rest, **more)
    )
    assert (
        main(
            ["reconstruct", str(run), str(tmp_path / "sorted.npz"), "--out", str(tmp_path / "r"), "-n", "10"]
        )
        == 0
    )
    rows = [(row == held.X).all(1).argmax() for row in drawn[0]]
    assert sorted(held.y[rows]) == list(range(10))


def test_report(run):
    assert main(["report", str(run)]) == 0
    assert "<html" in (run / "report.html").read_text()


def test_snapshots_are_kept_and_shown(tmp_path, capsys):
    out = str(tmp_path / "map")
    settings = ["--epochs", "2", "--snapshots", "0", "2", "--set", "n_components=2"]
    assert main(["fit", "autoencoder", "digits", "--out", out, *settings]) == 0
    assert (tmp_path / "map" / "snapshots.safetensors").is_file()
    assert main(["report", out]) == 0
    page = (tmp_path / "map" / "report.html").read_text()
    assert "after 0 and 2 epochs" in page and "Neighbours in the code" in page
    said(capsys)
    assert "has no codes to map" in refused(
        capsys, ["fit", "classifier", "digits", "--out", str(tmp_path / "c"), "--snapshots", "0"]
    )


def test_models_and_data_as_json(capsys):
    assert main(["models", "--json"]) == 0
    assert {row["model"] for row in json.loads(said(capsys)[0])} >= {"linear", "vae", "rbm"}
    assert main(["data", "--json"]) == 0
    assert next(e for e in json.loads(said(capsys)[0]) if e["slug"] == "digits")["present"]


def test_own_table(tmp_path, capsys):
    table = tmp_path / "table.csv"
    rows = np.random.default_rng(0).normal(size=(60, 4)) * [1, 10, 100, 1000] + 5
    np.savetxt(table, rows, delimiter=",", header="age,weight,height,pay", comments="")
    out = tmp_path / "run"
    assert (
        main(["fit", "autoencoder", str(table), "--out", str(out), "--epochs", "2", "-s", "n_components=2"])
        == 0
    )
    assert read_run(out).recipe["fitted"]["n_features_in"] == 4
    assert main(["report", str(out), "--data", str(table)]) == 0


@pytest.mark.parametrize(
    ("tokens", "code", "says"),
    [
        (["fitt"], 2, "fit"),
        (["fit", "vae"], 2, "DATA"),
        (["fit", "vae", "digits", "--out", "x", "--epochs", "many"], 2, "--epochs"),
        (["fit", "vea", "digits", "--out", "x"], 1, "did you mean 'vae'"),
        (["fit", "vae", "digit", "--out", "x"], 1, "digits"),
        (["fit", "vae", "digits", "--out", "x", "--set", "n_component=3"], 1, "did you mean 'n_components'"),
        (["fit", "vae", "digits", "--out", "x", "--set", "n_components"], 1, "name=value"),
        (["fit", "vae", "digits", "--out", "x", "--set", "penalty.weight=1"], 1, "penalty"),
        (
            ["fit", "denoising", "digits", "--out", "x", "--set", "corruption.rat=0.1"],
            1,
            "did you mean 'rate'",
        ),
        (["fit", "denoising", "digits", "--out", "x", "--set", "corruption=Maskin(0.1)"], 1, "Masking"),
        (
            ["fit", "denoising", "digits", "--out", "x", "--set", "corruption=Masking(2)"],
            1,
            "between 0 and 1",
        ),
        (["fit", "vae", "digits", "--out", "x", "--device", "cuda:77"], 1, "cuda:77"),
        (["fit", "vae", "digits", "--out", "x", "--resume"], 1, "nothing to resume"),
        (["evaluate", "nowhere", "digits"], 1, "recipe.json"),
        (["sample", "nowhere", "--out", "x"], 1, "recipe.json"),
        (["data", "mnis"], 1, "did you mean 'mnist'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals_are_one_sentence(tokens, code, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, tokens, code)
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_fit_does_not_overwrite(run, tmp_path, capsys):
    assert "finished run" in refused(capsys, ["fit", "vae", "digits", "--out", str(run)])
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "not a run" in refused(capsys, ["fit", "vae", "digits", "--out", str(tmp_path)])


def test_a_model_without_a_distribution_says_so(tmp_path, capsys):
    out = tmp_path / "plain"
    assert main(["fit", "autoencoder", "digits", "--out", str(out), "--epochs", "1"]) == 0
    capsys.readouterr()
    assert "train a vae, a denoising autoencoder or an rbm" in refused(
        capsys, ["sample", str(out), "--out", str(tmp_path / "s")]
    )


def test_brackets_in_a_message_are_shown(capsys):
    assert "[red]" in refused(capsys, ["fit", "vae", "[red]x[/red]", "--out", "y"])


def test_a_killed_fit_resumes_bit_for_bit(tmp_path):
    command = ["fit", "rbm", "digits", "--epochs", "30", "--batch-size", "20"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main([*command, "--out", str(whole)]) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "tildex", *command, "--out", str(killed)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    wait_for(killed / "checkpoint.safetensors", process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "recipe.json").exists(), "the run ended before it could be killed"
    assert main([*command, "--out", str(killed), "--resume"]) == 0
    for name, expected in read_run(whole).weights.items():
        assert expected.equal(read_run(killed).weights[name]), name


def test_ctrl_c_leaves_a_run_to_resume(tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "tildex", "fit", "rbm", "digits", "--epochs", "1000", "--out", str(out)]
    # A shell makes what it starts in the background deaf to this signal, and that is handed down.
    hearing = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hearing)
    wait_for(out / "checkpoint.safetensors", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--resume" in err and "Traceback" not in err
    assert sorted(p.name for p in out.iterdir()) == ["checkpoint.safetensors"]


def wait_for(path: Path, process: subprocess.Popen) -> None:
    """Wait until a file is there, as long as the process lives: on a busy machine imports alone take long."""
    for _ in range(2400):
        if path.exists():
            return
        assert process.poll() is None, "the process ended early"
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"no {path} after two minutes")


def test_words_stay_words(tmp_path, capsys):
    out = tmp_path / "r"
    settings = ["--set", "pretraining=none", "--set", "binarisation=none", "--set", "n_components=4"]
    assert main(["fit", "dbm", "digits", "--out", str(out), "--epochs", "1", *settings]) == 0
    assert tildex.load(out).get_params()["pretraining"] == "none"
    assert configure(tildex.Autoencoder, ["activation=relu"]).activation == "relu"


@pytest.mark.parametrize(
    ("pretrain", "kept"),
    [
        ("rbm", "'rbm'"),
        ("none", "'none'"),
        ("linear", "'linear'"),
        ("RBM(n_iter=3)", "RBM(n_iter=3)"),
        ("rbm,linear", "('rbm', 'linear')"),
        ("[RBM(optimizer=SGD(0.05)), linear]", "(RBM(optimizer=SGD("),
    ],
)
def test_fit_trains_a_stack_of_the_models_that_are_named(pretrain, kept, tmp_path):
    out = tmp_path / "run"
    tokens = ["fit", "deep", "digits", "--out", str(out), "--epochs", "1", "--set", f"pretrain={pretrain}"]
    more = ["hidden_layer_sizes=8", "n_components=3", "n_iter_pretraining=1"]
    assert main([*tokens, *(token for setting in more for token in ("--set", setting))]) == 0
    model = tildex.load(out)
    assert repr(model.pretrain).startswith(kept)
    assert model.n_iter_ == (1 if pretrain == "none" else 3)
