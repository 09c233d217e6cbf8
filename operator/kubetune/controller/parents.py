"""The finished jobs that a job begins with, from what is known of the cluster, without a request.

A parent is judged once, before the run starts, and then noted in the status with its UID and run.
Its Trials are finished, so they do not change; they are read again whenever they are needed. They
may be deleted: the run then goes on without them, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import ParentStatus
from kubetune.api.validation import parse_spec
from kubetune.controller.cluster import Cluster
from kubetune.controller.refusal import Refusal
from kubetune.core.space import build_space
from kubetune.core.trial import Trial as CoreTrial
from kubetune.core.warm_start import (
    ParentRun,
    differences,
    known_points,
    make_parent,
    needless_fixed,
)
from kubetune.errors import SpecError
from kubetune.kube.objects import ObjectKey, Trial
from kubetune.record.status import is_finished, read_status

HEALING = frozenset({"ParentNotFound", "ParentNotFinished", "ParentDiffers", "ParentWithoutResult"})
"""Reasons that may pass without a change of the spec: when the parent changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """What a run has of its parents.

    Attributes:
        runs: The parents that are still there.
        lost: Which results are gone since the run started, for a person; None if none are.
    """

    runs: tuple[ParentRun, ...] = ()
    lost: str | None = None


class Parents:
    """Looks for parents. What it remembers only saves time."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[tuple[ObjectKey, str], tuple[object, ParentRun]] = {}

    def refusal(self, key: ObjectKey, spec: TuningJobSpec) -> Refusal | None:
        """Return why a run cannot start from its parents; None if it can, or has none."""
        if spec.warm_start is None:
            return None
        bodies = {name: self._body(key, name) for name in spec.warm_start.from_}
        found = {name: body for name, body in bodies.items() if body is not None}
        return (
            _missing(key, bodies)
            or _unfinished(found)
            or _different(spec, found)
            or self._fruitless(key, spec)
        )

    def present(self, key: ObjectKey, spec: TuningJobSpec) -> list[ParentStatus]:
        """Return the parents as they are now, to be noted when the run starts."""
        found = []
        for name in spec.warm_start.from_ if spec.warm_start else ():
            body = self._body(key, name)
            if body is not None:
                parent = ParentStatus(
                    tuning_job=name,
                    uid=body["metadata"]["uid"],
                    run_id=body["spec"].get("runId"),
                    trials=0,
                )
                run = self._run(key, spec, parent)
                found.append(parent.model_copy(update={"trials": len(run.points)}))
        return found

    def inheritance(
        self, key: ObjectKey, spec: TuningJobSpec, noted: Sequence[ParentStatus]
    ) -> Inheritance:
        """Return what a run has of the parents that were noted when it started."""
        runs = tuple(self._run(key, spec, parent) for parent in noted)
        lost = [
            f"{parent.tuning_job} had {parent.trials} trials with a value when this run started "
            f"and has {len(run.points)} now"
            for parent, run in zip(noted, runs, strict=True)
            if len(run.points) < parent.trials
        ]
        words = f"{'; '.join(lost)}: the run goes on without the others" if lost else None
        return Inheritance(runs=tuple(run for run in runs if run.points), lost=words)

    def forget(self, key: ObjectKey) -> None:
        """Forget a job that is gone or has ended."""
        for known in [known for known in self._known if known[0] == key]:
            del self._known[known]

    def _fruitless(self, key: ObjectKey, spec: TuningJobSpec) -> Refusal | None:
        noted = self.present(key, spec)
        empty = [parent.tuning_job for parent in noted if parent.trials == 0]
        if empty:
            message = "; ".join(
                f"spec.warmStart.from[{name}] has no succeeded trial to begin with (near the "
                "values of spec.warmStart.fixed, if there are any): leave it out"
                for name in empty
            )
            return Refusal(reason="ParentWithoutResult", message=message)
        size = build_space(spec.parameters).size
        known = known_points(spec, self.inheritance(key, spec, noted).runs)
        if size is not None and len(known) >= size:
            return Refusal(
                reason="NothingLeftToTry",
                message=f"all {size} points of the search space were tried by the jobs in "
                "spec.warmStart.from: widen a range, or use the type TransferLearning to try them "
                "again",
            )
        return None

    def _body(self, key: ObjectKey, name: str) -> Mapping[str, Any] | None:
        body = self._cluster.tuning_jobs.get(ObjectKey(key.namespace, name))
        return None if body is None or body["metadata"].get("deletionTimestamp") else body

    def _run(self, key: ObjectKey, spec: TuningJobSpec, parent: ParentStatus) -> ParentRun:
        """Return a parent's run; the same object as long as nothing of it changes."""
        trials = [
            trial
            for trial in self._cluster.trials(key.namespace).by_index(
                ObjectKey(key.namespace, parent.tuning_job)
            )
            if _belongs(trial, parent)
        ]
        token = (parent.uid, parent.run_id, len(trials), spec.run_id, spec.warm_start)
        known = self._known.get((key, parent.tuning_job))
        if known is not None and known[0] == token:
            return known[1]
        run = make_parent(spec, parent.tuning_job, [_core(trial) for trial in trials])
        self._known[key, parent.tuning_job] = (token, run)
        return run


def _belongs(trial: Trial, parent: ParentStatus) -> bool:
    owner = trial.metadata.controller
    is_own = owner is not None and owner.uid == parent.uid
    return is_own and trial.spec.run_id == parent.run_id


def _core(trial: Trial) -> CoreTrial:
    """Return a parent's trial with what a parent passes on."""
    return CoreTrial(
        index=trial.spec.index,
        name=trial.metadata.name,
        parameters=trial.spec.parameters,
        state=TrialState(trial.status.state),
        value=trial.status.value,
    )


def _missing(key: ObjectKey, bodies: Mapping[str, Mapping[str, Any] | None]) -> Refusal | None:
    missing = [name for name, body in bodies.items() if body is None]
    if not missing:
        return None
    message = "; ".join(
        f"spec.warmStart.from[{name}] is not a TuningJob in the namespace {key.namespace}: correct "
        "the name, or create it"
        for name in missing
    )
    # In one set of manifests the heir may come before its parent.
    return Refusal(reason="ParentNotFound", message=message, waits=True)


def _unfinished(bodies: Mapping[str, Mapping[str, Any]]) -> Refusal | None:
    statuses = {name: (read_status(body), body) for name, body in bodies.items()}
    unfinished = [
        f"spec.warmStart.from[{name}] has not finished, it is {status.phase or 'Pending'}: this "
        "job starts when it has"
        for name, (status, body) in statuses.items()
        if not is_finished(status) or status.run_id != body["spec"].get("runId")
    ]
    if not unfinished:
        return None
    return Refusal(reason="ParentNotFinished", message="; ".join(unfinished), waits=True)


def _different(spec: TuningJobSpec, bodies: Mapping[str, Mapping[str, Any]]) -> Refusal | None:
    words: list[str] = []
    specs = {}
    for name, body in bodies.items():
        try:
            specs[name] = parse_spec(body["spec"])
        except SpecError as error:
            words.append(f"spec.warmStart.from[{name}] has a spec that cannot be read: {error}")
    for name, parent in specs.items():
        words += differences(spec, name, parent)
    words += needless_fixed(spec, list(specs.values()))
    return Refusal(reason="ParentDiffers", message="; ".join(words)) if words else None
