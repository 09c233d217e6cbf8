"""What Hyperband's trials say to a model: one rung's scores, and ranks that carry over to it."""

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.search.evidence import Evidence
from kubetune.search.rung_evidence import gather_at_rung
from tests.core.builders import HIDDEN, make_spec, make_trial

PAUSED, RUNNING, EARLY = TrialState.PAUSED, TrialState.RUNNING, TrialState.EARLY_STOPPED
LEVELS = (1, 3, 9)
SPEC = make_spec("Hyperband", parameters=[HIDDEN])


def paused(index: int, *values: float, state: TrialState = PAUSED) -> Trial:
    """A trial of one parameter with values at the rungs 1, 3 and 9."""
    rungs = {3**k: value for k, value in enumerate(values)}
    return make_trial(index, state, rungs=rungs, parameters={"hidden": 16 + 16 * (index % 4)})


def gather(trials: list[Trial], *, goal: str = "Maximize") -> Evidence:
    spec = make_spec("Hyperband", parameters=[HIDDEN], goal=goal)
    return gather_at_rung(trials, build_space(spec.parameters), spec.objective, levels=LEVELS)


def scores(trials: list[Trial], *, goal: str = "Maximize") -> list[float]:
    return [score for _, score in gather(trials, goal=goal).scored]


def test_while_no_rung_has_enough_trials_nothing_is_scored() -> None:
    got = gather([paused(0, 0.5)])
    assert (got.scored, len(got.tried)) == ([], 1)


def test_the_highest_rung_that_enough_trials_have_reached_counts() -> None:
    assert scores([paused(0, 0.1), paused(1, 0.2)]) == [0.1, 0.2]
    higher = [paused(0, 0.1, 0.6), paused(1, 0.2, 0.7), paused(2, 0.3)]
    assert scores(higher) == [0.6, 0.7], "what is below says nothing yet"


def test_a_trial_that_waits_below_is_scored_by_its_rank_there() -> None:
    both = [paused(i, 0.1 * i, 0.5 + 0.1 * i) for i in range(4)]
    got = scores([*both, paused(4, 0.25), paused(5, -1.0), paused(6, 9.0)])
    assert got[:4] == pytest.approx([0.5, 0.6, 0.7, 0.8])
    assert got[4:] == pytest.approx([0.75, 0.5, 0.8], abs=0.06), "never beyond those that went on"


def test_ranks_of_a_rung_that_foretells_nothing_are_not_carried_over() -> None:
    crossing = [paused(i, -0.1 * i, 0.5 + 0.1 * i) for i in range(4)]
    got = gather([*crossing, paused(4, 0.25)])
    assert len(got.scored) == 4
    assert len(got.tried) == 1


def test_trials_without_a_value_are_pending_failed_or_tried() -> None:
    known = [paused(0, 0.1), paused(1, 0.2)]
    others = [
        make_trial(2, RUNNING, parameters={"hidden": 16}),
        make_trial(3, TrialState.FAILED, parameters={"hidden": 16}),
        make_trial(4, TrialState.STOPPED, parameters={"hidden": 16}),
        make_trial(5, parameters={"hidden": "many"}),
    ]
    got = gather([*known, *others])
    assert [len(part) for part in (got.scored, got.pending, got.failed, got.tried)] == [2, 1, 1, 1]


def test_a_trial_that_was_stopped_shows_what_it_reported_at_the_rungs() -> None:
    stopped = [
        make_trial(i, EARLY, {2: 0.3, 4: 0.1 * i}, parameters={"hidden": 16}) for i in range(2)
    ]
    assert scores(stopped) == [0.0, 0.1], "the first report at or past the rung 3"


def test_smaller_values_are_larger_scores_where_the_goal_is_to_minimize() -> None:
    assert scores([paused(0, 0.1), paused(1, 0.2)], goal="Minimize") == [-0.1, -0.2]
