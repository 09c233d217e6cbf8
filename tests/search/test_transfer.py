"""Related tasks and the regret bound, through what others call."""

import pytest

from kubetune.core.space import Point, build_space
from kubetune.search.bounds import regret_bound
from kubetune.search.evidence import Evidence
from kubetune.search.model_search import propose
from tests.core.builders import make_spec

SPACE = build_space(
    make_spec(
        parameters=[{"name": n, "type": "Float", "min": 0.0, "max": 1.0} for n in ("x", "y")]
    ).parameters
)


def bowl(point: Point, x: float = 0.8, y: float = 0.2) -> float:
    return -((float(point["x"]) - x) ** 2) - (float(point["y"]) - y) ** 2


def points(count: int, offset: int = 0) -> list[Point]:
    """Return points that fill the square (the additive recurrence of the plastic number)."""
    numbers = range(offset + 1, offset + count + 1)
    return [SPACE.decode((0.7548776662 * k % 1, 0.5698402910 * k % 1)) for k in numbers]


def scored(count: int, offset: int = 0, **place: float) -> list[tuple[Point, float]]:
    return [(point, bowl(point, **place)) for point in points(count, offset)]


def test_a_related_task_is_followed_before_this_one_knows_where_to_go() -> None:
    related = [(point, 100 * score + 7) for point, score in scored(30, offset=50, x=0.6, y=0.4)]
    known = scored(3, x=0.6, y=0.4)
    (got,) = propose(SPACE, Evidence(scored=known, related=[related]), count=1, seed=1, index=3)
    (alone,) = propose(SPACE, Evidence(scored=known), count=1, seed=1, index=3)
    assert bowl(got.point, x=0.6, y=0.4) > -0.01 > bowl(alone.point, x=0.6, y=0.4)


def test_a_task_that_misleads_is_found_out() -> None:
    misleading = [(point, -score) for point, score in scored(30, offset=50)]
    known = scored(12)
    with_it = Evidence(scored=known, related=[misleading])
    got = propose(SPACE, with_it, count=4, seed=1, index=12)
    alone = propose(SPACE, Evidence(scored=known), count=4, seed=1, index=12)
    assert max(bowl(p.point) for p in got) > max(bowl(p.point) for p in alone) - 0.02


def test_related_points_outside_the_space_or_of_other_kinds_do_no_harm() -> None:
    strange: list[tuple[Point, float]] = [({"x": 7.0, "y": 0.1}, 1.0), ({"x": "a"}, 2.0)]
    evidence = Evidence(scored=scored(4), related=[strange, []])
    assert len(propose(SPACE, evidence, count=2, seed=1, index=4)) == 2


def test_the_regret_bound_shrinks_as_the_space_becomes_known() -> None:
    bounds = [
        regret_bound(SPACE, Evidence(scored=scored(n)), width=2.0, seed=1, index=n) for n in (5, 40)
    ]
    assert bounds[0].gain > 10 * bounds[1].gain > 0
    for bound in bounds:
        assert bound.lower <= 0.01
        assert bound.upper - bound.lower == pytest.approx(bound.gain)
    best = max(score for _, score in scored(40))
    assert bounds[1].lower <= best <= bounds[1].upper
    assert bounds[1].known == 40


def test_pending_points_and_failures_do_not_change_the_regret_bound() -> None:
    known = scored(10)
    alone = regret_bound(SPACE, Evidence(scored=known), width=2.0, seed=1, index=10)
    evidence = Evidence(scored=known, pending=points(3, 20), failed=points(3, 30))
    assert regret_bound(SPACE, evidence, width=2.0, seed=1, index=10) == alone
