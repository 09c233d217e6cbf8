"""One measured run of one variant, in a namespace of its own."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from benchmarks import workload
from benchmarks.audit import AuditLog, Mark
from benchmarks.operator_pod import find_operator
from benchmarks.workload import Variant
from benchmarks.world import BenchmarkError, World, watching
from kubetune.errors import NotFoundError
from kubetune.kube.client import Client
from kubetune.kube.paths import JOBS, NAMESPACES, PODS, TRIALS, TUNING_JOBS, Resource

_PATIENCE = 60.0
_PATIENCE_PER_TRIAL = 10.0
_POLL_SECONDS = 0.05
_PLACES = {
    "serviceaccounts": Resource("", "v1", "serviceaccounts"),
    "configmaps": Resource("", "v1", "configmaps"),
    "roles": Resource("rbac.authorization.k8s.io", "v1", "roles"),
    "rolebindings": Resource("rbac.authorization.k8s.io", "v1", "rolebindings"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every run is measured with.

    Attributes:
        client: A client with the rights of an administrator.
        now: The wall clock, aware.
        audit: The audit log; None where it cannot be read.
        here: The node is this machine.
        trials: Trials of each run.
        parallel: How many of them at a time.
    """

    client: Client
    now: Callable[[], datetime]
    audit: AuditLog | None
    here: bool
    trials: int
    parallel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of the objects as the API server sends them, managed fields included."""

    trials: list[int]
    tuning_job: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run gave. Durations in seconds; None where it does not apply or was not measured.

    Attributes:
        wall: From the first request to the last pod over, by this script's clock.
        wall_by_objects: From the first Job's creation to the last training container's end, by
            the objects' own stamps of whole seconds.
        first_job: From the first request to the first Job.
        jobs: From Job seen to Job seen Complete, one per trial.
        over_to_next: From a pod seen over to the creation of the Job that took its place.
        exit_to_next: From a training container's last line to that creation.
        finished: From the last pod seen over to the TuningJob's condition Finished.
        operator_cpu: CPU time of the operator during the run.
        operator_peak: Its peak of resident memory so far, in bytes.
        operator_calls: Requests of the operator, by "verb resource".
        pod_calls: Requests of the pods' service accounts.
        other_calls: The operator's requests that belong to no namespace of trials.
        sizes: Of Kubetune's objects at the end.
    """

    variant: Variant
    trials: int
    wall: float
    wall_by_objects: float
    first_job: float
    jobs: list[float]
    over_to_next: list[float]
    exit_to_next: list[float]
    finished: float | None
    operator_cpu: float | None
    operator_peak: int | None
    operator_calls: dict[str, int] | None
    pod_calls: dict[str, int] | None
    other_calls: dict[str, int] | None
    sizes: Sizes | None


@asynccontextmanager
async def fresh_namespace(client: Client, variant: Variant) -> AsyncGenerator[str, None]:
    """A namespace in which pods can start at once; gone, with all that was in it, after the block.

    What the hand-made ways need is made here, before any clock runs; Kubetune makes its own
    accounts while its clock runs.
    """
    name = f"kubetune-bench-{secrets.token_hex(3)}"
    await client.create(NAMESPACES.path(), workload.namespace(name))
    try:
        for plural, manifest in workload.rights(variant, name):
            await client.create(_PLACES[plural].path(name), manifest)
        await _exists(client, _PLACES["serviceaccounts"].path(name, "default"))
        await _exists(client, _PLACES["configmaps"].path(name, "kube-root-ca.crt"))
        yield name
    finally:
        path = NAMESPACES.path(name=name)
        await client.delete(path)
        # The kubelet's tidying up must not fall into the next run.
        while True:
            try:
                await client.get(path)
            except NotFoundError:
                break
            await asyncio.sleep(0.5)


async def measure(bench: Bench, variant: Variant, namespace: str) -> Run:
    """Run all trials in a namespace and measure.

    Raises:
        BenchmarkError: A trial failed or reported nothing: the run proves nothing.
        TimeoutError: It takes absurdly long.
    """
    client = bench.client
    operator = await find_operator(client, here=bench.here)
    cpu_before = operator.cpu_seconds()
    mark = bench.audit.mark() if bench.audit is not None else None
    counted = await operator.requests(client) if bench.audit is None else Counter[str]()
    async with (
        asyncio.timeout(_PATIENCE + _PATIENCE_PER_TRIAL * bench.trials),
        watching(client, namespace, bench.now) as world,
    ):
        began = bench.now()
        await _launch(bench, variant, namespace, world)
        await world.all_over(bench.trials)
        ended = max(world.over.values())
        finished = await _finished(bench, namespace) if variant.is_kubetune else None
        await world.all_complete(bench.trials)
    cpu_after = operator.cpu_seconds()
    created = sorted(world.created.values())
    calls: _Calls = (None, None, None)
    if bench.audit is not None and mark is not None:
        created, calls = _audited(bench.audit, namespace, mark)
    elif variant.is_kubetune:
        calls = (dict(await operator.requests(client) - counted), None, None)
    if len(world.over) != bench.trials or len(created) != bench.trials:
        raise BenchmarkError(
            f"{variant}: {len(created)} Jobs and {len(world.over)} pods for {bench.trials} trials"
        )
    await _check(bench, variant, namespace)
    lasts = await _last_lines(client, namespace, world.over)
    first, last = world.first_creation_and_last_end()
    return Run(
        variant=variant,
        trials=bench.trials,
        wall=_seconds(began, ended),
        wall_by_objects=_seconds(first, last),
        first_job=_seconds(began, created[0]),
        jobs=[_seconds(world.created[name], at) for name, at in world.complete.items()],
        over_to_next=pauses(world.over.values(), created, parallel=bench.parallel),
        exit_to_next=pauses(lasts, created, parallel=bench.parallel),
        finished=None if finished is None else _seconds(ended, finished),
        operator_cpu=_difference(cpu_before, cpu_after),
        operator_peak=operator.peak_bytes(),
        operator_calls=calls[0],
        pod_calls=calls[1],
        other_calls=calls[2],
        sizes=await _sizes(client, namespace) if variant.is_kubetune else None,
    )


