"""Every reason that a Trial or a TuningJob may give, with its meaning and what to do about it.

`kubetune explain` and the handbook say what stands here. A test finds the reasons in the code and
fails for one that is missing, so whoever adds a reason also says what a person can do about it.
The reasons of TuningJobs are in record.job_reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason.

    Attributes:
        name: One CamelCase word, as it stands in `status.reason`.
        found: The states, phases or kinds of event that it is found with.
        meaning: What has happened.
        remedy: What a person can do; TRIAL, NAME and NAMESPACE stand for the names of the trial, of
            its job and of where they are. Empty where nothing needs doing.
        locally: The same where `kubetune run` ran the trial on this machine, DIR being what it
            keeps; empty where the remedy holds there, too.
    """

    name: str
    found: tuple[str, ...]
    meaning: str
    remedy: str = ""
    locally: str = ""


TRIAL_REASONS: Sequence[Reason] = (
    Reason(
        name="PodStarting",
        found=("Pending",),
        meaning="The pod is there and its containers start.",
    ),
    Reason(
        name="PodPending",
        found=("Pending", "Failed"),
        meaning="The Job has no pod yet, or lost its pod and gets no other one. The trial fails "
        "after limits.maxPendingTime.",
        remedy="`kubectl describe job -n NAMESPACE TRIAL` says why no pod comes, such as a quota "
        "on pods",
    ),
    Reason(
        name="Unschedulable",
        found=("Pending", "Failed"),
        meaning="No node has room; the message is the scheduler's. The trial fails after "
        "limits.maxPendingTime.",
        remedy="free or add the resources that the message names, ask for less in the "
        "template, or lower limits.maxParallelTrials",
    ),
    Reason(
        name="SchedulingGated",
        found=("Pending", "Failed"),
        meaning="A scheduling gate of the pod template holds the pod back. The trial fails after "
        "limits.maxPendingTime.",
        remedy="whoever set the gate has to remove it; a queue that suspends Jobs has no deadline",
    ),
    Reason(
        name="ImagePullFailed",
        found=("Pending", "Failed"),
        meaning="The node cannot pull an image. The trial fails after two minutes of it.",
        remedy="check the image's name and tag, and imagePullSecrets, in the template",
    ),
    Reason(
        name="ContainerCannotStart",
        found=("Pending", "Failed"),
        meaning="A container cannot be created or started: its command is not in the image, or a "
        "secret, config map or volume that it names is missing. The trial fails after two minutes.",
        remedy="`kubectl describe pod -n NAMESPACE -l kubetune.dev/trial=TRIAL` names the secret, "
        "volume or command that is missing",
    ),
    Reason(
        name="JobRefused",
        found=("Pending", "Failed"),
        meaning="The API server refuses the trial's Job: a quota, a policy, a webhook that is "
        "down. Asked again every 15 s; the trial fails after limits.maxPendingTime.",
        remedy="mend the quota, policy or webhook that the message names; Kubetune tries again",
    ),
    Reason(
        name="Queued",
        found=("Pending",),
        meaning="A queue such as Kueue holds the Job suspended. That time counts towards no "
        "deadline.",
        remedy="the queue admits it when there is room; `kubectl get workloads -n NAMESPACE` with "
        "Kueue",
    ),
    Reason(
        name="SuspendedByTemplate",
        found=("Pending",),
        meaning="spec.suspend of the template is true and no queue is named, so the Job waits "
        "until somebody resumes it. That time counts towards no deadline.",
        remedy="remove suspend from the template, or give its metadata the label "
        "kueue.x-k8s.io/queue-name, with a new spec.runId; for one Job: `kubectl patch job "
        '-n NAMESPACE TRIAL -p \'{"spec":{"suspend":false}}\'`',
    ),
    Reason(
        name="Suspended",
        found=("Pending",),
        meaning="The TuningJob is suspended; the trial runs again on resume.",
        remedy="`kubetune resume NAME -n NAMESPACE` lets the job go on",
    ),
    Reason(
        name="Disrupted",
        found=("Pending",),
        meaning="The cluster took the pod away: preemption, eviction, a lost or drained node.",
        remedy="nothing: it runs again by itself and this does not count as a failure",
    ),
    Reason(
        name="Promoted",
        found=("Pending",),
        meaning="The trial was among the best at its rung and trains on to the next one.",
    ),
    Reason(
        name="Interrupted",
        found=("Pending",),
        meaning="`kubetune run` ended while the trial ran; the same command runs it again.",
        remedy="the same `kubetune run` command goes on",
    ),
    Reason(
        name="Retrying",
        found=("Pending",),
        meaning="`kubetune run`: the training failed, and backoffLimit of the template lets it try "
        "again.",
    ),
    Reason(name="Training", found=("Running",), meaning="The training container runs."),
    Reason(
        name="PodLingers",
        found=("Running",),
        meaning="The training container has ended, but another container of its pod runs on, and a "
        "trial ends with its pod.",
        remedy="end that container as well, or make it a sidecar: an init container with "
        "restartPolicy: Always",
    ),
    Reason(
        name="RungReached",
        found=("Paused",),
        meaning="The trial has trained to its rung and waits there for its promotion.",
    ),
    Reason(
        name="Completed",
        found=("Succeeded",),
        meaning="The training ended well and reported a finite value.",
    ),
    Reason(
        name="WillNotWin",
        found=("EarlyStopped",),
        meaning="A rule stopped it; status.evidence has the rule, the value, the threshold and the "
        "number of trials that were compared.",
    ),
    Reason(
        name="MetricNotReported",
        found=("MetricsUnavailable",),
        meaning="The training ended well but never reported the objective metric; the message has "
        "the last lines that it printed.",
        remedy="print the objective as name=value, flushed, or set "
        "spec.metrics.patterns; `kubectl logs -n NAMESPACE job/TRIAL` shows what was printed",
        locally="print the objective as name=value, flushed, or set spec.metrics.patterns; "
        "DIR/trials/TRIAL has what each attempt printed",
    ),
    Reason(
        name="NonFiniteObjective",
        found=("Failed",),
        meaning="The final value is NaN or infinite: the training diverged.",
        remedy="lower the upper end of the learning rate's range, or clip gradients",
    ),
    Reason(
        name="ContainerFailed",
        found=("Failed",),
        meaning="A container ended with an exit code other than 0; the message has the code and "
        "the last lines.",
        remedy="read its last lines and the exit code; `kubectl get job -n NAMESPACE TRIAL -o "
        "yaml` has the command to try by hand. Where it is the point itself that can't be "
        "evaluated, narrow the search space",
        locally="read its last lines and the exit code; DIR/trials/TRIAL has what each attempt "
        "printed. Where it is the point itself that can't be evaluated, narrow the search space",
    ),
    Reason(
        name="OOMKilled",
        found=("Failed",),
        meaning="A container used more memory than its limit.",
        remedy="raise resources.limits.memory of the training container, or make the parameter "
        "that costs memory smaller (batch size, width)",
    ),
    Reason(
        name="DeadlineExceeded",
        found=("Failed",),
        meaning="The Job ran longer than activeDeadlineSeconds of the template.",
        remedy="raise activeDeadlineSeconds in spec.trial.template, or train fewer steps",
    ),
    Reason(
        name="BackoffLimitExceeded",
        found=("Failed",),
        meaning="The Job failed and no container that failed was seen: the pod is gone.",
        remedy="keep pods for longer, or read the node's log of that time",
    ),
    Reason(
        name="PodFailurePolicy",
        found=("Failed",),
        meaning="A podFailurePolicy of the template ended the Job.",
        remedy="the message names the rule and the container that it was applied to",
    ),
    Reason(
        name="JobFailed",
        found=("Failed",),
        meaning="The Job failed for a reason that Kubernetes does not name.",
        remedy="`kubectl describe job -n NAMESPACE TRIAL` shows what is known",
    ),
    Reason(
        name="PodDeleted",
        found=("Failed",),
        meaning="Somebody deleted the trial's pod.",
        remedy="find out who deletes pods (a person, a descheduler); raise nothing in the spec",
    ),
    Reason(
        name="JobDeleted",
        found=("Failed",),
        meaning="Somebody deleted the trial's Job before its end was recorded.",
        remedy="leave the Jobs of a TuningJob to Kubetune; `kubetune stop NAME -n NAMESPACE` "
        "ends a job",
    ),
    Reason(
        name="TemplateRejected",
        found=("Failed",),
        meaning="With this point the template makes a Job that the API server rejects.",
        remedy="this point makes a Job that the API server rejects: narrow the parameter "
        "that the message names",
    ),
    Reason(
        name="NewRun",
        found=("Stopped",),
        meaning="spec.runId changed while the trial was not finished.",
    ),
)
"""Reasons of Trials, in the order of a trial's life.

Any other reason that Kubernetes gives to a Job's failure is passed on as it is. A Stopped trial has
the reason for which its job ended.
"""
