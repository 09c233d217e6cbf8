"""The status of a TuningJob: counts, the incumbent, the plan; its size is the same for any job."""

import json
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import Phase, PlanStatus, TuningJobStatus
from kubetune.core.decision import Outcome, OutcomeKind
from kubetune.core.trial import Trial
from kubetune.record.status import (
    KEPT_RUNS,
    JobVerdict,
    begin_run,
    build_status,
    dump_status,
    is_accepted,
    is_finished,
    read_status,
    verdict_of,
)
from kubetune.record.trials import core_trial
from tests.controller.builders import NOW, later, make_body, make_trial
from tests.controller.specs import make_spec

RUNNING = JobVerdict(phase=Phase.RUNNING, reason="Tuning")
COMPLETE = JobVerdict(phase=Phase.COMPLETE, reason="MaxTrialsReached", message="all done")


def trial(index: int, state: str, **fields: Any) -> Trial:
    return core_trial(make_trial(index, state, **fields), make_spec(), holds_slot=False)


def status_of(
    *trials: Trial,
    old: TuningJobStatus | None = None,
    verdict: JobVerdict = RUNNING,
    plan: PlanStatus | None = None,
    goal: str = "Maximize",
) -> TuningJobStatus:
    return build_status(
        old or TuningJobStatus(),
        make_spec(goal=goal),
        trials,
        verdict,
        generation=3,
        plan=plan,
        now=NOW,
    )


def test_every_trial_is_counted_in_its_state_and_in_no_other() -> None:
    states = list(TrialState)
    trials = [
        trial(10 * number + copy, state.value)
        for number, state in enumerate(states)
        for copy in range(number + 1)
    ]
    status = status_of(*trials)
    assert status.trials is not None
    counts = status.trials.model_dump(by_alias=True)
    want = {state[0].lower() + state[1:]: number for number, state in enumerate(states, start=1)}
    assert counts == want


@pytest.mark.parametrize(
    ("plan", "want"),
    [
        pytest.param(PlanStatus(trials=60), "2/60", id="finished of wanted"),
        pytest.param(PlanStatus(), "2", id="finished, when the number is open"),
        pytest.param(None, "2", id="finished, when there is no plan"),
    ],
)
def test_progress_is(plan: PlanStatus | None, want: str) -> None:
    trials = [trial(0, "Succeeded"), trial(1, "Failed"), trial(2, "Running"), trial(3, "Pending")]
    assert status_of(*trials, plan=plan).progress == want


@pytest.mark.parametrize(
    ("goal", "want"), [("Maximize", ("digits-1", 0.9)), ("Minimize", ("digits-0", 0.5))]
)
def test_the_best_trial_is_named_with_its_value(goal: str, want: tuple[str, float]) -> None:
    trials = [
        trial(0, "Succeeded", values={4: 0.5}, value=0.5),
        trial(1, "Succeeded", values={4: 0.9}, value=0.9),
    ]
    best = status_of(*trials, goal=goal).best
    assert best is not None
    assert (best.trial, best.value) == want
    assert (best.parameters, best.resource) == ({"lr": 0.1}, 4)


def test_there_is_no_best_trial_before_one_has_a_value() -> None:
    assert status_of(trial(0, "Running", values={1: 0.5}), trial(1, "Failed")).best is None


def test_the_steps_of_all_trials_are_added_up() -> None:
    trials = [trial(0, "Succeeded", values={3: 0.1, 9: 0.5}), trial(1, "Running", values={4: 0.1})]
    assert status_of(*trials).steps_used == 13


def test_the_completion_time_is_set_once_and_stays() -> None:
    ended = status_of(verdict=COMPLETE)
    assert ended.completion_time == NOW
    again = build_status(ended, make_spec(), (), COMPLETE, generation=4, plan=None, now=later(500))
    assert again.completion_time == NOW
    assert status_of(verdict=RUNNING).completion_time is None


def test_without_a_readable_spec_the_results_stay_as_they_are() -> None:
    old = status_of(trial(0, "Succeeded", values={1: 0.9}, value=0.9))
    refused = JobVerdict(phase=Phase.PENDING, reason="InvalidSpec", accepted=False, message="no")
    status = build_status(old, None, (), refused, generation=9, plan=None, now=NOW)
    assert (status.best, status.trials, status.progress) == (old.best, old.trials, old.progress)
    assert not is_accepted(status)
    assert status.observed_generation == 9


def test_a_very_long_message_fits_into_the_schema() -> None:
    refused = JobVerdict(phase=Phase.PENDING, reason="R", accepted=False, message="long " * 9000)
    status = status_of(verdict=refused)
    TuningJobStatus.model_validate(dump_status(status))


