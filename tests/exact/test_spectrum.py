"""The spectrum of a Jacobian: where it is known, and how it tells a surface from what lies beside it."""

import pytest
import torch

from tildex.evaluate import jacobian_spectrum, tangent_share
from tildex.generator import Generator
from tildex.maps import MLP
from tildex.models import Conditional, Pair
from tildex.penalties import jacobian
from tildex.units import Bernoulli, Gaussian


def pair(*sizes, code=None):
    up = MLP(sizes, generator=Generator(0), activation="tanh")
    down = MLP(sizes[::-1], generator=Generator(1))
    return Pair(Conditional(up, code or Gaussian()), Conditional(down, Gaussian())).double()


X = Generator(0).normal(70, 6, dtype=torch.float64)


def test_a_linear_encoder_has_the_spectrum_of_its_matrix():
    model = pair(6, 4)
    spectrum = jacobian_spectrum(model, X)
    u, s, v = torch.linalg.svd(model.encoder.map.layers[0].weight.detach(), full_matrices=False)
    torch.testing.assert_close(spectrum.values, s.expand(70, -1))
    torch.testing.assert_close((spectrum.directions * v).sum(-1).abs(), torch.ones(70, 4).double())
    assert [e.value for e in spectrum.means()] == pytest.approx(s.tolist())
    assert max(e.standard_error for e in spectrum.means()) < 1e-12
    assert u.shape == (4, 4)


@pytest.mark.parametrize("sizes", [(6, 3), (6, 9), (6, 5, 4)], ids=str)
def test_values_and_directions_put_the_jacobian_together(sizes):
    model = pair(*sizes, code=Bernoulli())
    spectrum = jacobian_spectrum(model, X)
    slopes = jacobian(model, X).detach()
    moved = (slopes @ spectrum.directions.transpose(1, 2)).norm(dim=1)
    torch.testing.assert_close(moved, spectrum.values)
    torch.testing.assert_close(spectrum.values.square().sum(1), slopes.square().sum((1, 2)))
    assert (spectrum.values.diff(dim=1) <= 1e-12).all()
    leading = jacobian_spectrum(model, X, 2)
    assert leading.values.shape == (70, 2)
    assert leading.directions.shape == (70, 2, 6)
    assert not spectrum.values.requires_grad


def test_the_tangents_share_is_that_of_the_squared_norm():
    model = pair(6, 5, 4)
    slopes = jacobian(model, X).detach()
    axes = torch.eye(6, dtype=torch.float64)[:2].expand(70, -1, -1)
    along = slopes[:, :, :2].square().sum((1, 2)) / slopes.square().sum((1, 2))
    found = tangent_share(model, X, axes)
    assert found.value == pytest.approx(float(along.mean()))
    assert found.standard_error == pytest.approx(float(along.std()) / 70**0.5)
    skewed = torch.stack([3 * axes[:, 0], axes[:, 0] - 0.1 * axes[:, 1]], 1)
    assert tangent_share(model, X, skewed).value == pytest.approx(found.value)
    everything = torch.eye(6, dtype=torch.float64).expand(70, -1, -1)
    assert tangent_share(model, X, everything).value == pytest.approx(1)
