"""Every part of every kind follows one protocol: parameters, copies, JSON, and errors that help."""

import json

import pytest
from sklearn.base import clone

from tildex.part import Part, nearest


def test_parameters_round_trip(part):
    params = part.get_params(deep=False)
    assert list(params) == part.parameter_names()
    assert type(part)(**params) == part
    assert part.copy().set_params(**part.get_params()) == part


def test_copy_is_equal_and_separate(part):
    copied = part.copy()
    assert copied == part
    assert copied is not part
    for name, value in part.get_params(deep=False).items():
        assert not isinstance(value, Part) or getattr(copied, name) is not value


def test_clone_of_scikit_learn(part):
    assert clone(part, safe=True) == part


def test_json_round_trip(part):
    assert Part.from_json(json.loads(json.dumps(part.to_json()))) == part


def test_repr_evaluates_back(part):
    names = {name: cls for base in Part.kinds.values() for name, cls in base.table.items()}
    assert eval(repr(part), names) == part


def test_parts_differ_when_a_parameter_does(part):
    for name, value in part.get_params(deep=False).items():
        if isinstance(value, float):
            assert part.copy().set_params(**{name: value + 1}) != part
    assert part != object()


def test_parts_of_another_name_differ(part):
    other = type(f"_{type(part).__name__}", (type(part),), {})
    assert other(**part.get_params(deep=False)) != part


def test_nested_parameters_are_reached_by_name(part):
    for name, value in part.get_params(deep=False).items():
        if isinstance(value, Part):
            for inner, number in value.get_params(deep=False).items():
                changed = part.copy().set_params(**{f"{name}__{inner}": number})
                assert getattr(getattr(changed, name), inner) == number


def test_unknown_parameter_is_refused_with_the_nearest(part):
    for name in part.parameter_names():
        with pytest.raises(ValueError, match=f"no parameter '{name}x'; did you mean '{name}'"):
            part.set_params(**{f"{name}x": 1})
        with pytest.raises(ValueError, match=f"no parameter '{name}x'; did you mean '{name}'"):
            Part.from_json({**part.to_json(), f"{name}x": 1})
    with pytest.raises(ValueError, match="no parameter '_'; known: "):
        part.set_params(_=1)


def test_name_is_found_in_any_case_and_misspelt_is_refused(part):
    name = type(part).__name__
    assert type(part).named(name.upper()) is type(part)
    with pytest.raises(ValueError, match=f"no {part.kind} is called '{name}x'; did you mean '{name}'"):
        type(part).named(f"{name}x")


@pytest.mark.parametrize("record", [{}, {"nonsense": "Masking"}, {"corruption": 3}], ids=repr)
def test_records_of_no_part_are_refused(record):
    with pytest.raises(ValueError, match="as the first key of a part"):
        Part.from_json(record)


def test_nearest_lists_everything_when_nothing_is_near():
    assert nearest("qqq", ["Masking", "Dropout"]) == "known: Dropout, Masking"
