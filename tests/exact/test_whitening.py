"""Whitening against the covariance it is to give, and against the least turn that gives it."""

import pytest
import torch

from tildex.generator import Generator
from tildex.maps import Whitening


def rows(n=400, features=6):
    generator = Generator(0)
    mix = generator.normal(features, features, dtype=torch.float64)
    return 3 + generator.normal(n, features, dtype=torch.float64) @ mix


def test_covariance_becomes_the_identity():
    x = rows()
    torch.testing.assert_close(Whitening.of(x)(x).T.cov(), torch.eye(6, dtype=torch.float64))
    torch.testing.assert_close(Whitening.of(x)(x).mean(0), torch.zeros(6, dtype=torch.float64))


def test_epsilon_is_added_to_every_variance():
    x, epsilon = rows(), 0.5
    variances = torch.linalg.eigvalsh(x.T.cov())
    whitened = torch.linalg.eigvalsh(Whitening.of(x, epsilon=epsilon)(x).T.cov())
    torch.testing.assert_close(whitened, variances / (variances + epsilon))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_inverse(dtype, epsilon):
    x = rows().to(dtype)
    whitening = Whitening.of(x, epsilon=epsilon)
    assert whitening(x).dtype == dtype
    torch.testing.assert_close(whitening.inverse(whitening(x)), x, atol=1e-4, rtol=1e-4)


def test_no_other_whitening_is_nearer_to_the_data():
    x = rows()
    whitened = Whitening.of(x)(x)
    centred = x - x.mean(0)
    for seed in range(20):
        turned = whitened @ torch.linalg.qr(Generator(seed).normal(6, 6, dtype=torch.float64)).Q
        assert (turned - centred).square().sum() > (whitened - centred).square().sum()


def test_density_of_normal_rows():
    x = rows()
    whitening = Whitening.of(x)
    exact = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov()).log_prob(x)
    standard = torch.distributions.Normal(0.0, 1.0).log_prob(whitening(x)).sum(1)
    torch.testing.assert_close(standard + whitening.log_volume(), exact)


def test_directions_without_variance_need_epsilon():
    x = rows()
    x[:, 1] = x[:, 0]
    with pytest.raises(ValueError, match=r"no variance.*set epsilon"):
        Whitening.of(x)
    assert Whitening.of(x, epsilon=0.1)(x).isfinite().all()
    with pytest.raises(ValueError, match="at least two rows"):
        Whitening.of(x[:1])
    with pytest.raises(ValueError, match="must not be negative"):
        Whitening.of(x, epsilon=-1.0)
