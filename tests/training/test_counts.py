"""Raw counts of any size, with a log link: one large count, large means, and rows of very different totals."""

import numpy as np
import pytest
import torch
from scipy.stats import poisson

import tildex
from tildex import Autoencoder, DeepAutoencoder, DenoisingAutoencoder, Poisson, VariationalAutoencoder

RNG = np.random.default_rng(0)


def tables():
    one = RNG.poisson(3, (200, 20))
    one[0, 0] = 100
    totals = RNG.poisson(3, (200, 20))
    totals[:20] *= 200
    return {"one large count": one, "mean 300": RNG.poisson(300, (200, 20)), "unequal totals": totals}


TABLES = {name: table.astype("float32") for name, table in tables().items()}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "model",
    [
        Autoencoder(4),
        VariationalAutoencoder(4),
        DenoisingAutoencoder(4),
        DeepAutoencoder(4, hidden_layer_sizes=8),
    ],
    ids=lambda model: type(model).__name__,
)
def test_no_model_of_counts_is_far_below_independent_columns(model, name):
    """In as few as 60 steps; where columns are independent there is nothing to gain, and little to lose."""
    x = TABLES[name]
    independent = poisson(x.mean(0)).logpmf(x).sum(1).mean()
    model.set_params(likelihood=Poisson(), n_iter=30, random_state=0).fit(x)
    assert model.score(x) > independent - 0.15 * abs(independent)


def test_weights_saved_before_encoders_had_views_see_counts_as_they_are():
    x = TABLES["one large count"]
    model = VariationalAutoencoder(2, likelihood=Poisson(), n_iter=2, random_state=0).fit(x)
    encoder = model.module_.encoder
    bare = {
        f"map.{key.removeprefix('map.inner.')}": value
        for key, value in encoder.state_dict().items()
        if not key.startswith("map.view.")
    }
    rows = torch.from_numpy(x)
    expected = encoder.map.inner(rows)
    encoder.load_state_dict(bare)
    torch.testing.assert_close(encoder.inputs(rows), expected)


@pytest.mark.parametrize(
    "model", [DeepAutoencoder(2, hidden_layer_sizes=(4,)), VariationalAutoencoder(2)], ids=repr
)
def test_what_an_encoder_sees_of_counts_is_saved(model, tmp_path):
    x = TABLES["mean 300"]
    model.set_params(likelihood=Poisson(), n_iter=2, random_state=0).fit(x)
    loaded = tildex.load(model.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.transform(x), model.transform(x), atol=1e-5)
