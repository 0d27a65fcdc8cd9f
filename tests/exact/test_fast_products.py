"""Fast products are as accurate as float32, and leave torch's settings as they were."""

import pytest
import torch
import torch.nn.functional as F

from tildex import products
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.products import fast_products
from tildex.units.softplus import softplus

CPU = torch.device("cpu")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def setting():
    return torch.backends.mkldnn.matmul.fp32_precision


@pytest.mark.parametrize("shape", [(10, 784, 500), (200, 784, 500), (33, 20, 7)])
def test_products_keep_the_accuracy_of_float32(shape):
    rows, inner, columns = shape
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(rows, inner, generator=generator), torch.randn(inner, columns, generator=generator)
    exact = a.double() @ b.double()
    with fast_products(CPU):
        error = (a @ b - exact).norm() / exact.norm()
    assert error < 3e-6


def test_small_products_get_one_thread_and_large_ones_keep_theirs(two_threads):
    with fast_products(CPU, 1000):
        assert torch.get_num_threads() == 1
    with fast_products(CPU, 10**8):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 2


def test_settings_come_back_after_an_error(two_threads):
    before = setting()
    with pytest.raises(KeyError), fast_products(CPU, 1000):
        raise KeyError
    assert (setting(), torch.get_num_threads()) == (before, 2)


@pytest.mark.parametrize("accurate", [True, False])
def test_torch_is_left_alone_where_accuracy_would_suffer(accurate, monkeypatch):
    monkeypatch.setattr(products, "_fast_is_accurate", lambda: accurate)
    before = setting()
    with fast_products(CPU):
        assert (setting() != before) == accurate


@pytest.mark.parametrize("way", ["up", "down"])
def test_rounded_products_round_neither_biases_nor_the_weights_twice(way):
    coupling = Coupling(40, 30, generator=Generator(0), scale=1.0)
    rows, size = (40, 30) if way == "up" else (30, 40)
    x = Generator(1).bernoulli(torch.full((7, rows), 0.5))
    bias = 1000 + torch.arange(size) / 64
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        nothing = getattr(coupling, way)(torch.zeros_like(x), bias)
        found = getattr(coupling, way)(x, None, 0.5)
    assert torch.equal(nothing, bias.expand(7, -1))
    weight = coupling.weight.detach().bfloat16().float()
    exact = 0.5 * (x @ weight.t() if way == "up" else x @ weight)
    torch.testing.assert_close(found, exact, rtol=2**-8, atol=1e-6)


def test_softplus_is_torchs_at_every_size_and_on_the_tape():
    x = torch.cat([torch.linspace(-120, 120, 2001), torch.tensor([-1e30, 0.0, 1e30])])
    # Each of two exponentials and logarithms may be off by a last digit.
    torch.testing.assert_close(softplus(x), F.softplus(x), rtol=1e-6, atol=3e-7)
    zero = torch.zeros(1, requires_grad=True)
    softplus(zero).backward()
    assert zero.grad == 0.5


@pytest.mark.parametrize("way", ["up", "down"])
def test_gains_count_in_rounded_products_as_in_others(way):
    coupling = Coupling(40, 30, generator=Generator(0), scale=1.0)
    rows, size = (40, 30) if way == "up" else (30, 40)
    x, bias = Generator(1).bernoulli(torch.full((7, rows), 0.5)), torch.ones(size)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        once = getattr(coupling, way)(x, bias) - bias
        setattr(coupling, f"{way}_gain", 2.0)
        twice = getattr(coupling, way)(x, bias) - bias
    torch.testing.assert_close(twice, 2 * once, rtol=1e-5, atol=1e-5)


def test_blocks_of_several_threads_may_end_in_any_order(two_threads, monkeypatch):
    """The first to enter changes the settings of the process, and the last to leave restores them."""
    monkeypatch.setattr(products, "_fast_is_accurate", lambda: True)
    before = torch.get_num_threads(), setting()
    first, second = fast_products(CPU, 1000), fast_products(CPU, 1000)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert (torch.get_num_threads(), setting()) == (1, "bf16")
    second.__exit__(None, None, None)
    assert (torch.get_num_threads(), setting()) == before


def test_a_number_of_threads_set_within_a_block_stays(two_threads):
    with fast_products(CPU, 1000):
        torch.set_num_threads(3)
    assert torch.get_num_threads() == 3
