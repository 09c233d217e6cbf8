import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.parameters import ParameterSpec
from kubetune.core.space import Point, SearchSpace, build_space
from kubetune.errors import SearchSpaceError
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, Parameter


def make_space(*parameters: Parameter) -> SearchSpace:
    return build_space([ParameterSpec.model_validate(parameter) for parameter in parameters])


@st.composite
def finite_spaces(draw: st.DrawFn) -> SearchSpace:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    return make_space(
        *(
            {"name": f"p{i}", "type": "Categorical", "values": [str(k) for k in range(size)]}
            if i % 2
            else {"name": f"p{i}", "type": "Integer", "min": 0, "max": size}
            for i, size in enumerate(sizes)
        )
    )


@given(finite_spaces())
def test_the_points_of_a_finite_space_are_enumerated_once_each(space: SearchSpace) -> None:
    assert space.size is not None
    points = [space.point(k) for k in range(space.size)]
    assert len({space.key(point) for point in points}) == space.size
    assert list(space.points()) == points


@given(finite_spaces(), st.data())
def test_a_point_has_the_number_that_it_was_made_from(
    space: SearchSpace, data: st.DataObject
) -> None:
    assert space.size is not None
    k = data.draw(st.integers(0, space.size - 1))
    assert space.number(space.point(k)) == k


@pytest.mark.parametrize(
    "point",
    [
        pytest.param({"hidden": 17, "activation": "relu"}, id="between two steps"),
        pytest.param({"hidden": 80, "activation": "relu"}, id="beyond the last step"),
        pytest.param({"hidden": math.inf, "activation": "relu"}, id="infinite"),
        pytest.param({"hidden": "16", "activation": "relu"}, id="a text for a number"),
        pytest.param({"hidden": 16, "activation": "selu"}, id="an unknown category"),
    ],
)
def test_what_is_no_point_of_the_space_has_no_number(point: Point) -> None:
    with pytest.raises(SearchSpaceError, match="no value number"):
        make_space(HIDDEN, ACTIVATION).number(point)


@given(finite_spaces(), st.data())
def test_every_point_of_a_finite_space_survives_encoding(
    space: SearchSpace, data: st.DataObject
) -> None:
    assert space.size is not None
    point = space.point(data.draw(st.integers(0, space.size - 1)))
    assert space.decode(space.encode(point)) == point


def test_the_last_parameter_turns_fastest() -> None:
    space = make_space(HIDDEN, ACTIVATION)
    assert [tuple(space.point(k).values()) for k in (0, 1, 2, 3, 11)] == [
        (16, "relu"),
        (16, "tanh"),
        (16, "gelu"),
        (32, "relu"),
        (64, "gelu"),
    ]


def test_one_float_without_step_makes_the_space_infinite() -> None:
    space = make_space(LEARNING_RATE, HIDDEN)
    assert space.size is None
    with pytest.raises(SearchSpaceError, match="no step"):
        space.point(0)
    with pytest.raises(SearchSpaceError, match="no value number"):
        space.number({"lr": 0.1, "hidden": 16})


def test_the_size_of_a_huge_space_is_exact() -> None:
    wide = {"type": "Integer", "min": 0, "max": 2**53}
    space = make_space({"name": "a", **wide}, {"name": "b", **wide})
    assert space.size == (2**53 + 1) ** 2
    assert space.point(space.size - 1) == {"a": 2**53, "b": 2**53}


def test_points_are_the_same_whether_json_wrote_a_float_as_integer_or_not() -> None:
    space = make_space(LEARNING_RATE, ACTIVATION)
    assert space.key({"lr": 1.0, "activation": "relu"}) == space.key(
        {"activation": "relu", "lr": 1}
    )
    assert space.key({"lr": 1.0}) == (1.0, None)


def test_a_point_needs_one_number_per_parameter() -> None:
    with pytest.raises(ValueError, match="zip"):
        make_space(LEARNING_RATE, ACTIVATION).decode([0.5])


def test_coordinates_are_in_the_unit_interval() -> None:
    space = make_space(LEARNING_RATE, HIDDEN, ACTIVATION)
    u = space.encode({"lr": 0.01, "hidden": 48, "activation": "tanh"})
    assert u == pytest.approx((0.5, 0.625, 0.5))
    assert math.isfinite(sum(u))
