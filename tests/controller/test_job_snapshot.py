"""Which Trials, Jobs and pods belong to a TuningJob: names and labels are claims, owners count."""

from kubetune.controller.snapshot import Snapshot, observe
from kubetune.kube.objects import Job, Pod, Trial
from tests.controller.builders import UID, ago, make_body, make_job, make_pod, make_trial, make_view
from tests.controller.pod_states import ended, job_complete, running
from tests.controller.specs import spec_fields


def snapshot(
    *trials: Trial, jobs: tuple[Job, ...] = (), pods: tuple[Pod, ...] = (), run: str | None = None
) -> Snapshot:
    by_trial: dict[str, tuple[Pod, ...]] = {}
    for pod in pods:
        trial = pod.metadata.labels["kubetune.dev/trial"]
        by_trial[trial] = (*by_trial.get(trial, ()), pod)
    return observe(
        make_body(spec_fields(runId=run)),
        trials=trials,
        jobs={job.metadata.name: job for job in jobs},
        pods=by_trial,
    )


def test_trials_come_in_the_order_of_their_index() -> None:
    got = snapshot(make_trial(10), make_trial(2), make_trial(0))
    assert [view.trial.spec.index for view in got.trials] == [0, 2, 10]


def test_a_trial_of_another_owner_is_left_out_though_it_carries_the_label() -> None:
    got = snapshot(make_trial(0), make_trial(1, owner="the job of that name before"))
    assert [view.trial.spec.index for view in got.trials] == [0]
    assert got.earlier == ()


def test_a_job_of_the_trials_name_that_the_trial_does_not_own_is_not_the_trials() -> None:
    (view,) = snapshot(make_trial(0), jobs=(make_job(0, owner="somebody"),)).trials
    assert view.job is None
    assert view.pod is None


def test_the_newest_pod_of_the_present_job_is_the_one_that_counts() -> None:
    old = make_pod(0, "Failed", suffix="zzzzz", created=ago(90))
    new = make_pod(0, "Running", suffix="aaaaa", created=ago(10))
    other = make_pod(0, "Running", suffix="bbbbb", created=ago(5), owner="the job before")
    (view,) = snapshot(make_trial(0), jobs=(make_job(0),), pods=(new, other, old)).trials
    assert view.pod == new
    assert [pod.metadata.name[-5:] for pod in view.pods] == ["zzzzz", "aaaaa", "bbbbb"]


def test_a_trial_holds_its_slot_as_long_as_any_pod_of_its_lives() -> None:
    lingering = make_pod(0, "Running", running(), owner="the job before")
    assert make_view(make_trial(0, "EarlyStopped"), None, lingering).has_live_pod
    over = make_pod(0, "Failed", ended(1))
    assert not make_view(make_trial(0, "EarlyStopped"), None, over).has_live_pod


def test_trials_of_an_earlier_run_are_apart_until_nothing_of_them_is_left() -> None:
    done = make_trial(0, "Succeeded", run_id="a")
    open_ = make_trial(1, "Running", run_id="a")
    got = snapshot(done, open_, make_trial(0, run_id="b"), run="b")
    assert [view.trial.metadata.name for view in got.trials] == ["digits-b-0"]
    assert [view.trial.metadata.name for view in got.earlier] == ["digits-a-1"]


def test_the_first_run_has_no_id_and_is_not_mixed_with_later_ones() -> None:
    got = snapshot(make_trial(0), make_trial(0, run_id="b"))
    assert [view.trial.metadata.name for view in got.trials] == ["digits-0"]


def test_a_job_is_over_when_it_says_so_or_goes_away() -> None:
    assert not make_view(None, make_job(0)).job_is_over
    assert make_view(None, make_job(0, job_complete())).job_is_over
    assert make_view(None, make_job(0, deleted=ago(1))).job_is_over
    assert make_view(None, None).job_is_over


def test_a_job_is_left_over_when_its_trial_was_ended_by_a_decision() -> None:
    pod = make_pod(0, "Running", running())
    for state in ("EarlyStopped", "Stopped", "Failed"):
        assert make_view(make_trial(0, state), make_job(0), pod).has_leftover_job
    assert not make_view(make_trial(0, "Running"), make_job(0), pod).has_leftover_job
    assert not make_view(make_trial(0, "Stopped"), make_job(0, job_complete())).has_leftover_job


def test_a_job_whose_pod_has_ended_by_itself_is_not_left_over_and_keeps_its_log() -> None:
    pod = make_pod(0, "Succeeded", ended(0))
    assert not make_view(make_trial(0, "Failed"), make_job(0), pod).has_leftover_job


def test_the_snapshot_is_of_the_job_by_its_uid() -> None:
    assert snapshot(make_trial(0, owner=UID)).trials[0].trial.metadata.name == "digits-0"
