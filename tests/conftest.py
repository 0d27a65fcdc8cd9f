"""The tests run over the tables of parts: an argument named after a kind takes every part of that kind in turn."""

import inspect
from itertools import product

import pytest
import torch

from tildex.estimators import Estimator
from tildex.estimators.stacked.network import Stacked
from tildex.part import Part
from tildex.units import (
    Activation,
    BatchTopK,
    Categorical,
    Gaussian,
    JumpReLU,
    LearnedGaussian,
    Mixed,
    NegativeBinomial,
    ReplicatedSoftmax,
    Spin,
    TopK,
    Units,
)

torch.set_num_threads(1)


def build(cls):
    """Return a part with its defaults; a composite, which has none, is given the first simple parts of its kind."""
    if cls is Mixed:
        return _mixed()[0]
    if cls is NegativeBinomial:
        # Few counts, so that machines can be enumerated.
        return NegativeBinomial(2.0, largest=7, scale=2.0)
    simple = (other() for other in cls.table.values() if not _required(other))
    return cls(**dict(zip(_required(cls), simple, strict=False)))


def _required(cls):
    parameters = inspect.signature(cls).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


def _families():
    return [
        *(build(cls) for cls in Units.table.values()),
        *_mixed()[1:],
        Categorical(3),
        Gaussian(4.0),
        ReplicatedSoftmax(3, length=2),
    ]


def _mixed():
    """Return mixed columns with real ones, and small finite ones; each list of parts is one variable of the tests."""
    return [
        Mixed([LearnedGaussian(2.0), Categorical(2)], [1, 2]),
        Mixed([Categorical(2), Spin(), NegativeBinomial(0.5, largest=2)], [2, 1, 1]),
    ]


def _activations():
    return [
        *(cls() for cls in Activation.table.values()),
        TopK(2),
        TopK(2, alpha=1.5, anneal=0.0),
        BatchTopK(2, start=1.5),
        JumpReLU(0.8, bandwidth=0.1),
    ]


def _joinable():
    """Return the pairs of families that make a machine of which one side can be enumerated."""
    single = [units for units in _families() if units.arity == 1]
    return [
        (visible, hidden)
        for visible, hidden in product(single, single)
        if (visible.bounded or hidden.bounded) and (visible.finite or hidden.finite)
    ]


def _cases():
    cases = {kind: [build(cls) for cls in base.table.values()] for kind, base in Part.kinds.items()}
    cases["part"] = [part for parts in cases.values() for part in parts]
    cases["units"] = _families()
    cases["activation"] = _activations()
    cases["single_units"] = [units for units in _families() if units.arity == 1]
    cases["elementwise_units"] = [u for u in cases["single_units"] if u.group == 1]
    cases["finite_units"] = [u for u in cases["single_units"] if u.finite]
    cases["unit_pair"] = _joinable()
    cases["estimator_class"] = [cls for cls in Estimator.table.values() if issubclass(cls, Estimator)]
    cases["predictor_class"] = [cls for cls in Estimator.table.values() if issubclass(cls, Stacked)]
    return cases


CASES = _cases()


def _name(case):
    if isinstance(case, tuple):
        return "-".join(map(_name, case))
    return case.__name__ if isinstance(case, type) else repr(case)


def pytest_generate_tests(metafunc):
    given = str([mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")])
    for argument in CASES:
        if argument not in metafunc.fixturenames or f"'{argument}'" in given:
            continue
        # Fresh parts for every test: some learn.
        fresh = [_fresh(case) for case in CASES[argument]]
        metafunc.parametrize(argument, fresh, ids=map(_name, fresh))


def _fresh(case):
    if isinstance(case, tuple):
        return tuple(map(_fresh, case))
    return case if isinstance(case, type) else case.copy()


@pytest.fixture(autouse=True)
def seeded():
    """Begin each test at the same state of torch's own generator, whichever tests this process ran before."""
    torch.manual_seed(0)


@pytest.fixture
def repeated():
    """Return how often, up to ``n``, a family's variables can stand side by side in one layer: mixed columns once."""

    def times(units, n):
        return 1 if isinstance(units, Mixed) else n

    return times


@pytest.fixture
def close():
    """Say whether a Monte-Carlo mean is within five standard errors, its own or the exact ones, of the exact value."""

    def check(samples, exact, variance=None, *, atol=1e-6):
        samples = samples.double()
        error = ((samples.var(0) if variance is None else variance) / len(samples)).sqrt()
        difference = (samples.mean(0) - exact.double()).abs()
        worst = (difference - 5 * error - atol).max()
        assert worst <= 0, f"off by {difference.max():.3g}, standard error {error.max():.3g}"

    return check


@pytest.fixture
def directional():
    """Return autograd's and the central difference's derivative of a scalar along one random direction."""

    def derivatives(function, parameters, step=1e-5):
        parameters = list(parameters)
        generator = torch.Generator().manual_seed(1)
        ways = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in parameters]
        gradients = torch.autograd.grad(function(), parameters, allow_unused=True)
        slope = sum(float((g * w).sum()) for g, w in zip(gradients, ways, strict=True) if g is not None)

        def moved(distance):
            for p, w in zip(parameters, ways, strict=True):
                p.data.add_(distance * w)
            value = float(function().detach())
            for p, w in zip(parameters, ways, strict=True):
                p.data.sub_(distance * w)
            return value

        return slope, (moved(step) - moved(-step)) / (2 * step)

    return derivatives
