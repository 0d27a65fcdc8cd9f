"""Machines of several modalities against enumeration: what is missing, prediction, pathways, what training finds."""

import itertools

import numpy as np
import pytest
import torch

from tildex import (
    SGD,
    Adam,
    Bernoulli,
    Categorical,
    Gaussian,
    Linear,
    Modality,
    MultimodalDBM,
    Multinomial,
    MultiPrediction,
)
from tildex.evaluate import log_partition
from tildex.generator import Generator
from tildex.maps import Coupling
from tildex.models import (
    BoltzmannMachine,
    Layer,
    Posterior,
    filled,
    gather,
    infer,
    joined,
    joint_part,
    knowing,
    mean_field,
    pathway_parts,
    pathways,
    presence,
)
from tildex.rules import Variational

NAN = torch.nan


def machine(families=None, sizes=(3, 2, 3), hidden=((2,), (2,), ()), joint=2, *, scale=0.8, seed=0):
    """Return a machine of pathways with couplings strong enough to matter."""
    families = families or (Bernoulli(), Multinomial(2, 3), Categorical(3))
    visible = [Layer(units, size) for units, size in zip(families, sizes, strict=True)]
    above = [[Layer(Bernoulli(), size) for size in some] for some in hidden]
    generator = Generator(seed)
    made = joined(visible, above, Layer(Bernoulli(), joint), generator).double()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(scale * generator.normal_like(parameter))
    return made


def rows_of(made, n=12, seed=1):
    """Return rows in which every choice of modalities is missing but all of them."""
    generator = Generator(seed)
    parts = [
        layer.units.sample(generator.normal(n, layer.size, dtype=torch.float64), generator)
        for layer in (made.layers[k] for k in made.visible)
    ]
    choices = [c for c in itertools.product([True, False], repeat=len(parts)) if any(c)]
    for row in range(n):
        for part, known in zip(parts, choices[row % len(choices)], strict=True):
            if not known:
                part[row] = NAN
    return torch.cat(parts, 1)


@torch.no_grad()
def exact_log_weight(made, joint, x):
    """Return the log of the summed weights of all states that agree with what is known of each row."""
    states, log_weight = joint(made)
    found = []
    for row in x:
        agrees = torch.ones(len(log_weight), dtype=torch.bool)
        for k, values in made.split(row[None]).items():
            if not values.isnan().any():
                agrees &= (states[k] - values).abs().amax(1) < 1e-9
        found.append(torch.where(agrees, log_weight, -torch.inf).logsumexp(0))
    return torch.stack(found)


@torch.no_grad()
def test_bounds_of_what_is_known_stay_below_the_truth_and_weights_reach_it(joint, close):
    made = machine()
    x = rows_of(made)
    exact = exact_log_weight(made, joint, x)
    posterior = made.posterior(x)
    assert not posterior.exact
    assert (posterior.bound() <= exact + 1e-9).all()
    assert (posterior.bound() > exact - 1).all()
    weights = torch.stack([posterior.log_weight(Generator(seed)) for seed in range(500)])
    close((weights - exact).exp(), torch.ones_like(exact))
    assert (exact - log_partition(made) < 0).all()


@torch.no_grad()
def test_a_machine_without_hidden_pathways_is_summed_exactly_where_all_is_known(joint):
    made = machine(hidden=((), (), ()))
    x = rows_of(made)
    whole = x[presence(made, x).all(1)]
    assert made.posterior(whole).exact
    torch.testing.assert_close(made.bound(whole), exact_log_weight(made, joint, whole))


@torch.no_grad()
def test_what_is_known_of_a_row_decides_alone():
    made = machine()
    x = rows_of(made)
    bounds, state = made.bound(x), infer(made, x, n_steps=200, tol=0.0)
    for row in range(len(x)):
        torch.testing.assert_close(made.bound(x[row : row + 1])[0], bounds[row], rtol=1e-5, atol=1e-6)
        known = [k for k, there in zip(made.visible, presence(made, x)[row], strict=True) if there]
        columns = torch.cat([made.split(x)[k][row] for k in known])[None]
        one = knowing(made, known)
        alone = mean_field(one, one.split(columns), n_steps=200, tol=0.0)
        for ours, theirs in zip(state, alone, strict=True):
            torch.testing.assert_close(ours[row], theirs[0])
    whole = filled(made, x)
    assert torch.equal(whole[~x.isnan()], x[~x.isnan()])
    assert whole.isfinite().all()


