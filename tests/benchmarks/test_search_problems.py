from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks.search import synthetic
from benchmarks.search.ours import KubetuneSolver
from benchmarks.search.positions import count_steps
from benchmarks.search.problem import Problem, categorical, floating, integer
from benchmarks.search.problems import PROBLEMS, STANDARD
from benchmarks.search.protocol import Task, drive
from benchmarks.search.solvers import SOLVERS
from benchmarks.search.tables import Column
from kubetune.api.parameters import ParameterValue
from kubetune.core.seeding import uniforms
from kubetune.core.space import build_space

HARTMANN6 = (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)
HARTMANN3 = (0.114614, 0.555649, 0.852547)
BENT = (5 - 2.903534) / 10  # the place of the optimum along each axis

OPTIMA: dict[str, tuple[Problem, Mapping[str, ParameterValue]]] = {
    "branin": (synthetic.branin(), {"x0": -np.pi, "x1": 12.275}),
    "hartmann6": (synthetic.hartmann6(), {f"x{i}": x for i, x in enumerate(HARTMANN6)}),
    "plateau": (synthetic.hartmann6_plateau(), {f"x{i}": x for i, x in enumerate(HARTMANN6)}),
    "heteroscedastic": (
        synthetic.hartmann3_heteroscedastic(),
        {f"x{i}": x for i, x in enumerate(HARTMANN3)},
    ),
    "levy": (
        synthetic.levy_mixed(),
        {"x0": -3.0, "x1": 2.0, "x2": 5.0, "x3": -4, "x4": 6, "colour": "blue"},
    ),
    "ackley": (
        synthetic.ackley_mixed(),
        {"x0": 5.3, "x1": -3.9, "x2": 1.2, "x3": 3, "x4": -4, "kind": "rmsprop", "kernel": "poly"},
    ),
    "styblinski": (
        synthetic.styblinski_warped(),
        {
            "x0": 10 ** (6 * BENT - 6),
            "x1": 10 ** (4 * BENT - 3),
            "x2": BENT**0.25,
            "x3": BENT**4,
        },
    ),
}


@pytest.mark.parametrize("name", OPTIMA)
def test_the_best_value_is_the_one_at_the_known_optimum(name: str) -> None:
    problem, optimum = OPTIMA[name]
    assert problem.truth(optimum) == pytest.approx(problem.best, abs=1e-5)


@pytest.mark.parametrize("name", OPTIMA)
def test_no_point_is_better_than_the_best(name: str) -> None:
    problem, _ = OPTIMA[name]
    space = build_space(problem.parameters)
    points = [space.decode(uniforms(0, i, "test", len(space.axes))) for i in range(300)]
    assert min(problem.truth(point) for point in points) >= problem.best - 1e-9


def test_the_standard_problems_are_known() -> None:
    assert set(STANDARD) <= set(PROBLEMS)


def test_a_number_beside_a_tables_grid_is_answered_by_the_nearest_in_its_own_scale() -> None:
    grid = (1.0, 10.0, 100.0)
    log = Column(floating("lr", 1, 100, scale="Log"), grid)
    linear = Column(floating("lr", 1, 100), grid)
    assert (log.position(4.0), linear.position(4.0)) == (1, 0)
    assert [log.position(value) for value in grid] == [0, 1, 2]
    assert Column(categorical("op", ["b", "a"]), ("b", "a")).position("a") == 1


def test_steps_are_counted_for_peers_that_have_none_and_put_back() -> None:
    parameters = [floating("dropout", 0.0, 0.6, step=0.3), integer("n", 3, 9), floating("x", 0, 1)]
    counted, restore = count_steps(parameters)
    assert (counted[0].type, counted[0].min, counted[0].max) == ("Integer", 0, 2)
    assert counted[1:] == parameters[1:]
    assert restore({"dropout": 2.0, "n": 4.0, "x": 0.25}) == {"dropout": 0.6, "n": 4, "x": 0.25}


def test_our_strategies_are_asked_through_the_planner_which_fills_free_slots() -> None:
    solver = KubetuneSolver(Task(synthetic.branin(), 8, 20, 3), {"type": "Random"})
    points = [dict(solver.ask(index)) for index in range(8)]
    with pytest.raises(RuntimeError, match="nothing was launched"):
        solver.ask(8)
    solver.tell(5, points[5], 1.0)
    assert dict(solver.ask(8)) not in points


def test_our_strategies_spend_the_same_budget_as_a_peer() -> None:
    trace = drive(
        Task(synthetic.branin(), 8, 20, 3), lambda task: KubetuneSolver(task, {"type": "Random"})
    )
    assert trace.steps[0][0] == 1
    assert trace.after(20) <= trace.after(1)


def test_every_solver_is_a_strategy_of_ours_or_names_where_it_is_from() -> None:
    nameless = [n for n, e in SOLVERS.items() if n != "random" and not (e.ours or e.module)]
    assert nameless == []
