"""Whether a valid spec can be run, as far as that can be said without a cluster. Pure.

What CEL rules cannot say: placeholders, the size of a grid, accounts. The operator asks before the
first trial, `kubetune validate` asks offline; both say the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubetune import planner
from kubetune.api import names
from kubetune.api.max_resource import max_resource_faults
from kubetune.api.placeholders import check_placeholders
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.core.gpus import most_gpus
from kubetune.core.warm_start import ParentRun
from kubetune.trialjob.identity import TrialIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One thing that stands against running a spec.

    Attributes:
        reason: One CamelCase word, a reason of `Accepted=False`.
        path: The field.
        message: What is wrong and what to do.
    """

    reason: str
    path: str
    message: str


def objections(spec: TuningJobSpec) -> Iterator[Objection]:
    """Yield everything that stands against a spec."""
    faults = check_placeholders(spec)
    for fault in faults:
        yield Objection(reason="InvalidPlaceholders", path=fault.path, message=fault.message)
    for fault in max_resource_faults(spec):
        yield Objection(reason="MaxResourceUnknown", path=fault.path, message=fault.message)
    for problem in planner.check(spec):
        yield Objection(reason=problem.reason, path=problem.path, message=problem.message)
    if not faults and spec.limits.max_gpu_hours is not None and most_gpus(spec) == 0:
        yield Objection(
            reason="NoGpuToCount",
            path="spec.limits.maxGpuHours",
            message=f"spec.limits.maxGpuHours is {spec.limits.max_gpu_hours:g} but no container of "
            "spec.trial.template asks for a GPU, so that it would never be reached: add a limit "
            "such as nvidia.com/gpu to the training container, or use spec.limits.maxRuntime",
        )
    yield from _several_pods(spec)
    pod = spec.trial.template["spec"]["template"]["spec"]
    named = pod.get("serviceAccountName")
    is_annotation = spec.metrics.source is MetricsSource.ANNOTATION
    if is_annotation and named not in (None, names.ANNOTATOR_SERVICE_ACCOUNT):
        path = "spec.trial.template.spec.template.spec.serviceAccountName"
        yield Objection(
            reason="ServiceAccountNotAllowed",
            path=path,
            message=f"{path}: {named!r} can't be used with metrics source Annotation, because only "
            f"{names.ANNOTATOR_SERVICE_ACCOUNT} may annotate pods: leave serviceAccountName "
            "out, or use source Stdout or File",
        )


def _several_pods(spec: TuningJobSpec) -> Iterator[Objection]:
    """Yield an objection if a trial has several pods and none can be told from another."""
    job = spec.trial.template["spec"]
    if job.get("completionMode") == "Indexed":
        return
    for field in ("completions", "parallelism"):
        if job.get(field) not in (None, 0, 1):
            path = f"spec.trial.template.spec.{field}"
            yield Objection(
                reason="PodsNotIndexed",
                path=path,
                message=f"{path} is {job[field]}, so a trial would have several pods that all "
                "report for it: set spec.trial.template.spec.completionMode to Indexed, where the "
                "pod of completion index 0 reports, or remove it",
            )
            return


def waits_for_nobody(spec: TuningJobSpec) -> bool:
    """Return whether each Job is made suspended and names no queue that would resume it."""
    template = spec.trial.template
    labels = (template.get("metadata") or {}).get("labels") or {}
    return template["spec"].get("suspend") is True and names.QUEUE_LABEL not in labels


def first_trial(
    spec: TuningJobSpec,
    *,
    namespace: str,
    tuning_job: str,
    uid: str,
    seed: int,
    now: datetime,
    parents: Sequence[ParentRun] = (),
) -> TrialIdentity | None:
    """Return the trial that a spec begins with; None if it begins with none.

    Args:
        spec: Without objections; whether it is suspended or stopped does not matter here.
        namespace: Namespace of the TuningJob.
        tuning_job: Its name.
        uid: Stands for the UID that the Trial will have.
        seed: The job's seed.
        now: Passed on to the planner.
        parents: Passed on as well.
    """
    awake = spec.model_copy(update={"suspend": False, "stop": False})
    launch = planner.decide(awake, (), seed=seed, started_at=now, now=now, parents=parents).launch
    if not launch:
        return None
    first = launch[0]
    return TrialIdentity(
        namespace=namespace,
        tuning_job=tuning_job,
        run_id=spec.run_id,
        name=names.trial_name(tuning_job, spec.run_id, first.index),
        uid=uid,
        index=first.index,
        parameters=first.parameters,
        resource=first.resource,
    )