def test_rows_that_know_nothing_are_refused():
    made = machine()
    x = rows_of(made)
    x[4] = NAN
    with pytest.raises(ValueError, match="nothing is known of row 4"):
        made.bound(x)


@torch.no_grad()
@pytest.mark.parametrize("given", [[0], [1], [2], [0, 2]])
def test_clamped_modalities_sample_the_others_conditional(joint, exact_draws, moments, close, given):
    made, chains, generator = machine(scale=1.2), 20_000, Generator(0)
    x = rows_of(made)[:1]
    values = dict(made.split(x))

    def keep(states):
        agree = [(states[k] - values[k]).abs().amax(1) < 1e-9 for k in given]
        return torch.stack(agree).all(0)

    known = {k: values[k].expand(chains, -1) for k in given}
    clamp = {k: (some, torch.ones_like(some, dtype=torch.bool)) for k, some in known.items()}
    state = exact_draws(made, chains, generator, keep)
    for _ in range(3):
        state = made.sweep(state, lambda units, inputs: units.sample(inputs, generator), clamp=clamp)
    states, log_weight = joint(made)
    log_weight = torch.where(keep(states), log_weight, -torch.inf)
    weight, found = log_weight.softmax(0), moments(states)
    mean = weight @ found
    close(moments(state), mean, weight @ (found - mean).square())


@torch.no_grad()
def test_partly_known_layers_keep_what_is_known_and_settle():
    made = machine(hidden=((2,), (2,), (2,)))
    x = rows_of(made)[:1].expand(4, -1)
    values = made.split(x)
    shown = {k: Generator(k).uniform(*part.shape) < 0.5 for k, part in values.items()}
    shown = {
        k: mask[:, :1].expand_as(mask) if made.layers[k].units.group > 1 else mask
        for k, mask in shown.items()
    }
    clamp = {k: (values[k], mask) for k, mask in shown.items()}
    state = mean_field(made, {}, n_steps=500, tol=0.0, partly=clamp)
    for k, layer in enumerate(made.layers):
        settled = layer.units.mean(made.inputs(k, state))
        if k in clamp:
            settled = torch.where(shown[k], values[k], settled)
        torch.testing.assert_close(state[k], settled, atol=1e-7, rtol=1e-6)
    everything = {k: (part, torch.ones_like(part, dtype=torch.bool)) for k, part in values.items()}
    plain, partly = mean_field(made, values), mean_field(made, {}, partly=everything)
    for ours, theirs in zip(partly, plain, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)


def naive_prediction(made, x, n_steps):
    """Return the loss of predicting each of two Bernoulli modalities from the other, unrolled by hand."""
    (W, V), (a, b, c) = (
        (coupling.weight for coupling in made.couplings),
        (layer.bias for layer in made.layers),
    )
    left, right = x[:, :3], x[:, 3:]
    total = 0.0
    for given, wanted, up, down, bias in ((left, right, W, V, b), (right, left, V, W, a)):
        z = torch.sigmoid(2 * (given @ up.t()) + c)
        missing = torch.sigmoid(z @ down + bias)
        for _ in range(n_steps):
            z = torch.sigmoid(given @ up.t() + missing @ down.t() + c)
            missing = torch.sigmoid(z @ down + bias)
        inputs = z @ down + bias
        total = total - (wanted * inputs - torch.nn.functional.softplus(inputs)).sum(1)
    return total


