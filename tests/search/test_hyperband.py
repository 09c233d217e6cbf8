from collections import Counter

import pytest

from kubetune.core.space import build_space
from kubetune.errors import StrategyError
from kubetune.search import hyperband, random_search
from tests.core.builders import ACTIVATION, HIDDEN, make_spec


def test_every_trial_starts_with_the_full_resource() -> None:
    got = hyperband.suggest(make_spec("Hyperband"), [], count=4, first_index=2, seed=7)
    assert [s.index for s in got] == [2, 3, 4, 5]
    assert {(s.resource, s.bracket) for s in got} == {(27, 0)}
    assert got[0].reason == "pseudorandom point 2 of seed 7, first judged at step 1"


def test_the_points_are_those_of_random_search() -> None:
    want = random_search.suggest(make_spec("Random"), [], count=4, first_index=0, seed=7)
    got = hyperband.suggest(make_spec("Hyperband"), [], count=4, first_index=0, seed=7)
    assert [s.parameters for s in got] == [s.parameters for s in want]


def test_brackets_are_drawn_in_proportion_to_their_sizes() -> None:
    spec = make_spec("Hyperband", hyperband={"maxResource": 27, "brackets": 4})
    got = hyperband.suggest(spec, [], count=4900, first_index=0, seed=7)
    drawn = Counter(s.bracket for s in got)
    # 27 : 12 : 6 : 4 of 49; six standard errors of a count of 2700 are 210.
    assert {
        b: abs(drawn[b] - 100 * n) < 210 for b, n in enumerate((27, 12, 6, 4))
    } == dict.fromkeys(range(4), True)


def test_the_bracket_of_an_index_stays_the_same() -> None:
    spec = make_spec("Hyperband", hyperband={"maxResource": 27, "brackets": 4})
    whole = hyperband.suggest(spec, [], count=50, first_index=0, seed=7)
    for index in (0, 17, 49):
        (again,) = hyperband.suggest(spec, [], count=1, first_index=index, seed=7)
        assert again == whole[index]
    assert {s.reason.rsplit(" ", 1)[1] for s in whole} == {"1", "3", "9", "27"}


def test_a_finite_space_is_tried_once() -> None:
    spec = make_spec("Hyperband", parameters=[HIDDEN, ACTIVATION])
    got = hyperband.suggest(spec, [], count=12, first_index=0, seed=7)
    space = build_space(spec.parameters)
    assert len({space.key(s.parameters) for s in got}) == 12


def test_without_its_settings_it_cannot_answer() -> None:
    with pytest.raises(StrategyError, match="maxResource"):
        hyperband.suggest(make_spec("Random"), [], count=1, first_index=0, seed=7)
