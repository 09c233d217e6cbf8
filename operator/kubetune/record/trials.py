"""Trials between the API and the planner: what the search sees, and what a decision makes of them.

Pure; each function returns the status to record.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from kubetune.api.parameters import typed_point
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import ObjectiveSpec, TuningJobSpec
from kubetune.core import trial as core
from kubetune.core.decision import Evidence, Promotion, StopTrial
from kubetune.core.objective import final_value
from kubetune.kube.objects import Rung, Trial, TrialStatus
from kubetune.record.objects import granted_resource
from kubetune.record.observations import objective_observations


def core_trial(trial: Trial, spec: TuningJobSpec, *, holds_slot: bool) -> core.Trial:
    """Return a Trial as strategies and stopping rules see it."""
    status = trial.status
    state = TrialState(status.state)
    observations: tuple[core.Observation, ...] = ()
    if state is not TrialState.PENDING:
        observations = objective_observations(status.observations, spec.objective.metric)
    return core.Trial(
        index=trial.spec.index,
        name=trial.metadata.name,
        parameters=typed_point(spec.parameters, trial.spec.parameters),
        state=state,
        observations=observations,
        rungs=tuple(core.Observation(step=rung.step, value=rung.value) for rung in status.rungs),
        value=status.value,
        resource=granted_resource(trial),
        bracket=trial.spec.bracket,
        started_at=status.start_time,
        finished_at=status.completion_time,
        holds_slot=holds_slot,
        gpu_seconds=status.gpu_seconds or 0.0,
    )


class CoreTrials:
    """Trials as the planner sees them; finished ones are converted once. For one TuningJob run.

    Only saves time: what it gives is a function of its arguments.
    """

    def __init__(self) -> None:
        self._finished: dict[str, tuple[str, core.Trial]] = {}

    def core_trial(self, trial: Trial, spec: TuningJobSpec, *, holds_slot: bool) -> core.Trial:
        """Return `core_trial()` of the same arguments."""
        metadata = trial.metadata
        known = self._finished.get(metadata.uid)
        if known is not None and known[0] == metadata.resource_version:
            found = known[1]
            return (
                found if found.holds_slot is holds_slot else replace(found, holds_slot=holds_slot)
            )
        converted = core_trial(trial, spec, holds_slot=holds_slot)
        if converted.state.is_finished:
            self._finished[metadata.uid] = (metadata.resource_version, converted)
        return converted


def promoted(trial: Trial, promotion: Promotion, *, now: datetime) -> TrialStatus:
    """Return the status of a Paused trial that goes on: it waits for its next Job.

    What it reported on the way to the rung is summed up in status.rungs.
    """
    *before, last = trial.status.rungs
    told = msgspec.structs.replace(
        last, promotion=_evidence(promotion.evidence), left_time=now.replace(microsecond=0)
    )
    return msgspec.structs.replace(
        trial.status,
        state=TrialState.PENDING.value,
        reason="Promoted",
        message=promotion.reason,
        resource=promotion.resource,
        rungs=[*before, told],
        completion_time=None,
        value=None,
        step=None,
        observations=[],
        job_uid=None,
        start_time=None,
    )


def stopped_early(
    trial: Trial, stop: StopTrial, objective: ObjectiveSpec, *, now: datetime
) -> TrialStatus:
    """Return the status of a trial that a rule stops, with the evidence."""
    return msgspec.structs.replace(
        _cut_short(trial, objective, now=now),
        state=TrialState.EARLY_STOPPED.value,
        reason="WillNotWin",
        message=stop.reason,
        evidence=_evidence(stop.evidence),
    )


def stopped(
    trial: Trial, reason: str, message: str, objective: ObjectiveSpec, *, now: datetime
) -> TrialStatus:
    """Return the status of a trial that was not finished when its job ended."""
    return msgspec.structs.replace(
        _cut_short(trial, objective, now=now),
        state=TrialState.STOPPED.value,
        reason=reason,
        message=message,
    )


def rejected(trial: Trial, message: str, *, now: datetime) -> TrialStatus:
    """Return the status of a trial whose point makes a Job that the API server rejects."""
    return msgspec.structs.replace(
        trial.status,
        state=TrialState.FAILED.value,
        refused_since=None,
        reason="TemplateRejected",
        message=f"spec.trial.template with these parameters: {message}",
        completion_time=now.replace(microsecond=0),
    )


def refused(trial: Trial, message: str, *, since: datetime) -> TrialStatus:
    """Return the status of a trial whose Job the API server refuses, which may pass."""
    return msgspec.structs.replace(
        trial.status,
        reason="JobRefused",
        message=message,
        refused_since=since.replace(microsecond=0),
    )


def never_started(trial: Trial, message: str, *, now: datetime) -> TrialStatus:
    """Return the status of a trial whose Job was refused for longer than limits.maxPendingTime."""
    return msgspec.structs.replace(
        trial.status,
        state=TrialState.FAILED.value,
        refused_since=None,
        reason="JobRefused",
        message=f"its Job was refused for longer than spec.limits.maxPendingTime: {message}",
        completion_time=now.replace(microsecond=0),
    )


def suspended(trial: Trial) -> TrialStatus:
    """Return the status of a trial whose job is suspended: it will begin anew.

    Its observations stay until then, for people to see; a Pending trial's do not count.
    """
    return msgspec.structs.replace(
        trial.status,
        state=TrialState.PENDING.value,
        reason="Suspended",
        message="the TuningJob is suspended; the trial runs again on resume",
        job_uid=None,
        refused_since=None,
        start_time=None,
        step=None,
    )


def begun_anew(trial: Trial, spec: TuningJobSpec) -> TrialStatus:
    """Return the status of a trial just before another Job is created for it.

    With a checkpoint the training goes on, so what it reported still holds.
    """
    observations = trial.status.observations if spec.checkpoint is not None else []
    return msgspec.structs.replace(
        trial.status, observations=observations, reason="", message="", refused_since=None
    )


def _cut_short(trial: Trial, objective: ObjectiveSpec, *, now: datetime) -> TrialStatus:
    observations = objective_observations(trial.status.observations, objective.metric)
    if trial.status.state == TrialState.PENDING:
        observations = ()
    by_step = {
        rung.step: core.Observation(step=rung.step, value=rung.value) for rung in trial.status.rungs
    }
    by_step |= {seen.step: seen for seen in observations}
    observations = tuple(by_step[step] for step in sorted(by_step))
    value = final_value(observations, objective.value, objective.goal)
    return msgspec.structs.replace(
        trial.status,
        rungs=_left_at_the_end(trial, now),
        refused_since=None,
        value=value,
        step=observations[-1].step if observations else None,
        # That of a Paused trial is when its training ended.
        completion_time=trial.status.completion_time or now.replace(microsecond=0),
    )


def _left_at_the_end(trial: Trial, now: datetime) -> list[Rung]:
    """Return the rungs of a trial that ends now; a Paused one leaves its last rung by that."""
    rungs = trial.status.rungs
    if trial.status.state != TrialState.PAUSED or not rungs:
        return rungs
    return [*rungs[:-1], msgspec.structs.replace(rungs[-1], left_time=now.replace(microsecond=0))]


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "rule": evidence.rule,
        "step": evidence.step,
        "value": evidence.value,
        "threshold": evidence.threshold,
        "population": evidence.population,
    }
