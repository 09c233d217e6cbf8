"""What every stopping rule keeps to, whatever it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.core.trial import Trial
from kubetune.stopping.registry import find_stops
from tests.core.builders import make_spec, make_trial
from tests.examples import examples

RULES: dict[str, dict[str, Any]] = {
    "asha": {"strategy": "Hyperband"},
    "asha-brackets": {
        "strategy": "Hyperband",
        "hyperband": {"maxResource": 9, "reductionFactor": 2, "brackets": 3},
    },
    "median": {"strategy": "Random", "earlyStopping": {"type": "Auto"}},
    **{
        f"median-{compare}": {
            "strategy": "Random",
            "earlyStopping": {
                "type": "Auto",
                "median": {"minTrials": 0, "minStep": 0, "compare": compare},
            },
        }
        for compare in ("Current", "Best", "RunningAverage")
    },
}


@st.composite
def histories(draw: st.DrawFn) -> list[Trial]:
    trials = []
    for index in range(draw(st.integers(0, 15))):
        steps = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
        values = {step: draw(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0])) for step in steps}
        state = draw(st.sampled_from(list(TrialState)))
        if state is TrialState.PENDING:
            values = {}
        trials.append(make_trial(index, state, values, bracket=draw(st.sampled_from([None, 0, 2]))))
    return trials


def mirror(trial: Trial) -> Trial:
    values = {o.step: -o.value for o in trial.observations}
    return make_trial(trial.index, trial.state, values, bracket=trial.bracket)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("value", ["Last", "Best"])
@examples(20)
@given(trials=histories(), data=st.data())
def test_a_rule_stops_running_trials_once_each_with_evidence_that_holds(
    name: str, value: str, trials: list[Trial], data: st.DataObject
) -> None:
    spec = make_spec(**RULES[name], value=value)
    stops = find_stops(spec, trials)
    shuffled = data.draw(st.permutations(trials))
    assert stops == find_stops(spec, shuffled)
    found = [stop.index for stop in stops]
    assert found == sorted(set(found))
    for stop in stops:
        trial = trials[stop.index]
        assert trial.state is TrialState.RUNNING
        assert stop.reason
        assert stop.evidence.value < stop.evidence.threshold
        reported = [o.value for o in trial.observations]
        assert min(reported) <= stop.evidence.value <= max(reported)
        assert stop.evidence.step <= trial.observations[-1].step
        assert 1 < stop.evidence.population <= len(trials)


@pytest.mark.parametrize("name", RULES)
@examples(20)
@given(trials=histories())
def test_a_rule_minimises_as_it_maximises(name: str, trials: list[Trial]) -> None:
    largest = find_stops(make_spec(**RULES[name], goal="Maximize"), trials)
    smallest = find_stops(
        make_spec(**RULES[name], goal="Minimize"), [mirror(trial) for trial in trials]
    )
    assert [stop.index for stop in largest] == [stop.index for stop in smallest]


@pytest.mark.parametrize("name", RULES)
@examples(20)
@given(trials=histories())
def test_what_was_stopped_stops_nobody_else(name: str, trials: list[Trial]) -> None:
    spec = make_spec(**RULES[name])
    stops = {stop.index for stop in find_stops(spec, trials)}
    after = [
        make_trial(
            trial.index,
            TrialState.EARLY_STOPPED,
            {o.step: o.value for o in trial.observations},
            bracket=trial.bracket,
        )
        if trial.index in stops
        else trial
        for trial in trials
    ]
    assert find_stops(spec, after) == type(find_stops(spec, after))()
