from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks.search.problem import Point, Problem, floating
from benchmarks.search.protocol import (
    Task,
    Trace,
    UniformSolver,
    drive,
    normalised_regret,
    reference,
)


def line(noise: float = 0.0) -> Problem:
    """The distance from 0.3 on [0, 1]."""

    def truth(point: Point) -> float:
        return abs(float(point["x"]) - 0.3)

    return Problem(
        name="line",
        parameters=(floating("x", 0, 1),),
        truth=truth,
        evaluate=lambda point, rng: truth(point) + noise * float(rng.standard_normal()),
        best=0.0,
    )


@dataclass
class Witness:
    """Asks for 0, 0.01, 0.02, ... and remembers what it was told, and when."""

    calls: list[tuple[str, int]] = field(default_factory=list)
    values: dict[int, float] = field(default_factory=dict)

    def ask(self, index: int) -> Point:
        self.calls.append(("ask", index))
        return {"x": index / 100}

    def tell(self, index: int, point: Point, value: float) -> None:
        assert point == {"x": index / 100}
        self.calls.append(("tell", index))
        self.values[index] = value

    def told(self) -> list[int]:
        return [index for call, index in self.calls if call == "tell"]


def meet(problem: Problem, *, workers: int, budget: int = 20, seed: int = 0) -> Witness:
    witness = Witness()
    drive(Task(problem, workers, budget, seed), lambda _: witness)
    return witness


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param(1.0, 0.0, id="the best point has no regret"),
        pytest.param(3.0, 1.0, id="random search's median has regret one"),
        pytest.param(2.0, 0.5, id="half-way is one half"),
        pytest.param(9.0, 2.0, id="it never exceeds two"),
        pytest.param(0.9, 0.0, id="it is never negative"),
    ],
)
def test_regret_is_measured_against_random_search(value: float, want: float) -> None:
    assert normalised_regret(value, best=1.0, random=3.0) == want


def test_a_problem_that_random_search_solves_is_refused() -> None:
    with pytest.raises(ValueError, match="too easy"):
        normalised_regret(1.0, best=1.0, random=1.0)


def test_one_at_a_time_each_value_is_told_before_the_next_point_is_asked_for() -> None:
    calls = meet(line(), workers=1, budget=3).calls
    assert calls == [(call, index) for index in range(3) for call in ("ask", "tell")]


def test_eight_in_flight_are_never_more_and_only_at_the_end_fewer() -> None:
    flying = 0
    seen = []
    for call, _ in meet(line(), workers=8).calls:
        flying += 1 if call == "ask" else -1
        seen.append(flying)
    assert seen[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seen[8:32] == [7, 8] * 12, "a finished evaluation makes room for one"
    assert seen[32:] == [7, 6, 5, 4, 3, 2, 1, 0]


def test_eight_in_flight_finish_in_an_order_that_the_seed_gives() -> None:
    first = meet(line(), workers=8, seed=1).told()
    assert sorted(first) == list(range(20)), "all are finished"
    assert first != sorted(first), "not in the order of their launch"
    assert first == meet(line(), workers=8, seed=1).told()
    assert first != meet(line(), workers=8, seed=2).told()


def test_the_noise_of_an_evaluation_depends_on_seed_and_index_alone() -> None:
    one = meet(line(noise=1.0), workers=1, seed=4).values
    assert one == meet(line(noise=1.0), workers=8, seed=4).values
    assert one != meet(line(noise=1.0), workers=1, seed=5).values


def test_the_incumbent_is_chosen_by_what_was_observed_and_judged_by_the_truth() -> None:
    observed = [5.0, 1.0, 3.0, 0.0]
    problem = Problem(
        name="told",
        parameters=(floating("x", 0, 1),),
        truth=lambda point: 100 * float(point["x"]),
        evaluate=lambda point, _: observed[round(100 * float(point["x"]))],
        best=0.0,
    )
    trace = drive(Task(problem, 1, 4, 0), lambda _: Witness())
    assert trace.steps == ((1, 0.0), (2, 1.0), (4, 3.0))


def test_a_trace_gives_the_incumbent_after_any_number_of_evaluations() -> None:
    trace = Trace(steps=((1, 9.0), (3, 4.0)), cpu_seconds=0.0)
    assert [trace.after(count) for count in (1, 2, 3, 50)] == [9.0, 9.0, 4.0, 4.0]


def test_random_search_is_the_measure_of_itself() -> None:
    problem = line()
    early, late = reference(problem, (5, 25))
    assert 0 < late < early
    regrets = [
        normalised_regret(
            drive(Task(problem, 1, 25, seed), UniformSolver).after(25), best=0.0, random=late
        )
        for seed in range(60)
    ]
    # The share below a median is 1/2 with a standard error of 0.065 for 60 values.
    assert 0.2 < np.mean(np.array(regrets) < 1.0) < 0.8