def two_halves(scale=0.8):
    return machine((Bernoulli(), Bernoulli()), (3, 2), ((), ()), 4, scale=scale)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_prediction_is_the_unrolled_loop_written_out(n_steps):
    made, rule = two_halves(), MultiPrediction(n_steps, values=0.0)
    x = rows_of(made, 60)
    x = x[presence(made, x).all(1)]
    naive = naive_prediction(made, x, n_steps)
    expected = torch.autograd.grad(naive.mean() / 2, list(made.parameters()))
    # Each row is asked one of the two questions: over many draws, both alike.
    found = [torch.zeros_like(p) for p in made.parameters()]
    values, repeats = [], 400
    for seed in range(repeats):
        loss = rule(made, x, Generator(seed))
        values.append(loss.total.detach())
        for kept, gradient in zip(
            found, torch.autograd.grad(loss.total, list(made.parameters())), strict=True
        ):
            kept += gradient / repeats
    values = torch.stack(values)
    assert abs(values.mean() - naive.mean() / 2) < 5 * values.std() / repeats**0.5 + 1e-6
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=0.02, rtol=0.1)


@pytest.mark.parametrize("values", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "families",
    [(Bernoulli(), Multinomial(2, 3), Categorical(3)), (Gaussian(2.0), Categorical(2), Bernoulli())],
)
def test_gradients_of_prediction_agree_with_finite_differences(values, families, directional):
    made = machine(families, (3, 2, 3))
    x = rows_of(made, 20)
    rule = MultiPrediction(3, values=values)
    slope, difference = directional(lambda: rule(made, x, Generator(5)).total, made.parameters())
    assert slope == pytest.approx(difference, rel=1e-5)


def test_only_what_is_left_out_is_predicted():
    """With couplings of zero a modality costs its entropy under the biases, when and only when it is left out."""
    made = two_halves(scale=0.0)
    x = torch.ones(40, 5, dtype=torch.float64)
    x[:20, 3:] = NAN
    one = MultiPrediction(2, values=0.0)
    # Rows of one modality are asked for values of it, each with probability one half.
    found = torch.stack([one(made, x, Generator(seed)).total for seed in range(300)]).detach()
    expected = np.log(2) * (0.5 * 1.5 + 0.5 * 2.5)
    assert abs(found.mean() - expected) < 5 * found.std() / 300**0.5


def test_parts_of_pathways_count_twice_what_has_one_side_only():
    made = machine(hidden=((2, 3), (2,), ()))
    assert pathways(made) == [(0, 3, 4, 6), (1, 5, 6), (2, 6)]
    parts, meeting = pathway_parts(made), joint_part(made)
    gains = [[(part.couplings[0].up_gain, part.couplings[0].down_gain) for part in below] for below in parts]
    assert gains == [[(2.0, 1.0), (2.0, 2.0)], [(2.0, 1.0)], []]
    assert [(c.up_gain, c.down_gain) for c in meeting.couplings] == [(1.0, 2.0), (1.0, 2.0), (1.0, 1.0)]
    assert [layer.size for layer in meeting.layers] == [3, 2, 3, 2]
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    gather(parts, meeting, made)
    for name, tensor in made.state_dict().items():
        torch.testing.assert_close(tensor, before[name])
    with torch.no_grad():
        parts[0][0].layers[1].bias += 1
        meeting.layers[1].bias += 1
    gather(parts, meeting, made)
    torch.testing.assert_close(made.layers[3].bias, before["layers.3.bias"] + 0.5)
    torch.testing.assert_close(made.layers[5].bias, before["layers.5.bias"] + 0.5)


def test_copies_of_a_layer_are_drawn_apart():
    """What counts twice is two copies: the chain then leaves the machine that holds both as it is."""
    made = joint_part(machine(hidden=((2,), (2,), (2,))))
    rule = Variational(1, n_chains=4000, centring=None)
    rule(made, torch.zeros(5, 6, dtype=torch.float64), Generator(0))
    values = rule.chains[-1].unique()
    assert values.tolist() == [0.0, 0.5, 1.0]


def shared_table():
    """Return a joint distribution of two classes, 3 x 4, far from independent."""
    table = np.array([[6, 1, 1, 0.5], [0.5, 5, 2, 1], [1, 0.5, 1, 7]])
    return table / table.sum()


