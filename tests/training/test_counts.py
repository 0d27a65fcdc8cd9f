"""Raw counts of any size, with a log link: one large count, large means, and rows of very different totals."""

from hashlib import sha256

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
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


def test_runs_saved_before_encoders_had_views_see_counts_as_they_are(tmp_path):
    x = TABLES["one large count"]
    model = VariationalAutoencoder(2, likelihood=Poisson(), n_iter=2, random_state=0).fit(x)
    run = model.save(tmp_path / "run")
    file, recipe = run / "weights.safetensors", run / "recipe.json"
    weights, checksum = load_file(file), sha256(file.read_bytes()).hexdigest()
    old = {
        name.replace("map.inner.", "map."): value for name, value in weights.items() if ".view." not in name
    }
    assert len(old) == len(weights) - 3
    save_file(old, file)
    recipe.write_text(recipe.read_text().replace(checksum, sha256(file.read_bytes()).hexdigest()))
    encoder = tildex.load(run).module_.encoder
    rows = torch.from_numpy(x)
    torch.testing.assert_close(encoder.inputs(rows), model.module_.encoder.map.inner(rows))


@pytest.mark.parametrize(
    "model", [DeepAutoencoder(2, hidden_layer_sizes=(4,)), VariationalAutoencoder(2)], ids=repr
)
def test_what_an_encoder_sees_of_counts_is_saved(model, tmp_path):
    x = TABLES["mean 300"]
    model.set_params(likelihood=Poisson(), n_iter=2, random_state=0).fit(x)
    loaded = tildex.load(model.save(tmp_path / "run"))
    np.testing.assert_allclose(loaded.transform(x), model.transform(x), atol=1e-5)
