"""What data without bounds learn by moves at a fifth of the pace: in the pathways, and in the whole machine."""

import numpy as np
import pytest
import torch

from tildex import SGD, LearnedGaussian, Modality, MultimodalDBM
from tildex.rules import Rule
from tildex.shapes import Loss

RATE, STEPS = 0.01, 3
DRAWS = np.random.default_rng(0)
DATA = {"image": DRAWS.random((20, 4)), "sound": DRAWS.normal(size=(20, 3))}
KINDS = (Modality("image"), Modality("sound", units=LearnedGaussian()))
# The layers of the machine: two of data and those above them; the joint one comes last.
IMAGE, SOUND, ABOVE_IMAGE, ABOVE_SOUND = range(4)


class _Slope(Rule):
    """A loss with one slope everywhere: each step moves each parameter down by ``slope`` times its rate."""

    def __init__(self, slope=1.0):
        self.slope = slope

    def __call__(self, model, x, generator):
        total = torch.stack([parameter.sum() for parameter in model.parameters()]).sum()
        return Loss.of(slope=(self.slope * total).expand(len(x)))


def parameters(**settings):
    """Train for some steps of one rate, and return parameters by edge, layer or name."""
    rules = dict.fromkeys(("rule", "pretraining_rule", "prediction_rule"), _Slope(0.0))
    optimizers = dict.fromkeys(("optimizer", "pretraining_optimizer", "prediction_optimizer"), SGD(RATE))
    lengths = {"n_iter": STEPS, "n_iter_pretraining": 0, "n_iter_prediction": STEPS}
    settings = {**rules, **optimizers, **lengths, "batch_size": None, "averaging": None} | settings
    model = MultimodalDBM(3, modalities=KINDS, hidden_layer_sizes=2, random_state=0, **settings)
    machine = model.fit(DATA).module_
    found = {edge: c.weight for edge, c in zip(machine.edges, machine.couplings, strict=True)}
    found |= {k: layer.bias for k, layer in enumerate(machine.layers)}
    return found | {"precision": machine.layers[SOUND].units.log_precision}


def steps_down(names=None, **settings):
    """Return by how many steps of the full rate parameters went down, next to a training that leaves them."""
    still = {name: value for name, value in settings.items() if name.startswith("n_iter")}
    before, after = parameters(**still), parameters(**settings)
    moved = {name: (before[name] - after[name]).detach() / RATE for name in names or before}
    for name, values in moved.items():
        assert values.max() - values.min() < 1e-3, name
    return {name: float(values.mean()) for name, values in moved.items()}


def slowed(names):
    """Return the steps that are to be made: a fifth by what sounds learn by."""
    slow = {(SOUND, ABOVE_SOUND), SOUND, "precision"}
    return pytest.approx({name: STEPS * (0.2 if name in slow else 1.0) for name in names}, abs=1e-3)


def test_the_whole_machine_moves_sounds_at_a_fifth_of_the_rate():
    moved = steps_down(rule=_Slope())
    # Four couplings, five layers' biases and the precisions.
    assert len(moved) == 10
    assert moved == slowed(moved)


def test_pathways_move_sounds_at_a_fifth_of_the_rate():
    # What lies between data and the next layer; all above also learns in the joint layer's own training.
    own = [(IMAGE, ABOVE_IMAGE), (SOUND, ABOVE_SOUND), IMAGE, SOUND, "precision"]
    moved = steps_down(own, n_iter_pretraining=STEPS, pretraining_rule=_Slope())
    assert moved == slowed(own)


def test_prediction_has_one_pace():
    moved = steps_down(prediction_rule=_Slope())
    assert moved == pytest.approx(dict.fromkeys(moved, STEPS), abs=1e-3)
