"""Which TuningJob needs what: acceptance, a look at its trials, or only tidying up after its end.

    TuningJob, Trials, Jobs, Pods ──► observe ──► judge each trial ──► decide ──► apply ──► status

Nothing that matters is remembered between two looks but what the cluster holds, so that a look may
be cut short anywhere and be taken again by another process. The look itself is in `look`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.api.validation import parse_spec
from kubetune.controller.admission import Admission, ask_again_after
from kubetune.controller.announce import announce_job
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.look import Look
from kubetune.controller.memory import Memory
from kubetune.controller.parents import Parents
from kubetune.controller.refusal import Refusal
from kubetune.controller.reporter import Reporter
from kubetune.controller.tidying import tidy
from kubetune.errors import ConflictError, NotFoundError, SpecError, UnavailableError
from kubetune.kube.objects import ObjectKey
from kubetune.kube.paths import TUNING_JOBS
from kubetune.record.status import begin_run, is_finished, read_status
from kubetune.record.trials import CoreTrials


class Reconciler:
    """Looks at TuningJobs: one look at a time per key, many keys at the same time."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._with = dependencies
        self._reporter = Reporter(dependencies)
        self._memory = Memory()
        self._parents = Parents(dependencies.cluster)
        self._admission = Admission(dependencies, self._parents)
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
        self._memory.forget_stale(now)
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
            await tidy(self._with, key, body, spec, recorded)
            return None
        if is_new_run:
            seed = spec.strategy.seed
            recorded = begin_run(
                recorded, spec, seed=self._with.draw_seed() if seed is None else seed
            )
        refusal = await self._admission.refusal(key, body, spec, recorded, now)
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
            memory=self._memory,
            cache=self._cache_of(key, spec),
        )
        verdict, wake_after = await look.take()
        held_back = await self._reporter.report(key, look, verdict)
        wakes = (wake_after, held_back, ask_again_after(refusal))
        return min((wake for wake in wakes if wake is not None), default=None)

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

    async def _is_gone(self, key: ObjectKey, body: Mapping[str, Any]) -> bool:
        try:
            answer = await self._with.client.get(TUNING_JOBS.path(key.namespace, key.name))
        except NotFoundError:
            return True
        uid: str = msgspec.json.decode(answer)["metadata"]["uid"]
        known: str = body["metadata"]["uid"]
        return uid != known
