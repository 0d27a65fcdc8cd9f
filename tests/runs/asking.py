"""What saved models are asked, how answers are kept, and how near to them those of another processor must come.

A folder below `tests/runs/v1` is a run as `save` wrote it, with `answers.npz` beside, which holds no pickles: arrays
called `given/...`, which are asked about, and `answer/...`, `estimate/...` and `drawn/...`, which came back, each with
the name of a call below. Of a dictionary there is an array a key.
"""

import contextlib
import inspect
import io
import json
import tempfile
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tildex import PatchFeatures, load
from tildex.cli import main

FILE = "answers.npz"
FOUND = "found.json"

# Sums of float32 numbers, added up in another order.
RTOL, ATOL = 1e-4, 1e-5
# Nats by which a mean over tens of draws moves where one drawn bit falls on the other side.
MOVED = 0.1


def open_run(folder, device="cpu"):
    """Return the model of a run folder; a folder without a recipe holds what was learned of patches."""
    opened = load if (folder / "recipe.json").is_file() else PatchFeatures.load
    return opened(folder, device=device)


def rows_of(model, given):
    """Return the rows that are asked about as they were in training: a dictionary, a frame or an array."""
    if not hasattr(model, "feature_names_in_"):
        return given["X"]
    import pandas

    return pandas.DataFrame(given["X"], columns=model.feature_names_in_)


def _method(name):
    return lambda model, given: getattr(model, name)(rows_of(model, given))


def _learned(name):
    return lambda model, given: _plain(getattr(model, name))