def pauses(
    ends: Iterable[datetime], creations: Iterable[datetime], *, parallel: int
) -> list[float]:
    """Seconds from each end to the creation that it made room for.

    With `parallel` at a time, the first end makes room for creation number `parallel` (from
    zero), the second for the next, and so on; the last ends make room for none.
    """
    later = sorted(creations)[parallel:]
    # Shorter by `parallel`: nothing follows the last ends.
    return [_seconds(end, creation) for end, creation in zip(sorted(ends), later, strict=False)]


async def _launch(bench: Bench, variant: Variant, namespace: str, world: World) -> None:
    """Apply the TuningJob, or create all Jobs, each as soon as there is room for it."""
    client = bench.client
    if variant.is_kubetune:
        manifest = workload.tuning_job(variant, trials=bench.trials, parallel=bench.parallel)
        await client.create(TUNING_JOBS.path(namespace), manifest)
        return
    jobs = [workload.job(variant, f"trial-{index}") for index in range(bench.trials)]
    async with asyncio.TaskGroup() as group:
        for index, job in enumerate(jobs):
            if index >= bench.parallel:
                await world.next_end()
            group.create_task(client.create(JOBS.path(namespace), job))


async def _finished(bench: Bench, namespace: str) -> datetime:
    while True:
        answer = await bench.client.get(TUNING_JOBS.path(namespace, workload.TUNING_JOB))
        conditions = msgspec.json.decode(answer)["status"].get("conditions", ())
        if any(c["type"] == "Finished" and c["status"] == "True" for c in conditions):
            return bench.now()
        await asyncio.sleep(_POLL_SECONDS)


async def _check(bench: Bench, variant: Variant, namespace: str) -> None:
    """See that every trial's metrics arrived."""
    client = bench.client
    if variant.is_kubetune:
        trials, _ = await client.list_all(TRIALS.path(namespace), _decoded)
        good = [t for t in trials if t["status"]["state"] == "Succeeded" and "value" in t["status"]]
    elif variant is Variant.SIDECAR:
        path = _PLACES["configmaps"].path(namespace, workload.RESULTS)
        good = [*(msgspec.json.decode(await client.get(path)).get("data") or {})]
    elif variant is Variant.ANNOTATING:
        pods, _ = await client.list_all(PODS.path(namespace), _decoded)
        good = [pod for pod in pods if "kubetune.dev/metrics" in pod["metadata"]["annotations"]]
    else:
        return
    if len(good) != bench.trials:
        raise BenchmarkError(f"{variant}: {len(good)} of {bench.trials} trials reported a value")


async def _last_lines(client: Client, namespace: str, pods: Iterable[str]) -> list[datetime]:
    """When each training container printed its last line, as the container runtime stamped it."""
    query: dict[str, str | int] = {
        "container": workload.CONTAINER,
        "tailLines": 1,
        "timestamps": "true",
    }
    stamps = []
    for pod in pods:
        log = await client.request("GET", PODS.path(namespace, pod, "log"), query=query)
        stamps.append(datetime.fromisoformat(log.decode().split()[0]))
    return stamps


async def _sizes(client: Client, namespace: str) -> Sizes:
    trials, _ = await client.list_all(TRIALS.path(namespace), lambda raw: len(bytes(raw)))
    tuning_job = await client.get(TUNING_JOBS.path(namespace, workload.TUNING_JOB))
    return Sizes(trials=trials, tuning_job=len(tuning_job))


async def _exists(client: Client, path: str) -> None:
    while True:
        try:
            await client.get(path)
        except NotFoundError:
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


_Calls = tuple[dict[str, int] | None, dict[str, int] | None, dict[str, int] | None]


def _audited(log: AuditLog, namespace: str, since: Mark) -> tuple[list[datetime], _Calls]:
    requests = log.requests(namespace, since)
    calls = (dict(requests.operator), dict(requests.pods), dict(requests.elsewhere))
    return list(requests.jobs_created), calls


def _decoded(raw: msgspec.Raw) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _seconds(begin: datetime, end: datetime) -> float:
    return (end - begin) / timedelta(seconds=1)
