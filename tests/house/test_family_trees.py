"""Family trees are short: a class is a base of several or final, and no chain is long."""

import dataclasses
import inspect

import pytest

from tildex.estimators import Estimator
from tildex.estimators.base.learner import Learner

LONGEST = 6


def own(cls):
    """Return the classes of this library that a class descends from, itself among them."""
    return [base for base in cls.__mro__ if base.__module__.startswith("tildex.")]


def children(cls):
    """Return the classes of this library that descend from a class directly; tests may define others."""
    return [child for child in cls.__subclasses__() if child.__module__.startswith("tildex.")]


def descendants(cls):
    for child in children(cls):
        yield child
        yield from descendants(child)


@pytest.mark.parametrize("cls", Estimator.table.values(), ids=Estimator.table)
def test_a_chain_is_short(cls):
    assert len(own(cls)) <= LONGEST, [base.__name__ for base in own(cls)]


@pytest.mark.parametrize("cls", Estimator.table.values(), ids=Estimator.table)
def test_an_estimator_is_final(cls):
    assert not children(cls)


def test_a_base_class_has_several_subclasses():
    for cls in {Learner, *descendants(Learner)} - set(Estimator.table.values()):
        assert len(children(cls)) > 1, cls.__name__


@pytest.mark.parametrize("cls", Estimator.table.values(), ids=Estimator.table)
def test_settings_are_fields_that_the_constructor_only_stores(cls):
    assert "__init__" not in inspect.getsource(cls)
    settings = {field.name for field in dataclasses.fields(cls) if field.init}
    assert settings == set(cls._get_param_names())
    marks = {name: object() for name in settings}
    assert vars(cls(**marks)) == marks
