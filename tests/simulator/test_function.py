"""A Python function as a training: every form of it, and what is said of other forms."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubetune.errors import ObjectiveError
from kubetune.simulator.function import Reading, train_by
from kubetune.simulator.training import Attempt, Report

READING = Reading(metric="accuracy", step_seconds=2.0)


def attempt(resource: int | None = None, index: int = 3) -> Attempt:
    return Attempt(index=index, parameters={"lr": 0.5}, resource=resource, number=0, seed=7)


def told(
    function: Callable[..., Any], resource: int | None = None, reading: Reading = READING
) -> list[tuple[int, float | None, float]]:
    reports: list[Report] = list(train_by(function, reading)(attempt(resource)))
    return [(report.step, report.value, report.seconds) for report in reports]


def yields(parameters: Any) -> Iterator[Any]:
    yield parameters["lr"]
    yield {"value": 0.7, "seconds": 9}
    yield {"accuracy": 0.8, "step": 5, "loss": 1.0}


class OfALibrary:
    def __float__(self) -> float:
        return 0.25


@pytest.mark.parametrize(
    ("function", "resource", "want"),
    [
        pytest.param(lambda p: p["lr"], None, [(1, 0.5, 2.0)], id="a number"),
        pytest.param(lambda p: p["lr"], 9, [(9, 0.5, 18.0)], id="a number for all steps"),
        pytest.param(lambda _: OfALibrary(), None, [(1, 0.25, 2.0)], id="another library's number"),
        pytest.param(lambda p, resource: p["lr"] * resource, 4, [(4, 2.0, 8.0)], id="resource"),
        pytest.param(
            lambda p, step: p["lr"] * step, 2, [(1, 0.5, 2.0), (2, 1.0, 2.0)], id="by step"
        ),
        pytest.param(lambda _, *, index: index, None, [(1, 3.0, 2.0)], id="index"),
        pytest.param(lambda _, other=1: other, None, [(1, 1.0, 2.0)], id="an argument of its own"),
        pytest.param(lambda _: [1, None], None, [(1, 1.0, 2.0), (2, None, 2.0)], id="a list"),
        pytest.param(lambda _: None, None, [(1, None, 2.0)], id="a failure"),
        pytest.param(lambda _: [], None, [], id="silence"),
        pytest.param(
            lambda _: {"value": 1, "seconds": 0.5}, None, [(1, 1.0, 0.5)], id="with its time"
        ),
        pytest.param(yields, None, [(1, 0.5, 2.0), (2, 0.7, 9.0), (5, 0.8, 6.0)], id="a generator"),
        pytest.param(yields, 2, [(1, 0.5, 2.0), (2, 0.7, 9.0)], id="no further than its resource"),
    ],
)
def test_a_function_is_a_training(
    function: Callable[..., Any], resource: int | None, want: list[tuple[int, float, float]]
) -> None:
    assert told(function, resource) == want


def test_steps_stand_in_for_a_resource() -> None:
    assert len(told(lambda _, step: step, reading=Reading(metric="accuracy", steps=4))) == 4


def test_a_value_that_is_not_finite_is_reported_as_it_is() -> None:
    ((_, value, _),) = told(lambda _: math.nan)
    assert value is not None
    assert math.isnan(value)


def test_the_seed_differs_between_trials_and_not_between_simulations() -> None:
    training = train_by(lambda _, seed: seed, READING)
    first, again, other = (next(iter(training(attempt(index=i)))).value for i in (0, 0, 1))
    assert first == again
    assert first != other


def test_a_generator_is_asked_no_further_than_the_simulation_goes() -> None:
    asked = []

    def endless(_: Any) -> Iterator[float]:
        while True:
            asked.append(1)
            yield 0.5

    reports = iter(train_by(endless, READING)(attempt()))
    next(reports)
    assert len(asked) == 1


def fails(_: Any) -> float:
    raise ValueError("no such layer")


def takes_names(lr: float, hidden: int) -> float:
    return lr * hidden


def takes_nothing() -> float:
    return 1.0


@pytest.mark.parametrize(
    ("function", "words"),
    [
        pytest.param(takes_nothing, "def takes_nothing(parameters)", id="no argument"),
        pytest.param(takes_names, "takes hidden, which the simulator does not know", id="names"),
        pytest.param(7, "is no function", id="no function"),
        pytest.param(lambda _, step: step, "--steps does", id="steps that nobody said"),
        pytest.param(lambda _: "high", "returned 'high', which is no number", id="text"),
        pytest.param(lambda _: {"loss": 1}, "a dict without 'accuracy' or 'value'", id="dict"),
        pytest.param(lambda _: [{"value": 1, "step": 0}], "step 0 after step 0", id="steps back"),
        pytest.param(lambda _: {"value": 1, "seconds": -1}, "seconds -1", id="time back"),
        pytest.param(fails, "ValueError: no such layer; trial 3, parameters {'lr': 0.5}", id="bug"),
    ],
)
def test_a_function_of_another_form_is_refused_with_the_remedy(function: Any, words: str) -> None:
    with pytest.raises(ObjectiveError, match=re.escape(words)):
        told(function)
