"""What merging reports promises, whatever was reported in whatever order."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.tuningjob import ObjectiveSpec
from kubetune.core.rungs import rung_levels
from kubetune.kube.objects import Observation
from kubetune.record import observations as reports
from kubetune.record.observations import MAX_OBSERVATIONS, final_value
from tests.controller.builders import make_observation
from tests.controller.specs import make_spec
from tests.examples import examples

RUNGS = rung_levels(1, 729, 3)
OBJECTIVE = make_spec().objective

_steps = st.integers(-2, 2000)
_reports = st.builds(make_observation, _steps, st.floats(-1, 1))
_series = st.lists(_reports, max_size=20)
_long_series = st.builds(
    lambda first, stride: [make_observation(first + stride * i, 0.5) for i in range(450)],
    first=st.integers(0, 5),
    stride=st.integers(1, 9),
)
_any_series = _series | _long_series
_few = examples(20)


def merge(
    known: Sequence[Observation],
    reported: Sequence[Observation],
    *,
    keep: Sequence[int] = (),
    objective: ObjectiveSpec = OBJECTIVE,
) -> tuple[Observation, ...]:
    return reports.merge(known, reported, objective=objective, keep=keep)


def steps(observations: Sequence[Observation]) -> list[int]:
    return [observation.step for observation in observations]


@_few
@given(known=_any_series, reported=_any_series)
def test_the_number_of_observations_is_bounded_and_steps_ascend(
    known: list[Observation], reported: list[Observation]
) -> None:
    merged = steps(merge(known, reported, keep=RUNGS))
    assert len(merged) <= MAX_OBSERVATIONS
    assert merged == sorted(set(merged))
    assert all(step >= 0 for step in merged)


@_few
@given(known=_any_series, reported=_any_series)
def test_the_same_reports_once_more_change_nothing(
    known: list[Observation], reported: list[Observation]
) -> None:
    merged = merge(known, reported, keep=RUNGS)
    assert merge(merged, (), keep=RUNGS) == merged
    if len({*steps(known), *steps(reported)}) <= MAX_OBSERVATIONS:
        assert merge(merged, reported, keep=RUNGS) == merged


@_few
@given(data=st.data(), reported=st.lists(_reports, max_size=60, unique_by=lambda o: o.step))
def test_the_order_of_reports_does_not_matter(
    data: st.DataObject, reported: list[Observation]
) -> None:
    shuffled = data.draw(st.permutations(reported))
    assert merge((), shuffled, keep=RUNGS) == merge((), reported, keep=RUNGS)


@_few
@given(reported=_any_series)
def test_the_first_observation_at_or_past_each_rung_is_never_thinned_away(
    reported: list[Observation],
) -> None:
    merged = steps(merge((), reported, keep=RUNGS))
    ordered = sorted({step for step in steps(reported) if step >= 0})
    for rung in RUNGS:
        want = next((step for step in ordered if step >= rung), None)
        assert want is None or want in merged


@examples(8)
@given(stride=st.integers(1, 50))
def test_rungs_survive_a_series_that_arrives_one_report_at_a_time(stride: int) -> None:
    known: tuple[Observation, ...] = ()
    for step in range(0, 500 * stride, stride):
        known = merge(known, [make_observation(step, 0.5)], keep=RUNGS)
    for rung in RUNGS:
        want = -(-rung // stride) * stride
        assert want >= 500 * stride or want in steps(known)


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
@pytest.mark.parametrize("peak", [301, 302, 303, 304])
def test_the_best_so_far_at_each_rung_and_at_the_end_is_never_thinned_away(
    goal: str, peak: int
) -> None:
    objective = make_spec(goal=goal, value="Best").objective
    best = 1.0 if goal == "Maximize" else -1.0
    known: tuple[Observation, ...] = ()
    for step in range(1000):
        news = [make_observation(step, best if step == peak else 0.0)]
        known = merge(known, news, keep=RUNGS, objective=objective)
    assert final_value(known, objective) == best
    until_the_last_rung = [o for o in known if o.step <= RUNGS[-1]]
    assert final_value(until_the_last_rung, objective) == best


def test_of_a_report_with_thousands_of_metrics_those_that_were_asked_for_are_kept() -> None:
    objective = make_spec(additional=["loss"]).objective
    noise = {f"m{number}": 1.0 for number in range(5000)}
    report = make_observation(1, 0.5, others={"loss": 2.0, **noise})
    (merged,) = merge((), [report], objective=objective)
    assert {"accuracy": 0.5, "loss": 2.0}.items() <= merged.metrics.items()
    assert len(merged.metrics) <= 30


def test_metrics_of_many_reports_of_one_step_do_not_pile_up() -> None:
    known: tuple[Observation, ...] = ()
    for number in range(200):
        known = merge(known, [make_observation(1, 0.5, others={f"m{number}": 1.0})])
    assert len(known[0].metrics) <= 30
    assert known[0].metrics["accuracy"] == 0.5


def test_a_later_report_of_a_step_adds_metrics_and_keeps_the_time_of_the_first() -> None:
    first = make_observation(1, 0.5, others={"loss": 2.0})
    second = make_observation(1, 0.6, at=None, others={"f1": 0.4})
    (merged,) = merge([first], [second])
    assert merged == make_observation(1, 0.6, others={"loss": 2.0, "f1": 0.4})


@pytest.mark.parametrize(
    ("known", "reported", "want"),
    [
        pytest.param(
            make_observation(1, word="NaN"), make_observation(1, 0.5), 0.5, id="a number after NaN"
        ),
        pytest.param(
            make_observation(1, 0.5),
            make_observation(1, word="NaN"),
            "NaN",
            id="NaN after a number",
        ),
    ],
)
def test_the_later_report_of_a_step_is_the_one_that_counts(
    known: Observation, reported: Observation, want: float | str
) -> None:
    assert final_value(merge([known], [reported]), OBJECTIVE) == want


def test_steps_out_of_bounds_are_dropped() -> None:
    kept = make_observation(3, 0.5)
    absurd = msgspec.structs.replace(kept, step=2**60)
    assert merge((), [absurd, kept, msgspec.structs.replace(kept, step=-1)]) == (kept,)


@pytest.mark.parametrize(
    ("value", "goal", "series", "want"),
    [
        pytest.param("Last", "Maximize", [0.9, 0.5], 0.5, id="the last of two"),
        pytest.param("Best", "Maximize", [0.9, 0.5], 0.9, id="the best of two, larger is better"),
        pytest.param("Best", "Minimize", [0.9, 0.5], 0.5, id="the best of two, smaller is better"),
        pytest.param("Last", "Maximize", [0.9, "NaN"], "NaN", id="NaN at the end is the last"),
        pytest.param("Best", "Maximize", [0.9, "NaN"], 0.9, id="NaN at the end is not the best"),
        pytest.param("Last", "Maximize", ["NaN", 0.9], 0.9, id="NaN on the way is forgotten"),
        pytest.param("Best", "Maximize", ["Infinity"], "Infinity", id="nothing but Infinity"),
        pytest.param("Last", "Maximize", [], None, id="nothing at all"),
    ],
)
def test_the_final_value_of_a_trial_is(
    value: str, goal: str, series: list[float | str], want: float | str | None
) -> None:
    objective: ObjectiveSpec = make_spec(value=value, goal=goal).objective
    observations = [
        make_observation(step, word=said) if isinstance(said, str) else make_observation(step, said)
        for step, said in enumerate(series, start=1)
    ]
    assert final_value(observations, objective) == want
