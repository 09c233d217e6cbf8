"""Reads a job with its trials, from the cluster or from a place where they are kept."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from kubetune.api.max_resource import max_resource_faults
from kubetune.api.names import LABEL_TUNING_JOB
from kubetune.api.tuningjob_status import ConditionStatus, ConditionType, TuningJobStatus
from kubetune.api.validation import parse_spec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.kept import name_of, read_objects
from kubetune.errors import SpecError
from kubetune.kube.objects import Trial
from kubetune.replay.history import End, History, parent_of
from kubetune.replay.record import record_of

STANDARD_INPUT = "-"


def is_file(place: str) -> bool:
    """Return whether it names a file or a directory rather than a TuningJob."""
    path = Path(place)
    return place == STANDARD_INPUT or path.suffix in (".yaml", ".yml", ".json") or path.exists()


def read_histories(filename: str, stdin: TextIO) -> list[History]:
    """Return the jobs of a file or of a directory of `kubetune run`.

    Raises:
        CommandError: It cannot be read, holds no TuningJob, or one that did not start.
    """
    objects = read_objects(filename, stdin)
    jobs = [body for body in objects if body.get("kind") == "TuningJob"]
    if not jobs:
        raise CommandError(
            ExitCode.FAILED,
            f"{filename} holds no TuningJob; kubectl get tuningjobs,trials -o yaml writes one",
        )
    trials = [_trial(body) for body in objects if body.get("kind") == "Trial"]
    return [history_of(body, trials) for body in jobs]


def history_of(body: Mapping[str, Any], trials: Iterable[Trial]) -> History:
    """Return a job as it was recorded.

    Args:
        body: The TuningJob.
        trials: Trials, those of its parents among them; those of others are left out.

    Raises:
        CommandError: The job has not started, or its objects are not Kubetune's.
    """
    try:
        return _history(body, trials)
    except (KeyError, TypeError, ValueError, SpecError) as error:
        raise CommandError(
            ExitCode.FAILED,
            f"TuningJob {name_of(body)} is not what this version of Kubetune knows: {error}",
        ) from None


def _history(body: Mapping[str, Any], trials: Iterable[Trial]) -> History:
    metadata, name = dict(body["metadata"]), name_of(body)
    spec = parse_spec(body["spec"])
    faults = [str(fault) for fault in max_resource_faults(spec)]
    if faults:
        raise SpecError(faults)
    status = TuningJobStatus.model_validate(body.get("status") or {})
    if status.seed is None or status.start_time is None:
        raise CommandError(
            ExitCode.FAILED, f"TuningJob {name} has not started: its status has no seed"
        )
    known = list(trials)
    own = [trial for trial in known if _belongs(trial, metadata, status.run_id)]
    noted = status.warm_start or []
    parents = [parent_of(spec, parent, known) for parent in noted]
    return History(
        name=name,
        spec=spec,
        generation=int(metadata.get("generation") or 1),
        seed=status.seed,
        started_at=status.start_time,
        records=tuple(
            record_of(trial, spec) for trial in sorted(own, key=lambda trial: trial.spec.index)
        ),
        end=_end(status),
        best=None if status.best is None else status.best.trial,
        parents=tuple(parent for parent in parents if parent.points),
        lost=tuple(
            parent.tuning_job
            for parent, run in zip(noted, parents, strict=True)
            if len(run.points) < parent.trials
        ),
    )


def _trial(body: Mapping[str, Any]) -> Trial:
    try:
        return msgspec.convert(body, Trial)
    except msgspec.ValidationError as error:
        raise CommandError(ExitCode.FAILED, f"Trial {name_of(body)}: {error}") from None


def _belongs(trial: Trial, job: Mapping[str, Any], run_id: str | None) -> bool:
    if trial.spec.run_id != run_id or trial.metadata.namespace != (job.get("namespace") or ""):
        return False
    owner = trial.metadata.controller
    if owner is not None and job.get("uid"):
        return owner.uid == str(job["uid"])
    return trial.metadata.labels.get(LABEL_TUNING_JOB) == job.get("name")


def _end(status: TuningJobStatus) -> End | None:
    ends = (ConditionType.COMPLETE, ConditionType.FAILED)
    for condition in status.conditions:
        is_end = condition.type in ends and condition.status is ConditionStatus.TRUE
        if is_end and status.completion_time is not None:
            return End(
                failed=condition.type is ConditionType.FAILED,
                reason=condition.reason,
                message=condition.message,
                at=status.completion_time,
            )
    return None
