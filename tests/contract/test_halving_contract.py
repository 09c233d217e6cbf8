"""What every mode of Hyperband that pauses trials keeps to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial
from kubetune.stopping.registry import find_promotions, find_stops, retire_paused
from tests.core.builders import make_spec, make_trial
from tests.examples import examples

BASE = {"restartPromoted": True, "maxResource": 9, "minResource": 1}
MODES: dict[str, dict[str, Any]] = {
    "promotion": {**BASE, "mode": "Promotion"},
    "promotion-brackets": {**BASE, "mode": "Promotion", "reductionFactor": 2, "brackets": 3},
    "synchronous": {**BASE, "mode": "Synchronous", "brackets": 3},
}
VALUES = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0])


@st.composite
def histories(draw: st.DrawFn, levels: tuple[int, ...]) -> list[Trial]:
    """Trials that stand anywhere: paused at a rung, on their way to one, ended somehow."""
    trials = []
    for index in range(draw(st.integers(0, 14))):
        bracket = draw(st.integers(0, 2))
        kind = levels[bracket % len(levels) :]
        done = draw(st.integers(0, len(kind) - 1))
        state = draw(st.sampled_from(list(TrialState)))
        if state is TrialState.PAUSED and done == 0:
            state = TrialState.RUNNING
        resource = kind[done - 1] if state is TrialState.PAUSED else kind[done]
        rungs = {level: draw(VALUES) for level in kind[:done]}
        trials.append(make_trial(index, state, rungs=rungs, bracket=bracket, resource=resource))
    return trials


def mirrored(trial: Trial) -> Trial:
    rungs = tuple(replace(seen, value=-seen.value) for seen in trial.rungs)
    return replace(trial, rungs=rungs)


@pytest.mark.parametrize("name", MODES)
@examples(30)
@given(data=st.data())
def test_paused_trials_go_on_to_the_next_rung_or_stop_with_evidence_that_holds(
    name: str, data: st.DataObject
) -> None:
    spec = make_spec("Hyperband", hyperband=MODES[name])
    assert spec.strategy.hyperband is not None
    levels = levels_of(spec.strategy.hyperband)
    trials = data.draw(histories(levels))
    promotions, stops = find_promotions(spec, trials), find_stops(spec, trials)
    for found in promotions:
        trial = trials[found.index]
        assert trial.state is TrialState.PAUSED
        at = trial.rungs[-1]
        assert (found.evidence.step, found.evidence.value) == (at.step, at.value)
        assert found.resource == levels[levels.index(at.step) + 1]
        assert found.evidence.value >= found.evidence.threshold
        assert found.reason
    for stop in stops:
        assert trials[stop.index].state is TrialState.PAUSED
        assert stop.evidence.value <= stop.evidence.threshold
    indices = [found.index for found in promotions]
    assert len(set(indices)) == len(indices)
    assert not set(indices) & {stop.index for stop in stops}
    paused = [trial.index for trial in trials if trial.state is TrialState.PAUSED]
    assert [stop.index for stop in retire_paused(spec, trials)] == paused


@pytest.mark.parametrize("name", MODES)
@examples(20)
@given(data=st.data())
def test_a_mode_minimises_as_it_maximises(name: str, data: st.DataObject) -> None:
    largest = make_spec("Hyperband", hyperband=MODES[name], goal="Maximize")
    smallest = make_spec("Hyperband", hyperband=MODES[name], goal="Minimize")
    assert largest.strategy.hyperband is not None
    trials = data.draw(histories(levels_of(largest.strategy.hyperband)))
    other = [mirrored(trial) for trial in trials]
    for find in (find_promotions, find_stops, retire_paused):
        want = [found.index for found in find(largest, trials)]
        assert [found.index for found in find(smallest, other)] == want


@pytest.mark.parametrize("name", MODES)
@examples(20)
@given(data=st.data())
def test_carrying_out_a_decision_asks_for_no_more(name: str, data: st.DataObject) -> None:
    spec = make_spec("Hyperband", hyperband=MODES[name])
    assert spec.strategy.hyperband is not None
    trials = data.draw(histories(levels_of(spec.strategy.hyperband)))
    promoted = {found.index: found.resource for found in find_promotions(spec, trials)}
    stopped = {stop.index for stop in find_stops(spec, trials)}
    after = []
    for trial in trials:
        if trial.index in promoted:
            trial = replace(  # noqa: PLW2901  the same trial
                trial, state=TrialState.PENDING, resource=promoted[trial.index]
            )
        elif trial.index in stopped:
            trial = replace(trial, state=TrialState.EARLY_STOPPED)  # noqa: PLW2901  the same trial
        after.append(trial)
    assert list(find_promotions(spec, after)) == []
    assert list(find_stops(spec, after)) == []
