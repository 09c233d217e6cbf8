"""Synchronous brackets: a rung is decided when all are there, and by its table."""

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.trial import Trial
from kubetune.stopping.synchronous import find_promotions, stop_dropped, stop_paused
from tests.core.builders import ACTIVATION, make_spec, make_trial

PENDING, RUNNING, PAUSED = TrialState.PENDING, TrialState.RUNNING, TrialState.PAUSED
FAILED, EARLY = TrialState.FAILED, TrialState.EARLY_STOPPED
SETTINGS = {
    "mode": "Synchronous",
    "restartPromoted": True,
    "maxResource": 9,
    "brackets": 3,
}
SPEC = make_spec("Hyperband", hyperband=SETTINGS)


def paused(index: int, *values: float, bracket: int = 0) -> Trial:
    """A trial that waits at the rung up to which it has values; rungs are 1, 3 and 9."""
    rungs = {3**k: value for k, value in enumerate(values)}
    return make_trial(index, PAUSED, rungs=rungs, bracket=bracket, resource=max(rungs))


def running(index: int, *, resource: int = 1, bracket: int = 0) -> Trial:
    rungs = {step: 0.9 for step in (1, 3) if step < resource}
    return make_trial(index, RUNNING, rungs=rungs, bracket=bracket, resource=resource)


FULL = [paused(i, 0.1 * i) for i in range(9)]


def decided(trials: list[Trial], **limits: int) -> tuple[list[int], list[int]]:
    spec = make_spec("Hyperband", hyperband=SETTINGS, limits=limits)
    assert find_promotions(spec, trials) == find_promotions(spec, sorted(trials, key=by_name))
    return (
        [found.index for found in find_promotions(spec, trials)],
        [found.index for found in stop_dropped(spec, trials)],
    )


def by_name(trial: Trial) -> int:
    return trial.index


@pytest.mark.parametrize(
    ("trials", "promoted", "stopped"),
    [
        pytest.param(FULL, [8, 7, 6], [0, 1, 2, 3, 4, 5], id="all are there"),
        pytest.param(FULL[:8], [], [], id="one is still to come"),
        pytest.param([*FULL[:8], running(8)], [], [], id="one still trains"),
        pytest.param(
            [*FULL[:8], make_trial(8, FAILED, bracket=0, resource=1)],
            [7, 6, 5],
            [0, 1, 2, 3, 4],
            id="one failed, and holds nobody up nor makes the rung smaller",
        ),
        pytest.param(
            [*(make_trial(i, FAILED, bracket=0, resource=1) for i in range(7)), *FULL[7:]],
            [8, 7],
            [],
            id="so many failed that all others go on",
        ),
        pytest.param(
            [*FULL[:8], make_trial(9, RUNNING, bracket=1, resource=3)],
            [7, 6],
            [0, 1, 2, 3, 4, 5],
            id="one was deleted, and the next bracket has begun",
        ),
        pytest.param(
            [*FULL[:6], running(6, resource=3), running(7, resource=3), paused(8, 0.8)],
            [8],
            [0, 1, 2, 3, 4, 5],
            id="two have gone on, the third waits for its slot",
        ),
        pytest.param(
            [
                *(make_trial(i, EARLY, rungs={1: 0.1}, bracket=0, resource=1) for i in range(6)),
                *(paused(i, 0.9, 0.1 * i) for i in (6, 7)),
                running(8, resource=3),
            ],
            [],
            [],
            id="the second rung waits as well",
        ),
        pytest.param(
            [
                *(make_trial(i, EARLY, rungs={1: 0.1}, bracket=0, resource=1) for i in range(6)),
                *(paused(i, 0.9, 0.1 * i) for i in (6, 7, 8)),
            ],
            [8],
            [6, 7],
            id="the second rung is decided",
        ),
        pytest.param(
            [
                *FULL,
                *(
                    make_trial(i, PAUSED, rungs={3: 0.1 * i}, bracket=1, resource=3)
                    for i in range(9, 12)
                ),
            ],
            [8, 7, 6, 11],
            [0, 1, 2, 3, 4, 5, 9, 10],
            id="brackets are decided each for itself, the oldest first",
        ),
    ],
)
def test_rungs_are_decided_when_they_are_complete(
    trials: list[Trial], promoted: list[int], stopped: list[int]
) -> None:
    assert decided(trials) == (promoted, stopped)


def test_a_bracket_that_is_cut_short_by_the_number_of_trials_still_leads_to_the_top() -> None:
    assert decided(FULL[:2], maxTrials=3) == ([], [])
    assert decided(FULL[:2], maxTrials=2) == ([1], [0])


def test_a_bracket_that_is_cut_short_by_the_search_space_is_decided_as_well() -> None:
    spec = make_spec("Hyperband", hyperband=SETTINGS, parameters=[ACTIVATION])
    assert [found.index for found in find_promotions(spec, FULL[:2])] == []
    assert [found.index for found in find_promotions(spec, FULL[:3])] == [2]


def test_evidence_names_the_rung_the_value_and_the_threshold() -> None:
    last = find_promotions(SPEC, FULL)[-1].evidence
    assert (last.rule, last.step, last.population) == ("successive-halving/v1", 1, 9)
    assert last.value == last.threshold == FULL[6].rungs[0].value
    stop = stop_dropped(SPEC, FULL)[0]
    assert stop.evidence.value == 0.0
    assert stop.evidence.threshold == last.threshold
    assert stop.reason == "accuracy 0 at step 1 is not among the best 3 of 9 trials there"


def test_a_job_may_end_before_a_rung_has_as_many_trials_as_go_on() -> None:
    first, second = stop_paused(SPEC, [*FULL[:2], *(running(i) for i in range(2, 9))])
    assert (first.evidence.threshold, first.evidence.population) == (FULL[0].rungs[0].value, 2)
    assert "was among the best 3 of 2 trials there" in second.reason


def test_at_the_end_every_paused_trial_is_stopped() -> None:
    got = stop_paused(SPEC, [*FULL[:4], running(4), paused(5, 0.5, 0.6)])
    assert [stop.index for stop in got] == [0, 1, 2, 3, 5]
    assert stop_paused(make_spec(), FULL) == ()
    assert find_promotions(make_spec(), FULL) == []