def drawn_pairs(n, seed):
    table, draws = shared_table(), np.random.default_rng(seed)
    cells = draws.choice(table.size, n, p=table.ravel())
    return {"shape": np.eye(3)[cells // 4], "colour": np.eye(4)[cells % 4]}


@pytest.fixture(scope="module")
def pairs():
    units = {"shape": Categorical(3), "colour": Categorical(4)}
    data = drawn_pairs(4000, 0)
    data["shape"][:400] = np.nan
    data["colour"][400:800] = np.nan
    return MultimodalDBM(
        12,
        modalities=[Modality(name, units=some, hidden_layer_sizes=()) for name, some in units.items()],
        n_iter=5,
        n_iter_prediction=15,
        optimizer=SGD(0.2),
        prediction_rule=MultiPrediction(values=0.0),
        prediction_optimizer=Adam(0.03, schedule=Linear()),
        batch_size=100,
        random_state=0,
    ).fit(data)


def test_training_finds_the_conditionals(pairs):
    table = shared_table()
    colours = pairs.generate("colour", given={"shape": np.eye(3)})
    shapes = pairs.generate("shape", given={"colour": np.eye(4)})
    np.testing.assert_allclose(colours, table / table.sum(1, keepdims=True), atol=0.05)
    np.testing.assert_allclose(shapes, (table / table.sum(0)).T, atol=0.05)


def test_likelihood_finds_the_joint_distribution_and_chains_draw_it():
    model = MultimodalDBM(
        12,
        modalities=[
            Modality("shape", units=Categorical(3), hidden_layer_sizes=()),
            Modality("colour", units=Categorical(4), hidden_layer_sizes=()),
        ],
        n_iter=60,
        n_iter_prediction=0,
        optimizer=SGD(0.2),
        batch_size=100,
        random_state=0,
    ).fit(drawn_pairs(4000, 0))
    shapes, colours = np.repeat(np.eye(3), 4, 0), np.tile(np.eye(4), (3, 1))
    scores = model.score_samples({"shape": shapes, "colour": colours}) - log_partition(model.module_)
    np.testing.assert_allclose(np.exp(scores).reshape(3, 4), shared_table(), atol=0.02)
    drawn = model.sample(2000, n_steps=30, given={"shape": np.eye(3)[1]}, random_state=0)
    assert np.array_equal(drawn["shape"], np.tile(np.eye(3)[1], (2000, 1)))
    table = shared_table()
    np.testing.assert_allclose(drawn["colour"].mean(0), table[1] / table[1].sum(), atol=0.06)


def test_scores_of_rows_that_miss_a_modality_are_marginals(pairs):
    shapes, colours = np.repeat(np.eye(3), 4, 0), np.tile(np.eye(4), (3, 1))
    whole = pairs.score_samples({"shape": shapes, "colour": colours}).reshape(3, 4)
    marginal = np.log(np.exp(whole).sum(1))
    found = pairs.score_samples({"shape": np.eye(3)})
    assert (found <= marginal + 1e-5).all()
    assert (found > marginal - 0.5).all()


def test_densities_stretch_with_the_columns_that_are_known():
    draws = np.random.default_rng(0)
    data = {"size": 10 * draws.normal(size=(60, 2)), "sound": 0.1 * draws.normal(size=(60, 3))}
    settings = {"n_iter": 1, "n_iter_pretraining": 1, "n_iter_prediction": 1, "random_state": 0}
    model = MultimodalDBM(2, hidden_layer_sizes=3, **settings).fit(data)
    stretched = {"size": data["size"] * 2, "sound": data["sound"]}
    other = MultimodalDBM(2, hidden_layer_sizes=3, **settings).fit(stretched)
    for names, change in ((("size",), 2 * np.log(2)), (("sound",), 0.0), (("size", "sound"), 2 * np.log(2))):
        ours = model.score_samples({name: data[name] for name in names})
        theirs = other.score_samples({name: stretched[name] for name in names})
        np.testing.assert_allclose(ours - theirs, change, atol=1e-6)


def test_a_posterior_of_a_chain_is_what_it_was():
    """Rows of one visible layer go the plain way."""
    layers = [Layer(Bernoulli(), n) for n in (3, 2)]
    made = BoltzmannMachine(layers, {(0, 1): Coupling(3, 2, generator=Generator(0))})
    assert isinstance(made.posterior(torch.ones(2, 3)), Posterior)
