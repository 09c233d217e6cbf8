"""Which TuningJob needs what: acceptance, a look at its trials, or only tidying up after its end.

    TuningJob, Trials, Jobs, Pods ──► observe ──► judge each trial ──► decide ──► apply ──► status

Nothing that matters is remembered between two looks but what the cluster holds, so that a look may
be cut short anywhere and be taken again by another process. The look itself is in `look`.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.api.validation import parse_spec
from kubetune.controller import acceptance
from kubetune.controller.access import Access
from kubetune.controller.announce import announce_job
from kubetune.controller.claims import make_claim
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.look import Look
from kubetune.controller.pace import Pace
from kubetune.controller.parents import HEALING as PARENTS_HEALING
from kubetune.controller.parents import Parents
from kubetune.controller.refusal import Refusal
from kubetune.controller.refusals import Refusals
from kubetune.controller.reporter import Reporter
from kubetune.controller.snapshot import observe
from kubetune.errors import ConflictError, NotFoundError, SpecError, UnavailableError
from kubetune.kube.objects import ObjectKey
from kubetune.kube.paths import TUNING_JOBS
from kubetune.preflight import first_trial
from kubetune.record import trials
from kubetune.record.messages import RUN_HAS_ENDED
from kubetune.record.status import (
    begin_run,
    dump_status,
    is_accepted,
    is_finished,
    read_status,
)
from kubetune.record.trials import CoreTrials
from kubetune.trialjob.template import retention_seconds

_log = logging.getLogger(__name__)

HEALING_INTERVAL = timedelta(seconds=60)
"""When to ask again after a refusal that something other than the spec may lift."""

LEAVING_INTERVAL = timedelta(seconds=5)
"""When to ask again whether a claim that is being deleted is gone."""

_HEALING = (
    frozenset({"TemplateForbidden", "AccessNotGranted", "ClaimNotMade", "ClaimNameTaken"})
    | PARENTS_HEALING
)


class Reconciler:
    """Looks at TuningJobs: one look at a time per key, many keys at the same time."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._with = dependencies
        self._reporter = Reporter(dependencies)
        self._refusals = Refusals()
        self._pace = Pace()
        self._parents = Parents(dependencies.cluster)
        self._access = Access(dependencies.client, role_kind=dependencies.role_kind)
        # Only to save time.
        self._caches: dict[ObjectKey, tuple[str | None, CoreTrials]] = {}
        self._specs: dict[ObjectKey, tuple[tuple[str, int], TuningJobSpec]] = {}

    async def reconcile(self, key: ObjectKey) -> timedelta | None:
        """Do everything that there is to do about a TuningJob now.

        Returns:
            When to look again though nothing happens; None if only events matter.

        Raises:
            ClusterError: The cluster did not do its part; look again after a delay.
        """
        cluster = self._with.cluster
        body = cluster.tuning_jobs.get(key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            self._reporter.forget(key)
            self._caches.pop(key, None)
            self._specs.pop(key, None)
            self._parents.forget(key)
            return None
        try:
            return await self._handle(key, body)
        except (ConflictError, UnavailableError):
            raise
        except NotFoundError:
            if not await self._is_gone(key, body):
                raise
            # Deleted while we looked: the garbage collector does the rest.
            cluster.unsee(key, body["metadata"]["uid"])
            return None
        except Exception as error:
            # Whatever it is, the user has to hear of it; it is tried again.
            note = f"{type(error).__name__}: {error}; Kubetune tries again"
            announce_job(self._with.recorder, body, Phase.PENDING, "LookFailed", note)
            raise

    async def _handle(self, key: ObjectKey, body: Mapping[str, Any]) -> timedelta | None:
        now = self._with.now()
        self._refusals.forget_stale(now)
        recorded = read_status(body)
        try:
            spec = self._spec_of(key, body)
        except SpecError as error:
            refused = Refusal(reason=error.reason, message=str(error))
            await self._reporter.refuse_unreadable(key, body, recorded, refused)
            return None
        is_new_run = recorded.seed is None or recorded.run_id != spec.run_id
        if not is_new_run and is_finished(recorded):
            self._parents.forget(key)
            await self._tidy(key, body, spec, recorded)
            return None
        if is_new_run:
            seed = spec.strategy.seed
            recorded = begin_run(
                recorded, spec, seed=self._with.draw_seed() if seed is None else seed
            )
        refusal = await self._refusal(key, body, spec, recorded, now)
        if refusal is None and recorded.start_time is None:
            noted = self._parents.present(key, spec)
            recorded = recorded.model_copy(update={"warm_start": noted or None})
            inheritance = self._parents.inheritance(key, spec, noted)
            body, recorded = await self._reporter.begin(body, spec, recorded, inheritance, now)
        if self._has_lost_trials(key, recorded) and await self._is_gone(key, body):
            # Deleted while nobody watched: its trials are going, and no others may come.
            self._with.cluster.unsee(key, body["metadata"]["uid"])
            return None
        look = Look(
            self._with,
            key=key,
            body=body,
            spec=spec,
            recorded=recorded,
            refusal=refusal,
            inheritance=self._parents.inheritance(key, spec, recorded.warm_start or ()),
            now=now,
            refusals=self._refusals,
            pace=self._pace,
            cache=self._cache_of(key, spec),
        )
        verdict, wake_after = await look.take()
        held_back = await self._reporter.report(key, look, verdict)
        if refusal is not None and refusal.reason in _HEALING:
            soon = refusal.waits and refusal.reason == "ClaimNameTaken"
            wake_after = _soonest(wake_after, LEAVING_INTERVAL if soon else HEALING_INTERVAL)
        return _soonest(wake_after, held_back)

    async def _refusal(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        now: datetime,
    ) -> Refusal | None:
        """Return why the spec cannot be run; asked anew for each generation alone, if it lasts."""
        if recorded.observed_generation == body["metadata"]["generation"]:
            if is_accepted(recorded):
                return await self._access.ensure(key.namespace, spec)
            if recorded.reason not in _HEALING:
                return Refusal(reason=recorded.reason or "", message=recorded.message or "")
        return await self._check(key, body, spec, recorded, now)

    def _spec_of(self, key: ObjectKey, body: Mapping[str, Any]) -> TuningJobSpec:
        """Return the spec, read and checked once for each generation: that takes 2 ms.

        Raises:
            SpecError: It cannot be read.
        """
        version = (body["metadata"]["uid"], body["metadata"]["generation"])
        known = self._specs.get(key)
        if known is not None and known[0] == version:
            return known[1]
        spec = parse_spec(body["spec"])
        self._specs[key] = (version, spec)
        return spec

    def _run_id_used(
        self, key: ObjectKey, body: Mapping[str, Any], spec: TuningJobSpec
    ) -> Refusal | None:
        """Return a refusal if a run that has not begun has trials: of an earlier run of that name.

        The API server's own rule knows the runs in status.previousRuns alone.
        """
        known = observe(
            body, trials=self._with.cluster.trials(key.namespace).by_index(key), jobs={}, pods={}
        ).trials
        if spec.run_id is None or not known:
            return None
        return Refusal(
            reason="RunIdUsed",
            message=f'spec.runId "{spec.run_id}" is the name of an earlier run of this job, whose '
            f"trials still have it, such as {known[0].trial.metadata.name}: set one that was not "
            "used before, or delete those trials",
        )

    def _has_lost_trials(self, key: ObjectKey, recorded: TuningJobStatus) -> bool:
        """True when there are fewer Trials than the status counts."""
        counted = sum(recorded.trials.model_dump().values()) if recorded.trials else 0
        return counted > len(self._with.cluster.trials(key.namespace).by_index(key))

    def _cache_of(self, key: ObjectKey, spec: TuningJobSpec) -> CoreTrials:
        """Return the cache of the present run: a new run may have another objective."""
        run_id, cache = self._caches.get(key, (spec.run_id, CoreTrials()))
        if run_id != spec.run_id:
            cache = CoreTrials()
        self._caches[key] = (spec.run_id, cache)
        return cache

    async def _check(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        now: datetime,
    ) -> Refusal | None:
        """Return why the spec cannot be run; None, and all that its trials need, if it can."""
        refusal = acceptance.check_spec(spec)
        if refusal is not None:
            return refusal
        client = self._with.client
        if recorded.start_time is not None:
            # Within a run the template cannot change; it was found good at the start.
            refusal = await self._access.grant(key.namespace, spec)
            return refusal or await make_claim(client, body, spec)
        refusal = self._run_id_used(key, body, spec) or self._parents.refusal(key, spec)
        if refusal is not None:
            return refusal
        noted = self._parents.present(key, spec)
        trial = first_trial(
            spec,
            namespace=key.namespace,
            tuning_job=key.name,
            uid=body["metadata"]["uid"],
            seed=recorded.seed or 0,
            now=now,
            parents=self._parents.inheritance(key, spec, noted).runs,
        )
        if trial is None:
            return None
        refusal = await acceptance.check_template(
            client,
            spec,
            trial,
            sidecar=self._with.sidecar,
            access=self._access,
        )
        return refusal or await make_claim(client, body, spec)

    async def _tidy(
        self,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
    ) -> None:
        """After the end: delete Jobs that outlived it, and follow the generation."""
        cluster = self._with.cluster
        snapshot = observe(
            body,
            trials=cluster.trials(key.namespace).by_index(key),
            jobs=cluster.jobs_by_trial(key),
            pods=cluster.pods_by_trial(key),
        )
        views = (*snapshot.trials, *snapshot.earlier, *snapshot.kept)
        for view in views:
            if not view.state.is_finished:
                # Created by another operator, or by a write that was under way at the end.
                ended = trials.stopped(
                    view.trial,
                    recorded.reason or "",
                    "the TuningJob has ended",
                    spec.objective,
                    now=self._with.now(),
                )
                await self._with.writer.record(view.trial, ended)
            if view.job is not None and (view.has_leftover_job or not view.state.is_finished):
                await self._with.writer.delete_job(view.job)
        await self._with.writer.expire_jobs(views, retention_seconds(spec))
        generation = body["metadata"]["generation"]
        if recorded.observed_generation != generation:
            announce_job(
                self._with.recorder,
                body,
                recorded.phase or Phase.COMPLETE,
                "RunHasEnded",
                RUN_HAS_ENDED,
            )
            conditions = [
                condition.model_copy(update={"observed_generation": generation})
                for condition in recorded.conditions
            ]
            status = recorded.model_copy(
                update={"observed_generation": generation, "conditions": conditions}
            )
            await self._with.writer.write_status(body, dump_status(status))

    async def _is_gone(self, key: ObjectKey, body: Mapping[str, Any]) -> bool:
        try:
            answer = await self._with.client.get(TUNING_JOBS.path(key.namespace, key.name))
        except NotFoundError:
            return True
        uid: str = msgspec.json.decode(answer)["metadata"]["uid"]
        known: str = body["metadata"]["uid"]
        return uid != known


def _soonest(first: timedelta | None, second: timedelta | None) -> timedelta | None:
    return min((wake for wake in (first, second) if wake is not None), default=None)
