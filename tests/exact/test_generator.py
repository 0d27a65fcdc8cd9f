"""Draws have exactly the probabilities asked for, and the generator's state can be saved and put back."""

import json

import numpy as np
import pytest
import torch

from tildex.generator import Generator


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", [1e-6, 1e-3, 0.5, 1 - 1e-6])
def test_bernoulli_is_unbiased_however_rare(close, p, dtype):
    generator, probability = Generator(0), torch.full((100_000,), p, dtype=dtype)
    rates = torch.stack([generator.bernoulli(probability).mean(dtype=torch.float64) for _ in range(1000)])
    close(rates, torch.tensor(p), atol=2e-7)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_certain_draws_never_err(dtype):
    generator = Generator(0)
    ones, zeros = torch.ones(100_000, dtype=dtype), torch.zeros(100_000, dtype=dtype)
    for _ in range(2000):
        assert generator.bernoulli(ones).all()
        assert not generator.bernoulli(zeros).any()


def test_bernoulli_keeps_shape_type_and_probabilities():
    p = torch.rand(3, 1, 5, dtype=torch.float64).transpose(0, 2)
    before = p.clone()
    draw = Generator(0).bernoulli(p)
    assert draw.shape == p.shape
    assert draw.dtype == p.dtype
    assert ((draw == 0) | (draw == 1)).all()
    assert torch.equal(p, before)


def test_neighbours_are_uncorrelated(close):
    generator = Generator(0)
    pairs = torch.stack(
        [generator.bernoulli(torch.full((4,), 0.3, dtype=torch.float64)) for _ in range(40_000)]
    )
    products = pairs[:, :, None] * pairs[:, None]
    exact = torch.full((4, 4), 0.09, dtype=torch.float64).fill_diagonal_(0.3)
    close(products, exact)


def test_normal_and_uniform_moments(close):
    generator = Generator(0)
    normal, uniform = generator.normal(200_000), generator.uniform(200_000)
    close(torch.stack([normal, normal**2, normal**4], 1), torch.tensor([0.0, 1.0, 3.0]))
    close(torch.stack([uniform, uniform**2], 1), torch.tensor([1 / 2, 1 / 3]))
    assert uniform.min() >= 0
    assert uniform.max() < 1


def test_poisson_moments(close):
    rate = torch.tensor([0.1, 2.0, 50.0]).expand(50_000, 3)
    counts = Generator(0).poisson(rate)
    close(counts, rate[0])
    close((counts - rate).square(), rate[0], atol=1e-4)


def everything(generator):
    return [
        generator.bernoulli(torch.full((7,), 0.5)),
        generator.uniform(3),
        generator.normal(2, 2),
        generator.poisson(torch.full((5,), 3.0)),
        torch.from_numpy(generator.permutation(9)),
        torch.from_numpy(generator.integers(5, 11)),
        generator.spawn().normal(4),
    ]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("drawn", range(5))
def test_state_goes_back_through_json(drawn):
    generator = Generator(1)
    generator.normal(drawn)
    generator.integers(3, drawn)
    state = json.loads(json.dumps(generator.get_state()))
    expected = everything(generator)
    other = Generator(99)
    other.set_state(state)
    assert same(everything(other), expected)


def test_seed_decides():
    assert same(everything(Generator(5)), everything(Generator(5)))
    assert not same(everything(Generator(5)), everything(Generator(6)))
    assert sorted(Generator(0).permutation(50)) == list(np.arange(50))
