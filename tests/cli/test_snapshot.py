from datetime import timedelta

import pytest

from kubetune.cli.objects import Trial
from kubetune.cli.snapshot import Savings, Snapshot
from tests.cli.cli_builders import a_job, a_stopped_trial, a_trial, at, condition, under_way

OPEN = {"spec": {"limits": {}}, "status": {"plan": None}}


def test_trials_of_the_run_before_are_left_out() -> None:
    job = a_job(status={"runId": "b"})
    trials = [a_trial(1, spec={"runId": "b"}), a_trial(0), a_trial(0, spec={"runId": "b"})]
    got = Snapshot.of(job, trials)
    assert [(trial.spec.index, trial.spec.run_id) for trial in got.trials] == [(0, "b"), (1, "b")]


def test_trials_of_a_deleted_job_of_the_same_name_are_left_out() -> None:
    def owned_by(uid: str) -> Trial:
        return a_trial(0, owner=uid)

    assert Snapshot.of(a_job(), [owned_by("someone else")]).trials == ()
    assert len(Snapshot.of(a_job(), [owned_by("job-uid")]).trials) == 1


def test_the_best_is_that_of_the_trials_while_the_status_lags_behind() -> None:
    lagging = {"best": {"trial": "job-0", "value": 0.5, "parameters": {"lr": 0.1}}}
    trials = [
        a_trial(0, "Succeeded", values={27: 0.5}, ended=5),
        a_trial(1, "Succeeded", values={27: 0.9}, ended=6),
        a_trial(2, "Succeeded", values={27: 0.9}, ended=7),
        a_stopped_trial(3, step=3, value=0.99, threshold=1, ended=8),
        a_trial(4, values={3: 1.0}),
    ]
    best = Snapshot.of(a_job(status=lagging), trials).best
    assert best is not None
    assert (best.trial, best.value, best.resource) == (trials[1].metadata.name, 0.9, 27)
    least = Snapshot.of(a_job(spec={"objective": {"goal": "Minimize"}}), trials).best
    assert least is not None
    assert least.trial == trials[0].metadata.name
    over = [condition("Finished", "MaxTrialsReached")]
    ended = Snapshot.of(a_job(status=lagging, conditions=over, ended=30), trials).best
    assert ended is not None
    assert ended.trial == "job-0"


def test_the_best_is_the_recorded_one_while_no_trial_has_succeeded() -> None:
    recorded = {"best": {"trial": "job-3", "value": 0.5, "parameters": {}}}
    best = Snapshot.of(a_job(status=recorded), [a_trial(4, values={3: 1.0})]).best
    assert best is not None
    assert best.trial == "job-3"
    assert Snapshot.of(a_job(status={"best": None}), []).best is None


def test_the_time_that_is_left_follows_the_pace_so_far() -> None:
    # Five of twenty trials took 95 seconds; fifteen are left.
    assert under_way().left(at(95)) == timedelta(seconds=285)


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot.of(a_job(), [a_trial(i, "Succeeded", ended=1) for i in range(2)]),
        Snapshot.of(a_job(**OPEN), [a_trial(i, "Succeeded", ended=1) for i in range(9)]),
        Snapshot.of(a_job(spec={"suspend": True}), under_way().trials),
        Snapshot.of(a_job(status={"startTime": None}), under_way().trials),
        Snapshot.of(a_job(), [a_trial(i, "Succeeded", ended=1) for i in range(20)]),
    ],
    ids=["too few trials", "open end", "suspended", "not begun", "all done"],
)
def test_no_time_is_estimated_where_it_would_be_a_guess(snapshot: Snapshot) -> None:
    assert snapshot.left(at(60)) is None


def test_elapsed_time_stops_with_the_job_and_is_never_negative() -> None:
    assert Snapshot.of(a_job(ended=30), []).elapsed(at(99)) == timedelta(seconds=30)
    assert Snapshot.of(a_job(), []).elapsed(at(-5)) == timedelta()


STOPPED_ONE = [
    a_trial(0, "Succeeded", values={27: 0.9}, ended=9),
    a_stopped_trial(1, step=3, value=0.1, threshold=0.5, ended=9),
]


SAVED = {"stepsUsed": 35, "stepsSaved": 24}


def test_savings_are_those_of_the_status_and_exact_where_there_are_rungs() -> None:
    got = Snapshot.of(a_job(status=SAVED), STOPPED_ONE).savings
    assert got == Savings(stopped=1, used=35, whole=59, exact=True)
    about = Snapshot.of(a_job(status={**SAVED, "plan": None}), STOPPED_ONE).savings
    assert about == Savings(stopped=1, used=35, whole=59, exact=False)


def test_without_a_number_in_the_status_no_savings_are_told() -> None:
    assert Snapshot.of(a_job(status={"stepsUsed": 35}), STOPPED_ONE).savings is None


def test_nothing_is_saved_where_nothing_was_stopped() -> None:
    assert Snapshot.of(a_job(), [a_trial(0, "Succeeded", ended=3)]).savings is None


def test_observations_run_ahead_of_the_operator() -> None:
    trial = a_trial(0, values={1: 0.2, 7: 0.5}, status={"step": 3})
    assert trial.last_step == 7
    assert trial.value_of("val_accuracy") == 0.5
    assert trial.value_of("unknown") is None
