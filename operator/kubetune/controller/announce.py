"""Events: what happened to a TuningJob or a Trial, and why, for `kubectl describe`."""

from collections.abc import Mapping
from typing import Any, Literal

from kubetune.api.names import API_VERSION
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import Phase
from kubetune.kube.events import ObjectReference, Recorder
from kubetune.kube.objects import Trial

Severity = Literal["Normal", "Warning"]

_TROUBLES = (TrialState.FAILED, TrialState.METRICS_UNAVAILABLE)
_PROMOTED = "Promoted"
_ORDINARY = ("Suspended", "Queued", _PROMOTED)
_TOLD_TO_THE_JOB = (*_TROUBLES, TrialState.EARLY_STOPPED)


def announce_trial(recorder: Recorder, body: Mapping[str, Any], old: Trial, new: Trial) -> None:
    """Tell of a trial's transition; of stops and failures on its TuningJob as well."""
    status = new.status
    before = (old.status.state, old.status.reason)
    if before == (status.state, status.reason) or not status.reason:
        return
    state = TrialState(status.state)
    is_waiting = state is TrialState.PENDING and status.reason not in _ORDINARY
    is_trouble = state in _TROUBLES or is_waiting
    note = status.message or f"trial {new.metadata.name} is {state.value}"
    if status.evidence is not None:
        note += f" (rule {status.evidence['rule']})"
    severity: Severity = "Warning" if is_trouble else "Normal"
    recorder.record(
        ObjectReference.to(API_VERSION, "Trial", new.metadata),
        action=state.value,
        reason=status.reason,
        note=note,
        severity=severity,
    )
    if state in _TOLD_TO_THE_JOB or status.reason == _PROMOTED:
        recorder.record(
            job_reference(body),
            action=state.value,
            reason=f"Trial{_PROMOTED if status.reason == _PROMOTED else state.value}",
            note=f"{new.metadata.name}: {status.reason}: {note}",
            severity=severity,
        )


def announce_launch(recorder: Recorder, trial: Trial, why: str) -> None:
    """Tell that a trial was created."""
    point = ", ".join(f"{name}={value}" for name, value in trial.spec.parameters.items())
    recorder.record(
        ObjectReference.to(API_VERSION, "Trial", trial.metadata),
        action="Launch",
        reason="Launched",
        note=f"{point} ({why})",
    )


def announce_job(
    recorder: Recorder, body: Mapping[str, Any], phase: Phase, reason: str, message: str
) -> None:
    """Tell of a TuningJob's transition."""
    recorder.record(
        job_reference(body),
        action=phase.value,
        reason=reason,
        note=message or f"the job is {phase.value}",
        severity="Warning" if phase in (Phase.FAILED, Phase.PENDING) else "Normal",
    )


def job_reference(body: Mapping[str, Any]) -> ObjectReference:
    """Return the reference to a TuningJob given as JSON."""
    metadata = body["metadata"]
    return ObjectReference(
        API_VERSION, "TuningJob", metadata["namespace"], metadata["name"], metadata["uid"]
    )
