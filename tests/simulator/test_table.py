"""Recorded trainings as a table."""

import json
import re

import pytest

from kubetune.api.parameters import ParameterValue
from kubetune.errors import ObjectiveError
from kubetune.simulator.table import Table, build_table, read_rows
from kubetune.simulator.training import Attempt
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec

PARAMETERS = make_spec(parameters=[LEARNING_RATE, HIDDEN, ACTIVATION]).parameters

CSV = """\
lr,hidden,activation,step,accuracy,seconds,comment
0.01,16,relu,1,0.5,2,
0.01,16,relu,3,0.7,4,
0.1,64,relu,1,0.4,1,diverged later
0.1,64,relu,2,,1,
0.1,64,tanh,1,0.6,1,
0.1,64,softplus,1,0.9,1,not in the search space
7,64,tanh,1,0.9,1,neither
"""


def table(text: str = CSV, name: str = "trainings.csv") -> Table:
    return build_table(read_rows(text, name), PARAMETERS, metric="accuracy", name=name)


def told(
    found: Table, lr: float, hidden: int, activation: str, resource: int | None = None
) -> list[tuple[int, float | None, float]]:
    point: dict[str, ParameterValue] = {"lr": lr, "hidden": hidden, "activation": activation}
    attempt = Attempt(index=0, parameters=point, resource=resource, number=0, seed=1)
    return [(report.step, report.value, report.seconds) for report in found.train(attempt)]


@pytest.mark.parametrize(
    ("point", "want"),
    [
        pytest.param((0.01, 16, "relu"), [(1, 0.5, 2.0), (3, 0.7, 4.0)], id="the very point"),
        pytest.param((0.012, 16, "relu"), [(1, 0.5, 2.0), (3, 0.7, 4.0)], id="one nearby"),
        pytest.param((0.09, 48, "tanh"), [(1, 0.6, 1.0)], id="one nearby with its category"),
        pytest.param((0.1, 64, "relu"), [(1, 0.4, 1.0), (2, None, 1.0)], id="one that failed"),
    ],
)
def test_a_point_takes_the_rows_of_the_nearest_one(
    point: tuple[float, int, str], want: list[tuple[int, float | None, float]]
) -> None:
    assert told(table(), *point) == want


def test_it_knows_which_points_it_has() -> None:
    assert table().is_exact({"lr": 0.01, "hidden": 16, "activation": "relu"})
    assert not table().is_exact({"lr": 0.02, "hidden": 16, "activation": "relu"})


def test_a_trial_goes_no_further_than_its_resource() -> None:
    assert told(table(), 0.01, 16, "relu", resource=2) == [(1, 0.5, 2.0)]


def test_rows_may_be_json_and_need_neither_steps_nor_seconds() -> None:
    rows = [{"lr": 0.1, "hidden": 32, "activation": "gelu", "value": 0.25}]
    assert told(table(json.dumps(rows), "t.json"), 0.1, 32, "gelu") == [(1, 0.25, 1.0)]


def test_without_seconds_a_row_takes_as_long_as_the_steps_since_the_row_before() -> None:
    text = "lr,hidden,activation,epoch,accuracy\n0.1,16,relu,5,0.2\n0.1,16,relu,2,0.1\n"
    assert told(table(text), 0.1, 16, "relu") == [(2, 0.1, 2.0), (5, 0.2, 3.0)]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        pytest.param("", "t.csv", "t.csv has no rows", id="empty"),
        pytest.param(
            "lr,activation,accuracy\n0.1,relu,1\n",
            "t.csv",
            "no column for the parameter hidden; it has lr, activation, accuracy",
            id="a parameter is missing",
        ),
        pytest.param(
            "lr,hidden,activation\n0.1,16,relu\n",
            "t.csv",
            "no column accuracy (the objective) and none called value",
            id="the objective is missing",
        ),
        pytest.param(
            "lr,hidden,activation,value\nbig,16,relu,1\n",
            "t.csv",
            "t.csv, row 1: lr is 'big', which is no number",
            id="text",
        ),
        pytest.param(
            "lr,hidden,activation,value\n0.1,16.5,relu,1\n",
            "t.csv",
            "row 1: hidden is 16.5, no value of Integer",
            id="a broken integer",
        ),
        pytest.param(
            "lr,hidden,activation,value\n0.1,16,relu,1\n0.1,16,relu,2\n",
            "t.csv",
            "row 2: the point {'lr': 0.1, 'hidden': 16, 'activation': 'relu'} has step 1 twice",
            id="a point twice",
        ),
        pytest.param(
            "lr,hidden,activation,value\n0.1,16,swish,1\n",
            "t.csv",
            "no row inside the search space",
            id="all outside",
        ),
        pytest.param(
            "lr,hidden,activation,value,step\n0.1,16,relu,1,1.5\n",
            "t.csv",
            "row 1: step is 1.5, not a whole number",
            id="half a step",
        ),
        pytest.param(
            "lr,hidden,activation,value,seconds\n0.1,16,relu,1,-1\n",
            "t.csv",
            "row 1: seconds is -1, not 0 or more",
            id="time back",
        ),
        pytest.param("[1, 2]", "t.json", "has to be a list of objects", id="JSON without rows"),
        pytest.param("{", "t.json", "is not JSON", id="no JSON"),
        pytest.param('lr\n"0.1', "t.csv", "is not CSV", id="no CSV"),
    ],
)
def test_a_table_that_lacks_something_is_refused_with_its_place(
    text: str, name: str, words: str
) -> None:
    with pytest.raises(ObjectiveError, match=re.escape(words)):
        table(text, name)
