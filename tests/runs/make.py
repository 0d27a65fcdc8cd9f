"""Makes saved runs, which all later versions must load and which must answer alike: `python tests/runs/make.py v2`.

A folder of runs is named after the format of its recipes, and stands for what is on people's disks: what is there is
never made again. A new model adds to the newest: `python tests/runs/make.py v1 NAME ...` makes those of these names
alone, of which `models.py` has most. Only the seconds in a history differ from one making to the next.
"""

import contextlib
import io
import json
import sys
import tempfile
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from asking import (
    RTOL,
    USUAL,
    ask,
    kind_of,
    open_run,
    read_answers,
    require_near,
    rows_of,
    write_answers,
    write_commands,
    write_picture,
    write_tone,
)
from models import SHORT, autoencoders, lively, machines, predictors

import tildex
from tildex.apps.tagging.collection import load_collection, save_collection
from tildex.cli import main as command
from tildex.files import write_json
from tildex.part import Part, encode

HERE = Path(__file__).parent
ELSEWHERE = "/home/somebody/data"


def save(case, folder):
    """Train a model, save it, and write down what the saved one answers."""
    with warnings.catch_warnings():
        # Two passes leave codes empty and chains stuck, and models say so.
        warnings.simplefilter("ignore")
        targets = () if case.y is None else (case.y,)
        lively(case.model.fit(case.X, *targets, **case.settings)).save(folder)
    note(folder, case.X, case.also)


def note(folder, X, also=(), n=3, usual=USUAL):
    """Write down what a saved model answers about the first rows."""
    model = open_run(folder)
    rows = {k: np.asarray(v)[:n] for k, v in X.items()} if isinstance(X, dict) else np.asarray(X)[:n]
    given = {"X": rows}
    given["Z"] = model.transform(rows_of(model, given))
    calls = [*(name for name in usual if hasattr(model, name)), *also]
    if "transform, of images" in calls:
        given["images"] = np.random.default_rng(1).random((1, 7, 5, 3), dtype="float32")
    answers = ask(model, given, calls)
    kinds = {call: kind_of(model, call) for call in calls}
    write_answers(folder, given, answers, kinds)
    require_telling(folder)
    require_settled(folder)


def require_telling(folder):
    """Fail where a model says nearly the same of all rows, and a wrong answer would pass for the right one."""
    _, answers, _ = read_answers(folder)
    for call in {"predict_proba", "reconstruct", "score_samples", "transform"} & answers.keys():
        whole = answers[call].values() if isinstance(answers[call], dict) else [answers[call]]
        for values in whole:
            assert values.std(0).mean() > 20 * RTOL * np.abs(values).mean(), (folder.name, call, values)


def require_settled(folder):
    """Fail where rounding decides an answer, such as a bit of a code: another processor may round otherwise."""
    model, (given, answers, kinds) = open_run(folder), read_answers(folder)
    noise = torch.Generator().manual_seed(0)
    for weight in getattr(model, "estimator_", model).module_.parameters():
        weight.data *= 1 + 1e-6 * torch.randn(weight.shape, generator=noise)
    for call, answer in ask(model, given, answers).items():
        require_near(answer, answers[call], kinds[call])


def patch_features(folder):
    """Save features that were learned from patches."""
    pictures = np.random.default_rng(2).random((10, 64), dtype="float32")
    model = tildex.SparseAutoencoder(4, **SHORT)
    learned = tildex.PatchFeatures((8, 8), estimator=model, patch_size=3, n_patches=60, random_state=0)
    learned.fit(pictures).save(folder)
    note(folder, pictures)


def sounds(folder):
    """Save a map of sounds, as the command does."""
    with tempfile.TemporaryDirectory() as place:
        for kind, hertz in {"low": 300, "high": 2000}.items():
            for k in range(4):
                (Path(place) / kind).mkdir(exist_ok=True)
                write_tone(Path(place) / kind / f"{k}.wav", hertz + 20 * k)
        few = ["--set", "hidden_layer_sizes=2", "penalty.perplexity=2", "--epochs", "2", "--slices", "1"]
        run("sounds", place, "--out", str(folder), *few)
    (folder / "sounds.html").unlink()
    moved(folder, "sounds.json")
    moved(folder, "data.json")
    # Rows are wide, and each answer that is one would double the folder.
    note(folder, np.load(folder / "features.npz")["X"], n=2, usual=("score_samples", "transform"))
    write_commands(folder)


def tagged(folder):
    """Save a machine of tagged pictures and their collection, as the command does."""
    with tempfile.TemporaryDirectory() as place:
        lines = ["file,tags"]
        for k, tags in enumerate(("bright, wide", "bright, high", "dark, wide", "dark, high")):
            write_picture(Path(place) / f"{k}.png", tags)
            lines.append(f'{k}.png,"{tags}"')
        (Path(place) / "tags.csv").write_text("\n".join(lines))
        few = ["--set", "n_components=4", "n_iter=2", "n_iter_prediction=30", "n_iter_pretraining=2"]
        run("fit", "multimodal-dbm", place, "--tags", "tags.csv", "--out", str(folder), *few)
    moved(folder, "data.json")
    file = folder / "collection.safetensors"
    save_collection(file, replace(load_collection(file), source=ELSEWHERE))
    note(folder, np.load(folder / "features.npz")["X"], n=2, usual=("score_samples", "transform"))
    write_commands(folder)


def parts(file):
    """Write every part as recipes hold it."""
    whole = [tildex.Masking() >> tildex.Greyscale(), tildex.L1() + tildex.L0()]
    for kind in Part.kinds.keys() - {"data"}:
        known = Part.kinds[kind].table.values()
        whole += [part() for part in known if part not in {type(one) for one in whole}]
    write_json(file, sorted(map(encode, whole), key=json.dumps))


def run(*tokens):
    """Run a command of the library, silently."""
    with contextlib.redirect_stderr(io.StringIO()):
        assert command([*tokens, "--device", "cpu"]) == 0


def moved(folder, file):
    """Let the source of a run be elsewhere: what it was made from is gone, and where that lay is nobody's business."""
    noted = json.loads((folder / file).read_text())
    write_json(folder / file, {**noted, "source": ELSEWHERE})


def main(version, *names):
    """Make what a version has of the names, or all of it."""
    cases = autoencoders() | machines() | predictors()
    makers = {
        **{name: partial(save, case) for name, case in cases.items()},
        "parts.json": parts,
        "patch-features": patch_features,
        "sounds": sounds,
        "tagged": tagged,
    }
    places = {HERE / version / name: makers[name] for name in names or makers}
    if there := [str(place) for place in places if place.exists()]:
        sys.exit(f"what was saved is never made again, and is there: {', '.join(there)}")
    for place, make in places.items():
        make(place)
    size = sum(path.stat().st_size for path in (HERE / version).rglob("*") if path.is_file())
    print(f"{version} now has {size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
