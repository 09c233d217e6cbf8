"""The cluster as the operator knows it: TuningJobs, Trials, Jobs and Pods in memory, by job.

Any change here means one thing only: look again at the TuningJob it belongs to.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from kubetune.api.names import LABEL_TRIAL, LABEL_TUNING_JOB
from kubetune.kube.client import Client
from kubetune.kube.objects import Job, Object, ObjectKey, Pod, Trial
from kubetune.kube.paths import JOBS, PODS, TRIALS, Resource
from kubetune.kube.reflector import Reflector
from kubetune.kube.store import Store

T = TypeVar("T", bound=Object)
Body = Mapping[str, Any]


class Cluster:
    """Everything that the operator remembers. Filled by reflectors and by kopf's watch.

    Attributes:
        tuning_jobs: Bodies of the TuningJobs, newest known version.
    """

    def __init__(
        self,
        client: Client,
        *,
        namespaces: Iterable[str],
        enqueue: Callable[[ObjectKey], None],
        jitter: Callable[[], float],
        on_trial_change: Callable[[Trial, Trial], None] = lambda _old, _new: None,
        on_job_change: Callable[[Body, Body], None] = lambda _old, _new: None,
    ) -> None:
        """Make an empty picture of the cluster; `run` fills it.

        Args:
            client: To list and watch with.
            namespaces: Namespaces to watch; empty means all.
            enqueue: Called with the key of a TuningJob that is to be looked at.
            jitter: Gives a number in [0, 1) that spreads requests out.
            on_trial_change: Called with two versions of a Trial, one after the other.
            on_job_change: The same for a TuningJob.
        """
        self.tuning_jobs: dict[ObjectKey, Body] = {}
        self._client = client
        self._enqueue = enqueue
        self._jitter = jitter
        self._on_trial_change = on_trial_change
        self._on_job_change = on_job_change
        scopes: list[str | None] = [*namespaces] or [None]
        self._trials = {scope: self._reflector(TRIALS, scope, Trial) for scope in scopes}
        self._jobs = {scope: self._reflector(JOBS, scope, Job) for scope in scopes}
        self._pods = {scope: self._reflector(PODS, scope, Pod) for scope in scopes}

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for reflector in self._reflectors():
                group.create_task(reflector.run())

    async def synced(self) -> None:
        """Wait until everything was listed once."""
        for reflector in self._reflectors():
            await reflector.synced.wait()

    @property
    def is_synced(self) -> bool:
        """True when everything was listed once."""
        return all(reflector.synced.is_set() for reflector in self._reflectors())

    def see(self, body: Body) -> None:
        """Take in a TuningJob, unless a newer version of it is known."""
        key = key_of(body)
        known = self.tuning_jobs.get(key)
        if known is None or _revision(body) >= _revision(known):
            self.tuning_jobs[key] = body
            if known is not None and known["metadata"]["uid"] == body["metadata"]["uid"]:
                self._on_job_change(known, body)
            self._wake_heirs(key)

    def unsee(self, key: ObjectKey, uid: str) -> None:
        """Take in that a TuningJob is gone."""
        known = self.tuning_jobs.get(key)
        if known is not None and known["metadata"]["uid"] == uid:
            del self.tuning_jobs[key]
            self._wake_heirs(key)

    def trials(self, namespace: str) -> Store[Trial]:
        """Return the store that holds the Trials of a namespace."""
        return _store(self._trials, namespace)

    def all_trials(self) -> Iterator[Trial]:
        """Yield the Trials of all namespaces."""
        for reflector in self._trials.values():
            yield from reflector.store.values()

    def jobs(self, namespace: str) -> Store[Job]:
        """Return the store that holds the Jobs of a namespace."""
        return _store(self._jobs, namespace)

    def jobs_by_trial(self, key: ObjectKey) -> dict[str, Job]:
        """Return the Jobs of a TuningJob's trials, by name, which is the trial's."""
        return {job.metadata.name: job for job in self.jobs(key.namespace).by_index(key)}

    def pods_by_trial(self, key: ObjectKey) -> dict[str, tuple[Pod, ...]]:
        """Return the pods of a TuningJob's trials, by trial name."""
        found: dict[str, tuple[Pod, ...]] = {}
        for pod in _store(self._pods, key.namespace).by_index(key):
            trial = pod.metadata.labels.get(LABEL_TRIAL, "")
            found[trial] = (*found.get(trial, ()), pod)
        return found

    def _reflector(self, resource: Resource, scope: str | None, kind: type[T]) -> Reflector[T]:
        return Reflector(
            self._client,
            resource.path(scope),
            kind,
            on_change=self._changed,
            jitter=self._jitter,
            index=tuning_job_key,
            label_selector=LABEL_TUNING_JOB,
        )

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if isinstance(old, Trial) and isinstance(new, Trial):
            self._on_trial_change(old, new)
        for version in (old, new):
            key = tuning_job_key(version) if version is not None else None
            if key is not None:
                self._enqueue(key)
                return

    def _wake_heirs(self, key: ObjectKey) -> None:
        """Ask for a look at the jobs that begin with the results of this one."""
        for heir, body in self.tuning_jobs.items():
            start = body["spec"].get("warmStart")
            is_heir = start is not None and key.name in start.get("from", ())
            if is_heir and heir.namespace == key.namespace:
                self._enqueue(heir)

    def _reflectors(self) -> Iterable[Reflector[Any]]:
        for by_scope in (self._trials, self._jobs, self._pods):
            yield from by_scope.values()


def key_of(body: Body) -> ObjectKey:
    """Return the key of an object given as JSON."""
    return ObjectKey(body["metadata"]["namespace"], body["metadata"]["name"])


def tuning_job_key(child: Object) -> ObjectKey | None:
    """Return the key of the TuningJob whose label an object carries."""
    job = child.metadata.labels.get(LABEL_TUNING_JOB)
    return ObjectKey(child.metadata.namespace, job) if job else None


def _store(by_scope: Mapping[str | None, Reflector[T]], namespace: str) -> Store[T]:
    return (by_scope.get(namespace) or by_scope[None]).store


def _revision(body: Body) -> int:
    return int(body["metadata"]["resourceVersion"])
