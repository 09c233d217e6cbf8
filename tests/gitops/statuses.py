"""A TuningJob as it stands in each phase, with the status that the operator writes."""

from typing import Any

from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.record.status import JobVerdict, build_status, dump_status
from tests.controller.builders import NOW, make_body, make_spec, spec_fields

SEEN = 3

VERDICTS = {
    "starting": JobVerdict(phase=Phase.PENDING, reason="Starting"),
    "waiting": JobVerdict(
        phase=Phase.PENDING,
        reason="ParentNotFinished",
        message="parent runs",
        accepted=False,
        waits=True,
    ),
    "running": JobVerdict(phase=Phase.RUNNING, reason="Tuning"),
    "degraded": JobVerdict(phase=Phase.RUNNING, reason="Tuning", degraded="a quota is used up"),
    "suspended": JobVerdict(phase=Phase.SUSPENDED, reason="SuspendedByUser", message="paused"),
    "complete": JobVerdict(phase=Phase.COMPLETE, reason="MaxTrialsReached", message="60 trials"),
    "failed": JobVerdict(phase=Phase.FAILED, reason="FirstTrialsFailed", message="5 failed"),
    "refused": JobVerdict(
        phase=Phase.PENDING, reason="InvalidSpec", message="spec.x is wrong", accepted=False
    ),
}


def tuning_job(phase: str, *, edited: bool = False, **spec: Any) -> dict[str, Any]:
    """Return a TuningJob.

    Args:
        phase: A key of VERDICTS; "new" for one that nobody has looked at.
        edited: True when its spec has changed since.
        spec: Fields of the spec.
    """
    fields = spec_fields(**spec)
    if phase == "new":
        return make_body(fields, generation=SEEN)
    status = build_status(
        TuningJobStatus(),
        make_spec(),
        (),
        VERDICTS[phase],
        generation=SEEN,
        plan=None,
        now=NOW,
    )
    return make_body(fields, generation=SEEN + edited, status=dump_status(status))
