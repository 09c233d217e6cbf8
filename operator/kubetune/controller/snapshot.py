"""One TuningJob and everything that belongs to it, as it stands in memory at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubetune.api.names import ANNOTATION_RESOURCE, COMPLETION_INDEX, REPORTING_INDEX
from kubetune.api.trial import TrialState
from kubetune.controller import pods as pod_facts
from kubetune.kube.objects import Job, Pod, Trial
from kubetune.record.objects import granted_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial with its Job and pods.

    Attributes:
        trial: The Trial object.
        job: Its Job; None when there is none, or when the name belongs to somebody else's.
        pods: All pods of the trial, those of earlier attempts included, oldest first.
    """

    trial: Trial
    job: Job | None
    pods: tuple[Pod, ...]

    @property
    def state(self) -> TrialState:
        """The recorded state."""
        return TrialState(self.trial.status.state)

    @property
    def pod(self) -> Pod | None:
        """The newest pod of the present Job that reports for the trial."""
        return self.newest_pods.get(REPORTING_INDEX)

    @property
    def newest_pods(self) -> dict[str, Pod]:
        """The newest pod of each completion index of the present Job; "0" where it has none."""
        if self.job is None:
            return {}
        own = [p for p in self.pods if _owner_uid(p) == self.job.metadata.uid]
        return {p.metadata.annotations.get(COMPLETION_INDEX, REPORTING_INDEX): p for p in own}

    @property
    def has_live_pod(self) -> bool:
        """True while a container of any attempt may still run."""
        return any(not pod_facts.is_over(pod) for pod in self.pods)

    @property
    def holds_slot(self) -> bool:
        """True while the trial may still use what it asked for."""
        return not self.state.is_idle or self.has_live_pod

    @property
    def job_is_over(self) -> bool:
        """True when the Job has ended or is being deleted; also when there is none."""
        if self.job is None or self.job.metadata.deletion_timestamp is not None:
            return True
        ends = (c for c in self.job.status.conditions if c.type in ("Complete", "Failed"))
        return any(end.status == "True" for end in ends)

    @property
    def has_earlier_job(self) -> bool:
        """True when the Job is that of a rung which the trial has left behind."""
        if self.job is None:
            return False
        made_for = self.job.metadata.annotations.get(ANNOTATION_RESOURCE)
        return made_for is not None and made_for != str(granted_resource(self.trial))

    @property
    def has_leftover_job(self) -> bool:
        """True when the trial was ended by a decision, or is past a rung, and its Job is not."""
        if self.has_earlier_job or self.state is TrialState.PAUSED:
            # Over or not: its name is wanted for the next one.
            return self.job is not None and self.job.metadata.deletion_timestamp is None
        ended = (TrialState.EARLY_STOPPED, TrialState.STOPPED, TrialState.FAILED)
        # Pods that are over need no stopping, and their logs are worth keeping.
        newest = self.newest_pods.values()
        is_over = self.pod is not None and all(pod_facts.is_over(pod) for pod in newest)
        return self.state in ended and not self.job_is_over and not is_over

    @property
    def has_unbounded_job(self) -> bool:
        """True when the trial's end is recorded and its Job does not yet know how long to stay."""
        return (
            self.state.is_finished
            and not self.has_leftover_job
            and self.job is not None
            and self.job.metadata.deletion_timestamp is None
            and self.job.spec.ttl_seconds_after_finished is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A TuningJob with the trials of its present run.

    Attributes:
        trials: The present run's trials, ascending by index.
        earlier: Trials of earlier runs that are not finished or whose Job is not.
        kept: Finished ones of earlier runs whose Jobs do not yet know how long to stay.
        strays: Pods that still run of each trial that was deleted, by its name.
    """

    trials: tuple[TrialView, ...]
    earlier: tuple[TrialView, ...] = ()
    kept: tuple[TrialView, ...] = ()
    strays: Mapping[str, tuple[Pod, ...]] = field(default_factory=dict)


def observe(
    body: Mapping[str, Any],
    *,
    trials: Iterable[Trial],
    jobs: Mapping[str, Job],
    pods: Mapping[str, tuple[Pod, ...]],
) -> Snapshot:
    """Return the snapshot of a TuningJob.

    Args:
        body: The TuningJob.
        trials: Trials that carry its name; those of another owner are left out.
        jobs: Jobs by name; one that the trial does not own is not the trial's.
        pods: Pods by trial name, in any order.
    """
    uid = body["metadata"]["uid"]
    run_id = body["spec"].get("runId")
    views = []
    for trial in trials:
        if _owner_uid(trial) != uid:
            continue
        job = jobs.get(trial.metadata.name)
        if job is not None and _owner_uid(job) != trial.metadata.uid:
            job = None
        own = sorted(
            pods.get(trial.metadata.name, ()),
            key=lambda pod: (
                pod.metadata.creation_timestamp is None,
                pod.metadata.creation_timestamp,
                pod.metadata.name,
            ),
        )
        views.append(TrialView(trial=trial, job=job, pods=tuple(own)))
    views.sort(key=lambda view: view.trial.spec.index)
    known = {view.trial.metadata.name for view in views}
    before = [view for view in views if view.trial.spec.run_id != run_id]
    earlier = tuple(
        view
        for view in before
        if not view.state.is_finished or view.has_live_pod or not view.job_is_over
    )
    return Snapshot(
        strays={
            trial: own
            for trial, own in pods.items()
            if trial not in known and not all(pod_facts.is_over(pod) for pod in own)
        },
        trials=tuple(view for view in views if view.trial.spec.run_id == run_id),
        earlier=earlier,
        kept=tuple(view for view in before if view.has_unbounded_job and view not in earlier),
    )


def _owner_uid(child: Trial | Job | Pod) -> str | None:
    owner = child.metadata.controller
    return owner.uid if owner is not None else None
