"""What an attempt leaves behind, in the cases that a run of the whole operator rarely meets."""

from datetime import datetime
from typing import Any

import pytest

from kubetune.controller.attempts import KEPT_ATTEMPTS, accounted
from kubetune.kube.objects import Attempt, Pod, Trial, TrialStatus
from kubetune.record.verdict import changed
from tests.controller.builders import NOW, ago, make_job, make_pod, make_trial, make_view
from tests.controller.pod_states import ended
from tests.controller.specs import make_spec, template

SPEC = make_spec(
    job_template=template(
        containers=[{"name": "train", "resources": {"limits": {"nvidia.com/gpu": 2}}}]
    )
)
RUNNING = make_trial(0, "Running", {1: 0.1, 2: 0.2}, started=ago(100), attempts=1)


def account(trial: Trial, *pods: Pod, now: datetime = NOW, **changes: Any) -> TrialStatus:
    view = make_view(trial, make_job(), *pods)
    return accounted(view, changed(trial.status, **changes), SPEC, now=now)


@pytest.mark.parametrize(
    ("trial", "changes", "want"),
    [
        pytest.param(RUNNING, {"message": "news"}, None, id="it goes on"),
        pytest.param(
            RUNNING,
            {"state": "Succeeded", "completion_time": ago(40)},
            120,
            id="it ended a while ago",
        ),
        pytest.param(
            RUNNING,
            {"state": "EarlyStopped", "completion_time": NOW},
            200,
            id="it is stopped now",
        ),
        pytest.param(
            make_trial(0, "Pending"),
            {"state": "Failed", "start_time": ago(50), "completion_time": ago(20)},
            60,
            id="it began and ended while nobody looked",
        ),
        pytest.param(
            make_trial(0, "Pending"),
            {"state": "Failed", "completion_time": NOW},
            None,
            id="it never began",
        ),
        pytest.param(
            RUNNING,
            {"state": "Running", "start_time": ago(30)},
            140,
            id="another attempt took its place while nobody looked",
        ),
        pytest.param(
            RUNNING,
            {"state": "Succeeded", "start_time": ago(30), "completion_time": ago(10)},
            180,
            id="another attempt took its place and ended while nobody looked",
        ),
        pytest.param(
            make_trial(0, "Pending"),
            {"state": "Running", "start_time": ago(3)},
            None,
            id="it begins",
        ),
    ],
)
def test_an_attempt_that_ends_adds_its_time_times_its_gpus(
    trial: Trial, changes: dict[str, Any], want: float | None
) -> None:
    assert account(trial, **changes).gpu_seconds == want


def test_what_earlier_attempts_used_is_added_to() -> None:
    trial = Trial(
        metadata=RUNNING.metadata, spec=RUNNING.spec, status=changed(RUNNING.status, gpu_seconds=8)
    )
    got = account(trial, state="Succeeded", completion_time=ago(40))
    assert got.gpu_seconds == 8 + 120


def test_a_fraction_of_a_second_counts_as_a_whole_one() -> None:
    now = NOW.replace(microsecond=1)
    got = account(RUNNING, now=now, state="EarlyStopped", completion_time=NOW)
    assert got.gpu_seconds == 2 * 101


def test_an_interrupted_attempt_ended_when_its_pod_says() -> None:
    pod = make_pod(0, "Failed", ended(137, started=ago(100), at=ago(60)))
    got = account(RUNNING, pod, state="Pending", reason="Disrupted", start_time=None)
    assert got.gpu_seconds == 2 * 40
    assert got.earlier_attempts == [
        Attempt(start_time=ago(100), end_time=ago(60), reason="Disrupted", step=2)
    ]


def test_the_pod_of_another_attempt_says_nothing() -> None:
    pod = make_pod(0, "Failed", ended(137, started=ago(500), at=ago(400)))
    got = account(RUNNING, pod, state="Pending", reason="Suspended", start_time=None)
    assert got.gpu_seconds == 2 * 100


def test_only_the_last_attempts_are_remembered() -> None:
    earlier = [Attempt(reason=str(number)) for number in range(KEPT_ATTEMPTS)]
    trial = Trial(
        metadata=RUNNING.metadata,
        spec=RUNNING.spec,
        status=changed(RUNNING.status, earlier_attempts=earlier),
    )
    got = account(trial, state="Running", start_time=ago(1))
    assert [attempt.reason for attempt in got.earlier_attempts] == [
        *(str(number) for number in range(1, KEPT_ATTEMPTS)),
        "Replaced",
    ]
