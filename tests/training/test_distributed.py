"""Two processes that torchrun starts train one model, the same as one process does."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).with_name("parallel.py")
HERE = runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [*launcher, str(SCRIPT), str(folder)], env=environment, capture_output=True, text=True, timeout=200
    )
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.xdist_group("torchrun")
@pytest.mark.parametrize("name", HERE["CASES"])
def test_all_processes_hold_the_same_weights(folder, name):
    first, second = (load_file(folder / f"{name}-{rank}.safetensors") for rank in (0, 1))
    for key, tensor in first.items():
        assert torch.equal(tensor, second[key]), key


@pytest.mark.xdist_group("torchrun")
@pytest.mark.parametrize("name", HERE["DETERMINISTIC"])
def test_two_processes_train_as_one_does(folder, name):
    alone, together = HERE["trained"](name), load_file(folder / f"{name}-0.safetensors")
    for key, tensor in alone.items():
        torch.testing.assert_close(together[key], tensor, atol=1e-5, rtol=1e-5)
