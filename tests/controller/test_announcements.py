"""What people read in `kubectl describe`."""

from typing import Any

import pytest

from kubetune.api.tuningjob_status import Phase
from kubetune.controller.announce import announce_job, announce_launch, announce_trial
from kubetune.kube.objects import Trial
from tests.controller.builders import make_body, make_trial
from tests.controller.fake_cluster import FakeApi, FakeClient
from tests.controller.fake_operator import Notes

BODY = make_body()


def notes() -> Notes:
    return Notes(FakeClient(FakeApi()))


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(
            make_trial(),
            make_trial(0, "Running", reason="Training"),
            [("Trial", "Training", "Normal", "trial digits-0 is Running")],
            id="a start is told of the trial alone",
        ),
        pytest.param(
            make_trial(0, "Running", reason="Training"),
            make_trial(0, "Failed", reason="OOMKilled", message="more memory"),
            [
                ("Trial", "OOMKilled", "Warning", "more memory"),
                ("TuningJob", "TrialFailed", "Warning", "digits-0: OOMKilled: more memory"),
            ],
            id="a failure is told of the job as well",
        ),
        pytest.param(
            make_trial(0, "Running", reason="Training"),
            make_trial(0, "EarlyStopped", reason="WillNotWin", message="0.1 is worse than 0.5"),
            [
                ("Trial", "WillNotWin", "Normal", "0.1 is worse than 0.5"),
                (
                    "TuningJob",
                    "TrialEarlyStopped",
                    "Normal",
                    "digits-0: WillNotWin: 0.1 is worse than 0.5",
                ),
            ],
            id="an early stop is told of both and is no trouble",
        ),
        pytest.param(
            make_trial(),
            make_trial(0, "Pending", reason="Unschedulable", message="no GPU"),
            [("Trial", "Unschedulable", "Warning", "no GPU")],
            id="a wait is told with its cause",
        ),
        pytest.param(
            make_trial(0, "Running", reason="Training"),
            make_trial(0, "Running", {1: 0.5}, reason="Training"),
            [],
            id="progress alone is not told",
        ),
        pytest.param(
            make_trial(0, reason="JobRefused"), make_trial(), [], id="no reason, nothing to tell"
        ),
    ],
)
def test_a_change_of_a_trial_is_told_in_events(
    old: Trial, new: Trial, want: list[tuple[str, ...]]
) -> None:
    recorder = notes()
    announce_trial(recorder, BODY, old, new)
    assert recorder.events == want


def test_a_launch_names_the_point_and_why_it_was_chosen() -> None:
    recorder = notes()
    announce_launch(recorder, make_trial(), "point 0 of the grid")
    assert recorder.told == [("Trial", "Launched", "lr=0.1 (point 0 of the grid)")]


@pytest.mark.parametrize(
    ("phase", "want"),
    [
        (Phase.RUNNING, "Normal"),
        (Phase.COMPLETE, "Normal"),
        (Phase.SUSPENDED, "Normal"),
        (Phase.FAILED, "Warning"),
        (Phase.PENDING, "Warning"),
    ],
)
def test_a_job_that_failed_or_was_refused_is_a_warning(phase: Phase, want: Any) -> None:
    recorder = notes()
    announce_job(recorder, BODY, phase, "Because", "")
    assert recorder.events == [("TuningJob", "Because", want, f"the job is {phase.value}")]
