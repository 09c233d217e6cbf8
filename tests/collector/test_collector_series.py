"""The bounded series: what is never thinned away, and that it stays small."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubetune.collector.series import Series

TIME = "2026-01-02T03:04:05.000Z"


def series(*, rungs: tuple[int, ...] = (), maximize: bool = True, limit: int = 200) -> Series:
    return Series("acc", maximize=maximize, rungs=rungs, limit=limit)


def steps(of: Series) -> list[int]:
    return [observation["step"] for observation in of.observations()]


def test_a_short_series_is_whole_and_ascending() -> None:
    short = series()
    for step in (3, 1, 2):
        short.add(step, {"acc": step / 10}, TIME)
    assert short.observations() == [
        {"step": step, "time": TIME, "metrics": {"acc": step / 10}} for step in (1, 2, 3)
    ]


def test_the_latest_report_of_a_step_wins_metric_by_metric() -> None:
    one = series()
    one.add(1, {"acc": 0.1, "loss": 5.0}, "2026-01-02T03:04:05.000Z")
    one.add(1, {"acc": 0.2}, "2026-01-02T03:04:06.000Z")
    assert one.observations() == [
        {"step": 1, "time": "2026-01-02T03:04:06.000Z", "metrics": {"acc": 0.2, "loss": 5.0}}
    ]


def test_values_that_json_has_no_word_for_go_by_name() -> None:
    one = series()
    one.add(1, {"acc": math.nan, "loss": -math.inf, "f1": math.inf}, TIME)
    one.add(2, {"acc": 0.5, "loss": math.nan}, TIME)
    assert one.observations() == [
        {
            "step": 1, "time": TIME,
            "nonFinite": {"acc": "NaN", "loss": "-Infinity", "f1": "Infinity"},
        },
        {"step": 2, "time": TIME, "metrics": {"acc": 0.5}, "nonFinite": {"loss": "NaN"}},
    ]  # fmt: skip
    json.dumps(one.observations(), allow_nan=False)


def test_a_finite_value_replaces_one_that_was_not() -> None:
    one = series()
    one.add(1, {"acc": math.nan}, TIME)
    one.add(1, {"acc": 0.5}, TIME)
    assert one.observations() == [{"step": 1, "time": TIME, "metrics": {"acc": 0.5}}]


@pytest.mark.parametrize(
    ("rungs", "reported", "want_urgent"),
    [
        pytest.param((), [1, 2, 3], [1], id="only the first where there are no rungs"),
        pytest.param((2, 4), [1, 2, 3, 4, 5], [1, 2, 4], id="each rung once"),
        pytest.param((2, 4, 8), [1, 9, 10], [1, 9], id="a jump over several rungs"),
        pytest.param((2, 4), [4, 2, 5], [4], id="a lower rung after a higher one"),
    ],
)
def test_the_first_objective_and_every_rung_are_urgent(
    rungs: tuple[int, ...], reported: list[int], want_urgent: list[int]
) -> None:
    one = series(rungs=rungs)
    assert [step for step in reported if one.add(step, {"acc": 0.0}, TIME)] == want_urgent


def test_another_metric_alone_is_not_urgent() -> None:
    one = series(rungs=(2,))
    assert not one.add(2, {"loss": 0.0}, TIME)
    assert one.add(2, {"acc": 0.0}, TIME)


def test_a_rung_report_without_the_objective_is_not_the_rungs_observation() -> None:
    one = series(rungs=(50,), limit=10)
    one.add(50, {"loss": 1.0}, TIME)
    for step in range(51, 400):
        one.add(step, {"acc": 0.0}, TIME)
    assert 51 in steps(one)


def test_what_is_left_is_spread_evenly() -> None:
    long = series()
    for step in range(1, 100_001):
        long.add(step, {"acc": 0.0}, TIME)
    kept = steps(long)
    gaps = {later - earlier for earlier, later in pairwise(kept[1:-1])}
    assert 100 <= len(kept) <= 200
    assert len(gaps) == 1


def test_more_rungs_than_places_do_not_break_the_bound() -> None:
    crowded = series(rungs=tuple(range(1000)), limit=20)
    for step in range(1000):
        crowded.add(step, {"acc": float(step)}, TIME)
    assert len(steps(crowded)) <= 20
    assert {0, 999} <= set(steps(crowded))


values = st.sampled_from([0.0, 0.5, 1.0, -3.0, math.nan, math.inf, -math.inf])
reports = st.lists(
    st.tuples(st.integers(0, 300), st.dictionaries(st.sampled_from(["acc", "loss"]), values)),
    max_size=300,
)
rungs = st.lists(st.integers(0, 320), max_size=4, unique=True).map(sorted)


@settings(deadline=None)
@given(reports=reports, rungs=rungs, maximize=st.booleans(), limit=st.sampled_from([15, 40, 400]))
def test_what_decisions_rest_on_is_never_thinned_away(
    reports: list[tuple[int, dict[str, float]]], rungs: list[int], *, maximize: bool, limit: int
) -> None:
    thinned = series(rungs=tuple(rungs), maximize=maximize, limit=limit)
    every: dict[int, dict[str, float]] = {}
    for step, value in sorted(reports, key=lambda report: report[0]):
        thinned.add(step, value, TIME)
        every.setdefault(step, {}).update(value)
    observations = {entry["step"]: entry for entry in thinned.observations()}
    kept = list(observations)
    assert kept == sorted(set(kept))
    assert len(kept) <= limit
    assert set(kept) <= set(every)
    if not every:
        return
    judged = [step for step in sorted(every) if "acc" in every[step]]
    want = {min(every), max(every)} | set(judged[-1:])
    want |= {next((step for step in judged if step >= rung), max(every)) for rung in rungs}
    for name in ("acc", "loss"):
        broken = [step for step in every if not math.isfinite(every[step].get(name, 0.0))]
        want |= set(broken[-1:])
    assert want <= set(kept)
    finite = {step: every[step]["acc"] for step in judged if math.isfinite(every[step]["acc"])}
    if finite:
        best = (max if maximize else min)(finite.values())
        assert best in {entry.get("metrics", {}).get("acc") for entry in observations.values()}


@settings(deadline=None)
@given(reports=reports, at=st.integers(0, 300))
def test_looking_at_a_series_does_not_change_it(
    reports: list[tuple[int, dict[str, float]]], at: int
) -> None:
    watched, unwatched = series(limit=15), series(limit=15)
    for number, (step, value) in enumerate(reports):
        watched.add(step, value, TIME)
        unwatched.add(step, value, TIME)
        if number >= at:
            watched.observations()
    assert watched.observations() == unwatched.observations()


def test_the_most_telling_observations_come_first() -> None:
    one = series(rungs=(2, 4))
    for step, value in enumerate([0.0, 0.1, 0.9, 0.2, 0.3, 0.4]):
        one.add(step, {"acc": value}, TIME)
    told: list[Any] = [point.step for point in one.most_telling()]
    assert told[:2] == [5, 2]
    assert sorted(told) == [0, 1, 2, 3, 4, 5]
    assert told.index(4) < told.index(3)
