"""What tools that go by kstatus alone say of a TuningJob."""

import pytest

from tests.gitops import kstatus
from tests.gitops.statuses import MOMENTS, tuning_job

READINGS = {
    "new": "InProgress",
    "edited": "InProgress",
    "waiting": "InProgress",
    "running": "Current",
    "degraded": "Current",
    "suspended": "Current",
    "complete": "Current",
    "stopped": "Current",
    "failed": "Failed",
    "refused": "Failed",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_kstatus_reads_a_recorded_job_as(moment: str) -> None:
    assert kstatus.read(tuning_job(moment)) == READINGS[moment]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_job_that_is_being_deleted_is_terminating(moment: str) -> None:
    job = tuning_job(moment)
    job["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    assert kstatus.read(job) == "Terminating"


def test_every_moment_is_recorded() -> None:
    assert set(MOMENTS) == set(READINGS)
