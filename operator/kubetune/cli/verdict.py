"""What can be said of a manifest without a cluster: its faults, or its plan and first Job."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kubetune import planner
from kubetune.api.faults import Fault
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec, validate
from kubetune.cli.manifest import Document
from kubetune.preflight import first_trial, objections, waits_for_nobody
from kubetune.sidecar import Sidecar
from kubetune.trialjob.job import build_trial_job

_SIDECAR = Sidecar(image="kubetune/collector")
"""Stands in the sample Job for the image that the operator is set up with."""

_NO_UID = "00000000-0000-0000-0000-000000000000"
_NOON = datetime(2000, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One fault and where it stands in the file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found about one TuningJob.

    Attributes:
        name: Its name, or its generateName; empty if it has neither.
        complaints: Its faults in the order of the file; empty if it is valid.
        plan: Lines that say what it means: title and words. Empty unless it is valid.
        job: The first trial's Job; None unless it is valid.
    """

    name: str
    complaints: tuple[Complaint, ...] = ()
    plan: tuple[tuple[str, str], ...] = ()
    job: dict[str, Any] | None = None


def judge(document: Document) -> Verdict:
    """Return the verdict on a document of kind TuningJob."""
    metadata = document.body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = str(metadata.get("name") or metadata.get("generateName") or "")
    faults = [Fault(path=path, message=words, rule="yaml") for path, words in document.complaints]
    faults += validate(document.body)
    spec = None
    if not any(fault.rule != "yaml" for fault in faults):
        spec = parse_spec(document.body["spec"])
        faults += [
            Fault(path=objection.path, message=objection.message, rule=objection.reason)
            for objection in objections(spec)
        ]
    if faults or spec is None:
        complaints = [
            Complaint(line=document.line_of(fault.path), message=fault.message) for fault in faults
        ]
        return Verdict(name=name, complaints=tuple(sorted(complaints, key=lambda c: c.line)))
    return Verdict(
        name=name,
        plan=tuple(_plan(spec)),
        job=first_job(spec, name=name, namespace=str(metadata.get("namespace") or "default")),
    )


def first_job(spec: TuningJobSpec, *, name: str, namespace: str) -> dict[str, Any] | None:
    """Return the Job of the first trial; None if the spec begins with none."""
    trial = first_trial(
        spec,
        namespace=namespace,
        tuning_job=name,
        uid=_NO_UID,
        seed=spec.strategy.seed or 0,
        now=_NOON,
    )
    if trial is None:
        return None
    rungs = [rung.step for rung in planner.plan(spec).status.rungs]
    return build_trial_job(spec, trial, sidecar=_SIDECAR, rungs=rungs)


def _plan(spec: TuningJobSpec) -> Iterator[tuple[str, str]]:
    plan = planner.plan(spec)
    status, limits = plan.status, spec.limits
    points = "infinitely many" if status.combinations is None else str(status.combinations)
    yield "points", points
    trials = "any number" if status.trials is None else str(status.trials)
    yield "trials", f"{trials}, at most {limits.max_parallel_trials} at a time"
    if spec.warm_start is not None:
        yield "parents", f"{', '.join(spec.warm_start.from_)} ({spec.warm_start.type})"
    if spec.initial_trials:
        yield "first", f"the points of initialTrials ({len(spec.initial_trials)})"
    if status.max_resource is not None and status.max_resource.found_in is not None:
        yield "length", f"{status.max_resource.steps} steps, from {status.max_resource.found_in}"
    if status.rungs:
        rungs = (f"step {rung.step}: {rung.share}" for rung in status.rungs[:-1])
        yield "rungs", f"{', '.join(rungs)} go on; step {status.rungs[-1].step}: end"
    if status.max_steps is not None:
        expected = f"about {status.expected_steps}"
        yield "steps", f"{expected}; {status.max_steps} if no trial were stopped early"
    if status.max_gpu_hours is not None:
        yield "gpus", f"{status.max_gpu_hours:.4g} GPU-hours at most"
    if limits.max_runtime is not None:
        yield "time", f"{limits.max_runtime} at most"
    if waits_for_nobody(spec):
        yield "waits", "each Job is made suspended and names no queue: until somebody resumes it"
    if plan.note is not None:
        yield "note", plan.note
