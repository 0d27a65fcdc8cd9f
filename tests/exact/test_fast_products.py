"""Fast products are as accurate as float32, and leave torch's settings as they were."""

import pytest
import torch

from tildex import products
from tildex.products import fast_products

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
