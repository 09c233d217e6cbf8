"""What a person can do about a trial that waits or failed, by its reason."""

REMEDIES = {
    "OOMKilled": "raise resources.limits.memory of the training container, or make the parameter "
    "that costs memory smaller (batch size, width)",
    "ContainerFailed": "read its last lines and the exit code; `kubectl get job TRIAL -o yaml` has "
    "the command to try by hand. Where it is the point itself that can't be evaluated, narrow the "
    "search space",
    "DeadlineExceeded": "raise activeDeadlineSeconds in spec.trial.template, or train fewer steps",
    "NonFiniteObjective": "lower the upper end of the learning rate's range, or clip gradients",
    "MetricNotReported": "print the objective as name=value, flushed, or set "
    "spec.metrics.patterns; `kubectl logs job/TRIAL` shows what was printed",
    "PodDeleted": "find out who deletes pods (a person, a descheduler); raise nothing in the spec",
    "JobDeleted": "leave the Jobs of a TuningJob to Kubetune; `kubetune stop NAME` ends a job",
    "PodNotReplaced": "`kubectl describe job TRIAL` says why no new pod came",
    "Unschedulable": "free or add the resources that the message names, ask for less in the "
    "template, or lower limits.maxParallelTrials",
    "ImagePullFailed": "check the image's name and tag, and imagePullSecrets, in the template",
    "ContainerCannotStart": "`kubectl describe pod -l kubetune.dev/trial=TRIAL` names the secret, "
    "volume or command that is missing",
    "JobRefused": "mend the quota, policy or webhook that the message names; Kubetune tries again",
    "TemplateRejected": "this point makes a Job that the API server rejects: narrow the parameter "
    "that the message names",
    "Queued": "the queue admits it when there is room; `kubectl get workloads` with Kueue",
    "Suspended": "`kubetune resume NAME` lets the job go on",
    "Disrupted": "nothing: it runs again by itself and this does not count as a failure",
}


def remedy(reason: str | None, *, job: str, trial: str) -> str | None:
    """What to do about it; None where nothing is known, or nothing needs doing."""
    found = REMEDIES.get(reason or "")
    return None if found is None else found.replace("TRIAL", trial).replace("NAME", job)
