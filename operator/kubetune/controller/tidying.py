"""What is left to do about a TuningJob whose run has ended."""

from collections.abc import Mapping
from typing import Any

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.controller.announce import announce_job
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.leftovers import Leftovers
from kubetune.controller.snapshot import observe
from kubetune.kube.objects import ObjectKey
from kubetune.record.messages import RUN_HAS_ENDED
from kubetune.record.status import dump_status
from kubetune.trialjob.template import retention_seconds


async def tidy(
    dependencies: Dependencies,
    key: ObjectKey,
    body: Mapping[str, Any],
    spec: TuningJobSpec,
    recorded: TuningJobStatus,
) -> None:
    """Delete Jobs that outlived the end, and follow the generation."""
    cluster = dependencies.cluster
    snapshot = observe(
        body,
        trials=cluster.trials(key.namespace).by_index(key),
        jobs=cluster.jobs_by_trial(key),
        pods=cluster.pods_by_trial(key),
    )
    views = (*snapshot.trials, *snapshot.earlier, *snapshot.kept)
    leftovers = Leftovers(
        dependencies=dependencies,
        body=body,
        spec=spec,
        reason=recorded.reason or "",
        message="the TuningJob has ended",
    )
    for view in views:
        is_late = not view.state.is_finished
        # Created by another operator, or by a write that was under way at the end.
        if is_late and not await leftovers.stop(view):
            continue  # it has changed since, which wakes us
        if view.job is not None and (is_late or view.has_leftover_job):
            await dependencies.writer.delete_job(view.job)
    await dependencies.writer.expire_jobs(views, retention_seconds(spec))
    generation = body["metadata"]["generation"]
    if recorded.observed_generation != generation:
        announce_job(
            dependencies.recorder,
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
        await dependencies.writer.write_status(body, dump_status(status))
