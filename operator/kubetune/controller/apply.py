"""The writes: Trials, Jobs, statuses. Each is safe to repeat and is remembered at once.

A decision about a trial is recorded in its status before anything is done to its Job, on condition
that the Trial is still the version that it was decided from.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.cluster import Cluster
from kubetune.controller.patching import merge_patch
from kubetune.controller.snapshot import TrialView
from kubetune.core.basis import Basis
from kubetune.core.decision import Suggestion
from kubetune.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kubetune.kube.client import Client
from kubetune.kube.objects import Job, ObjectKey, Trial, TrialStatus
from kubetune.kube.paths import JOBS, TRIALS, TUNING_JOBS
from kubetune.record.messages import shortened
from kubetune.record.objects import identity_of, plain_status, trial_body
from kubetune.sidecar import Sidecar
from kubetune.trialjob.job import build_trial_job

_log = logging.getLogger(__name__)

_trial_decoder = msgspec.json.Decoder(Trial)
_job_decoder = msgspec.json.Decoder(Job)


class NameTakenError(ClusterError):
    """Raised when a child's name belongs to somebody else's object; the user has to make room."""


class EarlierRemainsError(NameTakenError):
    """Raised when a child of an earlier object of the owner's name is still there.

    The garbage collector takes it away in a moment: look again soon.
    """


class Writer:
    """Writes what was decided about one TuningJob's children."""

    def __init__(self, client: Client, cluster: Cluster, *, sidecar: Sidecar) -> None:
        self._client = client
        self._cluster = cluster
        self._sidecar = sidecar

    async def create_trial(
        self, body: Mapping[str, Any], run_id: str | None, suggestion: Suggestion, basis: Basis
    ) -> Trial:
        """Create the Trial of a suggestion and return it; the one that exists if it is ours.

        Raises:
            NameTakenError: Another TuningJob's Trial has the name.
            EarlierRemainsError: That of an earlier TuningJob of this name has it.
        """
        manifest = trial_body(body, run_id, suggestion, basis=basis)
        namespace, name = body["metadata"]["namespace"], manifest["metadata"]["name"]
        try:
            answer = await self._client.create(TRIALS.path(namespace), manifest)
        except AlreadyExistsError:
            answer = await self._client.get(TRIALS.path(namespace, name))
        trial = _trial_decoder.decode(answer)
        _require_owner(
            trial, "Trial", "TuningJob", body["metadata"]["name"], body["metadata"]["uid"]
        )
        self._cluster.trials(namespace).remember(trial)
        return trial

    async def create_job(
        self, tuning_job: str, trial: Trial, spec: TuningJobSpec, rungs: Sequence[int]
    ) -> Job:
        """Create the Job of a trial and return it; the one that exists if it is ours.

        Raises:
            NameTakenError: A Job that the trial does not own has the name.
            EarlierRemainsError: That of an earlier Trial of this name has it.
            ConflictError: The Job of an earlier rung is not gone yet: look again.
        """
        namespace = trial.metadata.namespace
        manifest = build_trial_job(
            spec,
            identity_of(trial, tuning_job),
            sidecar=self._sidecar,
            rungs=rungs,
        )
        try:
            answer = await self._client.create(JOBS.path(namespace), manifest)
        except AlreadyExistsError:
            answer = await self._client.get(JOBS.path(namespace, trial.metadata.name))
        job = _job_decoder.decode(answer)
        _require_owner(job, "Job", "Trial", trial.metadata.name, trial.metadata.uid)
        self._cluster.jobs(namespace).remember(job)
        if TrialView(trial=trial, job=job, pods=()).has_earlier_job:
            raise ConflictError(
                409, f"the Job {job.metadata.name} of an earlier rung is still there"
            )
        return job

    async def record(self, trial: Trial, status: TrialStatus) -> Trial | None:
        """Record a trial's status, if the Trial is still the version that is given.

        Returns:
            The Trial as written; None when it was changed or deleted meanwhile: look again.
        """
        status = msgspec.structs.replace(status, message=shortened(status.message))
        patch = merge_patch(plain_status(trial.status), plain_status(status))
        if not patch:
            return trial
        path = TRIALS.path(trial.metadata.namespace, trial.metadata.name, "status")
        version = {"resourceVersion": trial.metadata.resource_version}
        try:
            answer = await self._client.merge_patch(path, {"metadata": version, "status": patch})
        except (ConflictError, NotFoundError):
            return None
        written = _trial_decoder.decode(answer)
        self._cluster.trials(trial.metadata.namespace).remember(written)
        return written

    async def delete_job(self, job: Job) -> None:
        """Delete that very Job, and its pods with it."""
        metadata = job.metadata
        path = JOBS.path(metadata.namespace, metadata.name)
        try:
            at_once = await self._client.delete(path, uid=metadata.uid)
        except (ConflictError, NotFoundError):
            at_once = True
        if at_once:
            self._cluster.jobs(metadata.namespace).forget(metadata.key, metadata.uid)

    async def expire_jobs(self, views: Iterable[TrialView], seconds: int) -> None:
        """Let the Jobs of finished trials go that long after their end.

        Not before a trial's end is recorded: a Job that vanished while nobody looked would take
        its result with it.
        """
        for view in views:
            if view.job is None or not view.has_unbounded_job:
                continue
            try:
                await self._expire(view.job, seconds)
            except (ForbiddenError, InvalidError) as error:
                # An untidy namespace is no reason to hold the TuningJob up.
                _log.warning(
                    "retention not set",
                    extra={"trial": view.trial.metadata.name, "reason": str(error)},
                )

    async def _expire(self, job: Job, seconds: int) -> None:
        metadata = job.metadata
        path = JOBS.path(metadata.namespace, metadata.name)
        body = {"metadata": {"uid": metadata.uid}, "spec": {"ttlSecondsAfterFinished": seconds}}
        try:
            answer = await self._client.merge_patch(path, body)
        except (ConflictError, NotFoundError):
            return
        self._cluster.jobs(metadata.namespace).remember(_job_decoder.decode(answer))

    async def write_status(
        self, body: Mapping[str, Any], status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write a TuningJob's status and return the TuningJob; unchanged if nothing differs.

        Raises:
            ConflictError: The TuningJob is not the version that is given: look again.
        """
        patch = merge_patch(body.get("status") or {}, status)
        if not patch:
            return body
        metadata = body["metadata"]
        version = {"resourceVersion": metadata["resourceVersion"]}
        path = TUNING_JOBS.path(metadata["namespace"], metadata["name"], "status")
        answer = await self._client.merge_patch(path, {"metadata": version, "status": patch})
        written: Mapping[str, Any] = msgspec.json.decode(answer)
        self._cluster.see(written)
        return written


async def all_of(*writes: Any) -> list[Any]:
    """Do independent writes at the same time; wait for all of them before the first error is told.

    A write that was cut short by another's failure could not be told from one that succeeded.
    """
    results = await asyncio.gather(*writes, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def _require_owner(child: Trial | Job, kind: str, owner_kind: str, name: str, uid: str) -> None:
    """Raise unless the child belongs to the owner of that kind, name and UID."""
    owner = child.metadata.controller
    if owner is not None and owner.uid == uid:
        return
    key: ObjectKey = child.metadata.key
    if owner is not None and (owner.kind, owner.name) == (owner_kind, name):
        raise EarlierRemainsError(
            409,
            f"{kind} {key.name} of an earlier {owner_kind} {name} is not gone yet; the garbage "
            "collector of the cluster takes it away",
        )
    whose, remedy = "is not ours", "delete it, or "
    if owner is not None:
        # Job x with runId 0 and job x-0 both begin with x-0-0: nothing to delete.
        whose, remedy = f"belongs to {owner.kind} {owner.name}", ""
    raise NameTakenError(
        409,
        f"a {kind} named {key.name} exists in namespace {key.namespace} and {whose}: "
        f"{remedy}give the TuningJob another name or spec.runId",
    )
