import math

import numpy as np
import pytest

from benchmarks.curves.loop import Marks, Start, run
from benchmarks.curves.models import EPOCHS
from benchmarks.curves.ours import simulate
from benchmarks.curves.peers import HyperbandFromScratch, RandomSearch
from benchmarks.curves.protocol import regret, speed_up, time_to, value_at
from benchmarks.curves.table import CurveTable
from benchmarks.search.problem import categorical, floating
from benchmarks.search.protocol import Trace
from kubetune.core.space import build_space


def make_table(rows: int = 30) -> CurveTable:
    """Curves that fall towards 0.00, 0.01, ... of the row; every full training takes one unit."""
    parameters = (floating("x", 0, 1),)
    space = build_space(parameters)
    design = np.array([[row / (rows - 1)] for row in range(rows)])
    epochs = np.arange(1, EPOCHS + 1)
    values = np.array([row / 100 + 1 / epochs - 1 / EPOCHS for row in range(rows)])
    pace = np.full(rows, 1 / EPOCHS)
    return CurveTable("falling", parameters, space, design, values, pace)


def trace(*steps: tuple[float, float]) -> Trace:
    return Trace(steps=steps, cpu_seconds=0.0)


def test_a_point_is_answered_by_the_nearest_of_the_design() -> None:
    table = make_table(rows=11)
    assert [table.row({"x": x}) for x in (0.0, 0.04, 0.06, 1.0)] == [0, 0, 1, 10]


def test_another_category_is_as_far_as_a_whole_range() -> None:
    parameters = (floating("x", 0, 1), categorical("c", ["a", "b"]))
    space = build_space(parameters)
    design = np.array([space.encode({"x": 0.1, "c": "a"}), space.encode({"x": 0.9, "c": "b"})])
    table = CurveTable("two", parameters, space, design, np.zeros((2, 1)), np.ones(2))
    assert table.row({"x": 0.8, "c": "a"}) == 0
    assert table.row({"x": 0.2, "c": "b"}) == 1


def test_values_are_reported_at_the_rungs_within_the_limits() -> None:
    table = make_table()
    assert [step for step, _ in table.reports(0)] == [1, 3, 9, 27, 81]
    assert [step for step, _ in table.reports(0, after=3, to=27)] == [9, 27]


@pytest.mark.parametrize("workers", [1, 4])
def test_random_search_ends_a_full_training_per_worker_and_unit_of_time(workers: int) -> None:
    class Counting(RandomSearch):
        ended = 0

        def report(self, start: Start, step: int, value: float) -> bool:
            self.ended += step == EPOCHS
            return super().report(start, step, value)

    peer = Counting(make_table(), 0)
    marks = run(make_table(), peer, workers=workers, horizon=5.01)
    assert peer.ended == 5 * workers
    assert [value for _, value in marks] == sorted((v for _, v in marks), reverse=True)
    assert all(at == pytest.approx(round(at)) for at, _ in marks)


def test_a_peer_that_stops_a_training_frees_its_worker_at_once() -> None:
    class Impatient(RandomSearch):
        started = 0

        def start(self) -> Start:
            self.started += 1
            return super().start()

        def report(self, start: Start, step: int, value: float) -> bool:
            return super().report(start, step, value) and step < 3

    peer = Impatient(make_table(), 0)
    assert run(make_table(), peer, workers=1, horizon=1.0 + 1e-9) == ()
    assert peer.started == EPOCHS // 3 + 1


def test_hyperband_from_scratch_keeps_a_third_at_each_rung_and_waits_for_the_last() -> None:
    starts: list[int] = []

    class Watched(HyperbandFromScratch):
        def start(self) -> Start | None:
            start = super().start()
            if start is not None:
                starts.append(start.to)
            return start

    run(make_table(), Watched(make_table(), 0), workers=3, horizon=4.0)
    first = starts[: 81 + 27 + 9 + 3 + 1]
    assert first == [1] * 81 + [3] * 27 + [9] * 9 + [27] * 3 + [81]


def test_only_a_better_full_training_makes_a_mark() -> None:
    marks = Marks()
    for at, value in ((1.0, 5.0), (2.0, 7.0), (3.0, 5.0), (4.0, 1.0)):
        marks.take(at, value)
    assert marks.steps == [(1.0, 5.0), (4.0, 1.0)]


def test_speed_up_is_the_deadline_over_the_median_time_to_the_target() -> None:
    traces = [trace((4.0, 1.0)), trace((2.0, 3.0), (5.0, 0.5)), trace((1.0, 9.0))]
    assert [time_to(one, 1.0) for one in traces] == [4.0, 5.0, math.inf]
    assert speed_up(traces, 1.0, 10.0) == 2.0
    assert speed_up(traces[2:], 1.0, 10.0) == 0.0


@pytest.mark.parametrize(
    ("at", "want"),
    [
        pytest.param(0.5, 2.0, id="nothing has ended: the worst"),
        pytest.param(1.0, 1.0, id="as good as random search"),
        pytest.param(9.0, 0.0, id="the best of the table"),
    ],
)
def test_regret_at_the_deadline_is_measured_against_random_search(at: float, want: float) -> None:
    one = trace((1.0, 4.0), (2.0, 2.0))
    assert regret(one, best=2.0, random=4.0, deadline=at) == want
    assert value_at(one, 0.5) == math.inf


def test_our_modes_run_in_the_simulator_until_the_deadline() -> None:
    table = make_table()
    hyperband = {"maxResource": EPOCHS, "brackets": 1}
    fields = {"strategy": {"type": "Hyperband", "hyperband": hyperband}}
    one = simulate(table, fields, workers=4, horizon=3.0, seed=1)
    assert one.steps[0][0] == pytest.approx(1.0), "the first full training ends after one unit"
    assert one.steps[-1][0] <= 3.0
    assert one.decisions > 3
    assert one.cpu_seconds > 0
    again = simulate(table, fields, workers=4, horizon=3.0, seed=1)
    assert again.steps == one.steps


def test_a_trial_that_was_stopped_is_no_result() -> None:
    table = make_table()
    random = simulate(table, {"strategy": {"type": "Random"}}, workers=1, horizon=1.5, seed=0)
    assert len(random.steps) == 1
    assert (
        simulate(table, {"strategy": {"type": "Random"}}, workers=1, horizon=0.9, seed=0).steps
        == ()
    )
