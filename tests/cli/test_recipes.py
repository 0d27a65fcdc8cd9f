"""``tildex recipes`` and ``tildex fit --recipe``: settings by name and of runs, what overrides them, refusals."""

import json

import pytest

import tildex
from tildex.cli import main
from tildex.runs import read_run


def fit(*tokens):
    return main(["fit", *map(str, tokens)])


def refused(capsys, *tokens):
    assert fit(*tokens) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert err.startswith("error: ") and "Traceback" not in err
    return err


def params(run):
    return read_run(run).recipe["params"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("recipes") / "rbm"
    settings = ["--epochs", 1, "--set", "n_components=8", "optimizer.weight_decay=0.001"]
    assert fit("rbm", "digits", "--out", out, "--recipe", "rbm-mnist", *settings) == 0
    return out


def test_a_recipe_is_fitted_and_options_override_it(run):
    kept = params(run)
    assert kept["n_components"] == 8 and kept["n_iter"] == 1
    assert kept["rule"] == {
        "rule": "PCD",
        "k": 1,
        "penalty": None,
        "k_end": None,
        "centring": 0.01,
        "n_chains": 500,
    }
    assert kept["optimizer"]["learning_rate"] == 0.2 and kept["optimizer"]["weight_decay"] == 0.001
    assert tildex.load(run).transform(tildex.read("digits").X[:3]).shape == (3, 8)


def test_the_settings_of_a_run_are_fitted_again_on_other_data(run, tmp_path):
    out = tmp_path / "again"
    assert (
        fit(
            "rbm",
            "digits",
            "--split",
            "test",
            "--out",
            out,
            "--recipe",
            run,
            "--seed",
            3,
            "--set",
            "averaging=null",
        )
        == 0
    )
    again, first = params(out), params(run)
    assert again.pop("random_state") == 3 and again.pop("averaging") is None
    assert again == {name: first[name] for name in again}


def test_a_recipe_that_begins_with_a_model_asks_for_it_and_takes_it(run, tmp_path, capsys):
    said = refused(capsys, "dbn", "digits", "--out", tmp_path / "x", "--recipe", "dbn-mnist")
    assert "tildex fit rbm DATA --recipe rbm-mnist --out START" in said and "--start START" in said
    small = ["--set", "n_components=4", "hidden_layer_sizes=8", "n_iter_up_down=1"]
    tokens = ["dbn", "digits", "--recipe", "dbn-mnist", "--start", run, "--epochs", 1, *small]
    assert fit(*tokens, "--out", tmp_path / "dbn") == 0
    # What the run began with is in it, and begins a training of its recipe again.
    again = ["dbn", "digits", "--recipe", tmp_path / "dbn", "--out", tmp_path / "again"]
    assert fit(*again) == 0
    assert tildex.load(tmp_path / "again").start.module_ is not None


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (
            ["vae", "digits", "--recipe", "rbm-mnist"],
            "is for rbm, not vae: tildex fit rbm DATA --recipe rbm-mnist",
        ),
        (["rbm", "digits", "--recipe", "rbm-mnits"], "did you mean 'rbm-mnist'?"),
        (["rbm", "digits", "--recipe", "."], "expected a run folder"),
    ],
)
def test_what_is_no_recipe_of_the_model_is_refused_in_one_sentence(
    tokens, said, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *tokens, "--out", "x")


def test_recipes_are_listed(capsys):
    assert main(["recipes"]) == 0
    assert "rbm-mnist" in capsys.readouterr().out
    assert main(["recipes", "--json"]) == 0
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["rbm-mnist"]["measured"]["value"] == -83.51
    assert listed["dbn-mnist"]["start"] == "rbm-mnist"


def test_one_recipe_is_printed_in_full(capsys):
    assert main(["recipes", "rbm-mnist"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "PCD(k=1, n_chains=500" in printed
    assert "Salakhutdinov and Murray (2008)" in printed
    assert main(["recipes", "rbm-mnis"]) == 1
    assert "did you mean 'rbm-mnist'" in capsys.readouterr().err
