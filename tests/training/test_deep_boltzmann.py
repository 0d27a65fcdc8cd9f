"""The plans of deep Boltzmann machines: their stages, what each of these trains, on which rows and at which rate."""

import numpy as np
import pytest
import torch

from tildex import RBM, DeepBeliefNetwork, DeepBoltzmannMachine, RunError
from tildex.data import rows
from tildex.estimators.boltzmann.dbm_plan import pretrained
from tildex.generator import Generator

GREY = np.random.default_rng(0).random((40, 6), dtype="float32")
REAL = np.random.default_rng(1).normal(size=(40, 6)).astype("float32")
SHORT = {"hidden_layer_sizes": (5, 4), "n_iter": 1, "random_state": 0}
COUPLINGS = ["coupling 1", "coupling 2", "coupling 3"]


def plan_of(pretraining, held_out=None):
    settings = {"pretraining": pretraining, "n_iter_pretraining": 1, **SHORT}
    return pretrained(DeepBoltzmannMachine(3, **settings).fit(GREY), rows(GREY), held_out).stages


@pytest.mark.parametrize(
    ("pretraining", "names"),
    [
        ("halving", [*COUPLINGS, "joint"]),
        ("two-stage", [*COUPLINGS, "held layers", "joint"]),
        ("growing", ["1 hidden", "2 hidden", "3 hidden"]),
        ("none", ["joint"]),
    ],
)
def test_the_stages_of_a_plan_and_that_the_last_alone_validates(pretraining, names):
    held_out = torch.from_numpy(GREY[:5])
    stages = plan_of(pretraining, held_out)
    assert [stage.name for stage in stages] == names
    assert [stage.held_out is held_out for stage in stages] == [False] * (len(names) - 1) + [True]


@pytest.mark.parametrize(
    ("pretraining", "gains"),
    [("halving", [(2, 1), (2, 2), (1, 2)]), ("two-stage", [(1, 1), (1, 1), (1, 1)])],
)
def test_halving_counts_twice_what_has_one_neighbour_for_two(pretraining, gains):
    machines = [stage.begin(Generator(0)).model for stage in plan_of(pretraining)[:3]]
    assert [(c.up_gain, c.down_gain) for machine in machines for c in machine.couplings] == gains


@pytest.mark.parametrize("pretraining", ["halving", "two-stage", "growing", "none"])
def test_grey_rows_are_binary_in_every_stage(pretraining):
    x = torch.from_numpy(GREY)
    for stage in plan_of(pretraining):
        seen = stage.begin(Generator(0)).present(x, Generator(1))
        assert set(seen.unique().tolist()) == {0.0, 1.0}, stage.name


@pytest.mark.parametrize(
    ("model", "ratio"),
    [
        (RBM(3, n_iter=1, random_state=0), 20),
        (DeepBeliefNetwork(3, **SHORT), 20),
        (DeepBoltzmannMachine(3, n_iter_pretraining=1, **SHORT), 10),
        (DeepBoltzmannMachine(3, pretraining="none", **SHORT), 20),
    ],
    ids=["rbm", "dbn", "dbm", "dbm without pretraining"],
)
def test_values_without_bounds_are_learned_at_gentle_rates(model, ratio):
    bounded, unbounded = (model.fit(X).history_[0]["learning_rate"] for X in (GREY, REAL))
    assert bounded == pytest.approx(ratio * unbounded)


def test_a_checkpoint_of_another_start_is_refused(tmp_path):
    file, settings = tmp_path / "checkpoint.safetensors", {**SHORT, "pretraining": "growing"}
    one, other = (RBM(5, n_iter=1, random_state=0).fit(X) for X in (GREY, GREY**2))
    DeepBoltzmannMachine(3, start=one, **settings).fit(GREY, checkpoint=file)
    with pytest.raises(RunError, match=r"other settings \(data\)"):
        DeepBoltzmannMachine(3, start=other, **settings).fit(GREY, checkpoint=file)