def _plain(value):
    """Return an array without objects; of a dictionary, one a key."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    array = np.asarray(value)
    return array.astype(str) if array.dtype == object else array


def _known(given):
    """Return all kinds of data but the last."""
    return {name: given["X"][name] for name in list(given["X"])[:-1]}


def _generated(model, given, **settings):
    return model.generate(list(given["X"])[-1], given=_known(given), **settings)


def _sampled(model, **settings):
    steps = {"n_steps": 3} if "n_steps" in inspect.signature(model.sample).parameters else {}
    return model.sample(3, random_state=0, **steps, **settings)


def _completed(model, given):
    rows = given["X"][:3].copy()
    rows[:, ::2] = np.nan
    return _sampled(model, given=rows)


METHODS = (
    "pack",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "reconstruct",
    "score_samples",
    "transform",
)
"""Methods of rows, asked of every model that has them."""
WITHDRAWN = ("transform_with_zeros",)
"""Methods that models no longer have, whose old answers nobody asks for."""
LEARNED = (
    "binarisation_",
    "classes_",
    "column_names_",
    "components_",
    "feature_names_in_",
    "image_shape_",
    "intercept_hidden_",
    "intercept_visible_",
    "length_",
    "mean_",
    "noise_scale_",
    "principal_angles_",
    "snapshots_",
    "target_mean_",
    "target_scale_",
)
"""What is read off every model that has it."""
USUAL = (*METHODS, *LEARNED, "inverse_transform", "sample")
"""What is asked of every model that has it."""

CALLS = {
    **{name: _method(name) for name in METHODS},
    **{name: _learned(name) for name in LEARNED},
    "corrupt": lambda model, given: np.nan_to_num(model.corrupt(given["X"], random_state=0)),
    "generate": _generated,
    "generate, by chains": lambda model, given: _generated(model, given, n_steps=3, random_state=0),
    "infer": lambda model, given: model.infer(_known(given)),
    "inverse_transform": lambda model, given: model.inverse_transform(given["Z"]),
    "sample": lambda model, given: _sampled(model),
    "sample, completing": _completed,
    "sample, of a label": lambda model, given: _sampled(model, label=model.classes_[-1]),
    "score_field": _method("score_field"),
    "transform, of images": lambda model, given: model.transform(given["images"]),
}
"""What can be asked: of a model and what is given, an array or a dictionary of them."""

# Decided by random bits: one that falls on the other side changes all that follow, so that numbers cannot be compared.
_DRAWN = {"corrupt", "generate, by chains", "sample", "sample, completing", "sample, of a label"}
# Means over draws by fixed seeds.
_ESTIMATES = {("DeepBeliefNetwork", "score_samples"), ("VariationalAutoencoder", "score_samples")}


def kind_of(model, call):
    """Return how an answer is compared: as an answer, as an estimate, or as drawn."""
    if call in _DRAWN:
        return "drawn"
    return "estimate" if (type(model).__name__, call) in _ESTIMATES else "answer"


def ask(model, given, calls):
    """Return the answers to calls, by name: arrays, or dictionaries of arrays."""
    return {call: CALLS[call](model, given) for call in calls}


def write_answers(folder, given, answers, kinds):
    """Write what was asked about and what came back beside a run."""
    arrays = {f"given/{key}": array for key, array in _flat(given).items() if key != "Z"}
    for call, answer in answers.items():
        arrays |= {f"{kinds[call]}/{key}": array for key, array in _flat({call: answer}).items()}
    np.savez_compressed(folder / FILE, **arrays)


def read_answers(folder):
    """Return what was asked about, what came back, and how each answer is compared."""
    given, answers, kinds = {}, {}, {}
    with np.load(folder / FILE, allow_pickle=False) as file:
        for name in file.files:
            kind, _, key = name.partition("/")
            (given if kind == "given" else answers)[key] = file[name]
            kinds[key.partition("/")[0]] = kind
    given, answers = _nested(given), _nested(answers)
    answers = {call: answer for call, answer in answers.items() if call not in WITHDRAWN}
    # Codes are asked about as they were, so that nothing but the way down is.
    return {**given, "Z": answers["transform"]}, answers, kinds


def _flat(tree):
    """Return arrays, those of dictionaries as ``name/key``."""
    flat = {}
    for name, value in tree.items():
        inner = value if isinstance(value, dict) else {"": value}
        flat |= {f"{name}/{key}".rstrip("/"): np.asarray(array) for key, array in inner.items()}
    return flat


def _nested(flat):
    """Undo :func:`_flat`."""
    tree = {}
    for path, array in flat.items():
        name, _, key = path.partition("/")
        if key:
            tree.setdefault(name, {})[key] = array
        else:
            tree[name] = array
    return tree


def require_near(now, then, kind):
    """Fail unless an answer is what it was, as far as another processor can tell."""
    now, then = _flat({"it": now}), _flat({"it": then})
    assert now.keys() == then.keys()
    for key, before in then.items():
        answer = now[key]
        assert (answer.shape, answer.dtype) == (before.shape, before.dtype), key
        if before.dtype.kind != "f":
            assert np.array_equal(answer, before), key
        elif kind == "drawn":
            _require_in_range(answer, before)
        else:
            atol = MOVED if kind == "estimate" else ATOL * np.abs(before).max(initial=0.0)
            np.testing.assert_allclose(answer, before, rtol=RTOL, atol=atol, err_msg=key)


def require_same(now, then):
    """Fail unless two answers on one processor are the same, bit for bit."""
    now, then = _flat({"it": now}), _flat({"it": then})
    assert now.keys() == then.keys()
    for key, before in then.items():
        np.testing.assert_array_equal(now[key], before)


def holds(now, then):
    """Say whether JSON says all that it said; dictionaries may say more, and another version of the library."""
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    if not isinstance(then, dict):
        return now == then
    kept = then.keys() - {"library"}
    return isinstance(now, dict) and all(key in now and holds(now[key], then[key]) for key in kept)


def _require_in_range(drawn, before):
    """Fail unless draws are finite and lie about where others lay: between 0 and 1 if those did."""
    low, high = before.min(), before.max()
    if low < 0 or high > 1:
        low, high = low - (high - low), high + (high - low)
    else:
        low, high = 0, 1
    assert np.isfinite(drawn).all()
    assert low <= drawn.min() and drawn.max() <= high


COMMANDS = {
    "sounds": {"find-sound": ("find-sound", "RUN", "sound.wav", "-n", "3")},
    "tagged": {
        "find": ("find", "RUN", "--tags", "dark, wide", "-n", "3"),
        "find by both": ("find", "RUN", "--tags", "high", "--image", "picture.png", "-n", "3"),
        "tag": ("tag", "RUN", "picture.png", "-n", "4"),
    },
}
"""What commands are asked of the runs that a folder of files was made into, by the name of the run."""


def ask_commands(folder, place):
    """Return what commands answer about a run, given an empty folder for the files that they are asked about."""
    write_tone(place / "sound.wav", 1900)
    write_picture(place / "picture.png", "dark, high")
    known = {"RUN": folder, "sound.wav": place / "sound.wav", "picture.png": place / "picture.png"}
    said = {}
    for name, tokens in COMMANDS[folder.name].items():
        line = [str(known.get(token, token)) for token in tokens]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert main([*line, "--device", "cpu", "--json"]) == 0
        said[name] = json.loads(out.getvalue().replace(str(place), "."))
    return said


def write_commands(folder):
    """Write what commands answer beside a run."""
    with tempfile.TemporaryDirectory() as place:
        said = ask_commands(folder, Path(place))
    (folder / FOUND).write_text(json.dumps(said, indent=2) + "\n")


def nearly(found):
    """Return what equals numbers that were rounded to four digits, or nearly."""
    if isinstance(found, dict):
        return {key: nearly(value) for key, value in found.items()}
    if isinstance(found, list):
        return [nearly(value) for value in found]
    return pytest.approx(found, abs=1e-3) if isinstance(found, float) else found


def write_tone(path, hertz):
    """Write a sound of a quarter of a second."""
    t = np.arange(2000) / 8000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((9000 * np.sin(2 * np.pi * hertz * t) * np.exp(-3 * t)).astype("<i2").tobytes())


def write_picture(path, tags):
    """Write a small grey picture of a bar."""
    pixels = np.full((12, 16), 110 if "dark" in tags else 200, dtype=np.uint8)
    bar = (slice(4, 7), slice(2, 14)) if "wide" in tags else (slice(1, 11), slice(6, 9))
    pixels[bar] = 20
    Image.fromarray(pixels).save(path)