def test_the_size_of_the_status_does_not_grow_with_the_number_of_trials() -> None:
    def size(number: int) -> int:
        trials = [
            trial(i, "Succeeded", values=dict.fromkeys(range(20), 0.5), value=0.5)
            for i in range(number)
        ]
        plan = PlanStatus(trials=1000)
        return len(json.dumps(dump_status(status_of(*trials, plan=plan))))

    # Only the counters get longer: by two digits each.
    assert size(1000) - size(10) <= 3 * 4


def test_a_status_survives_being_written_and_read() -> None:
    status = status_of(
        trial(0, "Succeeded", values={1: 0.9}, value=0.9),
        verdict=COMPLETE,
        plan=PlanStatus(trials=1),
    )
    assert read_status(make_body(status=dump_status(status))) == status
    assert is_finished(status)
    assert is_accepted(status)


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param({}, id="empty"),
        pytest.param({"observedGeneration": -1}, id="the schema's default"),
        pytest.param({"phase": "Dreaming"}, id="a phase of another version"),
        pytest.param({"conditions": [{"type": "Odd"}]}, id="conditions of another version"),
    ],
)
def test_a_status_that_this_version_cannot_read_counts_as_none(recorded: dict[str, Any]) -> None:
    assert read_status(make_body(status=recorded)) == TuningJobStatus()


def test_fields_of_a_newer_version_are_passed_over() -> None:
    recorded = {"observedGeneration": 2, "phase": "Running", "mood": "good"}
    assert read_status(make_body(status=recorded)).phase is Phase.RUNNING


def test_a_new_run_starts_from_nothing_and_remembers_how_the_one_before_ended() -> None:
    best = trial(0, "Succeeded", values={1: 0.9}, value=0.9)
    old = status_of(best, verdict=COMPLETE).model_copy(update={"start_time": NOW, "run_id": "a"})
    new = begin_run(old, make_spec(runId="b"), seed=5)
    assert (new.run_id, new.seed, new.best, new.start_time, new.phase) == (
        "b",
        5,
        None,
        None,
        None,
    )
    (summary,) = new.previous_runs
    assert (summary.run_id, summary.reason, summary.best) == ("a", "MaxTrialsReached", old.best)


def test_the_number_of_runs_that_are_remembered_is_bounded_and_the_newest_come_first() -> None:
    status = TuningJobStatus()
    for number in range(KEPT_RUNS + 3):
        status = begin_run(status, make_spec(runId=f"run-{number}"), seed=1)
        status = status_of(old=status, verdict=COMPLETE).model_copy(update={"start_time": NOW})
    assert [run.run_id for run in status.previous_runs] == [
        f"run-{number}" for number in range(KEPT_RUNS + 1, 1, -1)
    ]


def test_a_run_that_was_refused_before_it_began_is_not_remembered() -> None:
    refused = JobVerdict(phase=Phase.PENDING, reason="InvalidSpec", accepted=False)
    old = status_of(verdict=refused)
    assert begin_run(old, make_spec(runId="b"), seed=1).previous_runs == []


@pytest.mark.parametrize(
    ("outcome", "suspend", "want_phase", "want_reason"),
    [
        pytest.param(
            Outcome(kind=OutcomeKind.COMPLETE, reason="TargetReached", message="m"),
            False,
            Phase.COMPLETE,
            "TargetReached",
            id="a good end",
        ),
        pytest.param(
            Outcome(kind=OutcomeKind.FAILED, reason="TooManyFailedTrials", message="m"),
            False,
            Phase.FAILED,
            "TooManyFailedTrials",
            id="a bad end",
        ),
        pytest.param(
            Outcome(kind=OutcomeKind.COMPLETE, reason="StoppedByUser", message="m"),
            True,
            Phase.COMPLETE,
            "StoppedByUser",
            id="an end while suspended is an end",
        ),
        pytest.param(None, True, Phase.SUSPENDED, "SuspendedByUser", id="suspended"),
        pytest.param(None, False, Phase.RUNNING, "Tuning", id="neither"),
    ],
)
def test_an_accepted_job_stands(
    outcome: Outcome | None,
    suspend: bool,  # noqa: FBT001  a parameter of the test
    want_phase: Phase,
    want_reason: str,
) -> None:
    verdict = verdict_of(make_spec(suspend=suspend), outcome, degraded="why")
    assert (verdict.phase, verdict.reason, verdict.degraded) == (want_phase, want_reason, "why")
