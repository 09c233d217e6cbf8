from datetime import timedelta

import pytest

from kubetune.cli.objects import Trial
from kubetune.cli.snapshot import Savings, Snapshot
from tests.cli.cli_builders import a_job, a_stopped_trial, a_trial, at, under_way

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


def test_savings_with_a_resource_are_exact() -> None:
    trials = [
        a_trial(0, "Succeeded", values={27: 0.9}, ended=9),
        a_stopped_trial(1, step=3, value=0.1, threshold=0.5, ended=9),
        a_trial(2, values={5: 0.4}),
    ]
    got = Snapshot.of(a_job(), trials).savings
    assert got == Savings(stopped=1, used=35, whole=59, exact=True)


def test_savings_without_a_resource_take_the_length_of_the_trials_that_succeeded() -> None:
    stopped = a_trial(1, "EarlyStopped", values={4: 0.1}, ended=9, resource=None)
    succeeded = a_trial(0, "Succeeded", values={10: 0.9}, ended=9, resource=None)
    assert Snapshot.of(a_job(), [stopped]).savings is None
    got = Snapshot.of(a_job(), [stopped, succeeded]).savings
    assert got == Savings(stopped=1, used=14, whole=20, exact=False)


def test_nothing_is_saved_where_nothing_was_stopped() -> None:
    assert Snapshot.of(a_job(), [a_trial(0, "Succeeded", ended=3)]).savings is None


def test_a_trial_that_ran_over_its_resource_saves_nothing_but_costs_nothing() -> None:
    late = a_stopped_trial(0, step=30, value=0.1, threshold=0.5, ended=9)
    got = Snapshot.of(a_job(), [late]).savings
    assert got == Savings(stopped=1, used=30, whole=30, exact=True)


def test_observations_run_ahead_of_the_operator() -> None:
    trial = a_trial(0, values={1: 0.2, 7: 0.5}, status={"step": 3})
    assert trial.last_step == 7
    assert trial.value_of("val_accuracy") == 0.5
    assert trial.value_of("unknown") is None
