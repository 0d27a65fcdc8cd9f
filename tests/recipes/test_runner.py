"""The runner of the benchmarks: a signature is a command line, what is trained and measured is kept."""

import json
import sys
from pathlib import Path

import pytest

import tildex

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from runner import Bench, run, spread


def experiment(bench: Bench, *, units: int = 3) -> None:
    """Train on the digits.

    Parameters
    ----------
    units
        Of the hidden layer.
    """
    X, _, held, _ = bench.parts("digits", held=100)

    def measured(seed):
        model = bench.train(f"rbm-{seed}", bench.model("rbm-mnist", seed, n_components=units), X)
        return {"rows": len(X), "score": model.score(held), "units": model.n_components}

    for seed in bench.each():
        bench.result(lambda seed=seed: measured(seed), seed=seed)


def lines(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_an_experiment_is_a_command_and_does_nothing_twice(tmp_path, capsys):
    out = tmp_path / "out"
    tokens = [
        "--out",
        str(out),
        "--seeds",
        "0",
        "1",
        "--epochs",
        "1",
        "--set",
        "averaging=null",
        "--validate",
    ]
    run(experiment, [*tokens, "--units", "2"])
    first = lines(out)
    assert [(line["seed"], line["units"], line["judged"]) for line in first] == [
        (0, 2, "validation"),
        (1, 2, "validation"),
    ]
    assert first[0]["set"] == ["averaging=null"] and first[0]["epochs"] == 1 and first[0]["seconds"] > 0
    folder = out / "rbm-0-validation-epochs1-averaging=null"
    assert tildex.load(folder).averaging is None and not (folder / "checkpoint.safetensors").exists()
    run(experiment, [*tokens, "--units", "2"])
    assert lines(out) == first and "2 of 2: seed 1" in capsys.readouterr().err
    run(experiment, ["--out", str(out), "--epochs", "1"], seeds=(5,))
    assert lines(out)[-1]["seed"] == 5 and lines(out)[-1]["judged"] == "test"


def test_an_interrupted_training_goes_on_with_resume(tmp_path):
    folder = tmp_path / "rbm-0-epochs1"
    model = Bench(epochs=1).model("rbm-mnist", 0, n_components=3)
    folder.mkdir()
    model.fit(tildex.read("digits").X, checkpoint=folder / "checkpoint.safetensors")
    tokens = ["--out", str(tmp_path), "--epochs", "1"]
    with pytest.raises(SystemExit, match="add --resume"):
        run(experiment, tokens)
    run(experiment, [*tokens, "--resume"])
    assert lines(tmp_path)[0]["score"] == pytest.approx(
        model.score(tildex.read("digits", split="test").X), rel=1e-5
    )


def test_a_cell_says_mean_range_and_seeds():
    assert spread([1.0, 3.0], ".1f", " %") == "**2.0 %** (1.0 to 3.0), 2 seeds"
    assert spread([1.0]) == "**1.00**, 1 seed"
