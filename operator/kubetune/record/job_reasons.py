"""Every reason that a TuningJob may give, and every event about one. See record.reasons."""

from collections.abc import Sequence

from kubetune.record.reasons import Reason

JOB_REASONS: Sequence[Reason] = (
    Reason(name="Tuning", found=("Running",), meaning="Trials run."),
    Reason(
        name="SuspendedByUser",
        found=("Suspended",),
        meaning="spec.suspend is true.",
        remedy="`kubetune resume NAME -n NAMESPACE`, or set spec.suspend to false",
    ),
    Reason(
        name="Interrupted",
        found=("Suspended",),
        meaning="`kubetune run` was ended by Ctrl-C or a signal.",
        remedy="the same `kubetune run` command goes on",
    ),
    Reason(
        name="TargetReached",
        found=("Complete",),
        meaning="The best value is at least as good as completion.target.",
    ),
    Reason(
        name="Converged",
        found=("Complete",),
        meaning="The search has converged and completion.convergence is true.",
    ),
    Reason(
        name="NotImproving",
        found=("Complete",),
        meaning="completion.notImproving.trials trials in a row did not improve the best value.",
        remedy="if that came too soon: more trials or a smaller tolerance, and a new runId",
    ),
    Reason(
        name="MaxTrialsReached",
        found=("Complete",),
        meaning="limits.maxTrials trials have ended.",
        remedy="for more: a larger limits.maxTrials and a new runId, or a job that warm-starts "
        "from this one",
    ),
    Reason(
        name="SearchSpaceExhausted",
        found=("Complete",),
        meaning="Every point of a finite search space was tried.",
        remedy="for more: a wider range or a smaller step",
    ),
    Reason(
        name="MaxRuntimeReached",
        found=("Complete",),
        meaning="limits.maxRuntime has passed; what ran was stopped and keeps its value.",
        remedy="for more: a larger limits.maxRuntime, set before it has passed",
    ),
    Reason(
        name="MaxGpuHoursReached",
        found=("Complete",),
        meaning="The trials have used limits.maxGpuHours.",
        remedy="for more: a larger limits.maxGpuHours, set before it is reached",
    ),
    Reason(
        name="StoppedByUser",
        found=("Complete",),
        meaning="spec.stop is true; the best result so far stays.",
    ),
    Reason(
        name="FirstTrialsFailed",
        found=("Failed",),
        meaning="limits.maxInitialFailures trials failed before any succeeded: most often a broken "
        "image or command.",
        remedy="`kubetune explain NAME -n NAMESPACE` names the last failure; mend it and set a new "
        "runId",
    ),
    Reason(
        name="TooManyFailedTrials",
        found=("Failed",),
        meaning="More trials than limits.maxFailedTrials failed or reported no metric.",
        remedy="`kubetune explain NAME -n NAMESPACE` names the last failure; mend it and set a new "
        "runId",
    ),
    Reason(
        name="NoTrialSucceeded",
        found=("Failed",),
        meaning="The job ran out of trials, points or time and no trial has a value.",
        remedy="`kubectl get trials -n NAMESPACE -l kubetune.dev/tuning-job=NAME` shows why each "
        "one ended",
    ),
    Reason(
        name="NewRun",
        found=("Complete",),
        meaning="In status.previousRuns: the run was replaced by a new runId before its end.",
    ),
)
"""Reasons of TuningJobs that were accepted, and so of their trials that are Stopped."""

REFUSALS: Sequence[Reason] = (
    Reason(
        name="InvalidSpec",
        found=("Pending",),
        meaning="The spec breaks a rule, which an older version of the CRD let pass.",
        remedy="mend what the message names; `kubetune validate` lists every fault",
    ),
    Reason(
        name="RunIdUsed",
        found=("Pending",),
        meaning="spec.runId is the name of an earlier run, whose trials still have it.",
        remedy="set one that was not used before, or delete those trials",
    ),
    Reason(
        name="InvalidPlaceholders",
        found=("Pending",),
        meaning="The template names a parameter that is not there, or never uses one that is.",
        remedy="write the placeholder that the message proposes",
    ),
    Reason(
        name="InvalidSearchSpace",
        found=("Pending",),
        meaning="The parameters contradict each other.",
        remedy="mend the range that the message names",
    ),
    Reason(
        name="InvalidInitialTrials",
        found=("Pending",),
        meaning="A point of spec.initialTrials is outside the search space, or stands there twice.",
        remedy="mend the point that the message names",
    ),
    Reason(
        name="InvalidWarmStart",
        found=("Pending",),
        meaning="spec.warmStart.fixed does not fit the parameters.",
        remedy="mend the value that the message names",
    ),
    Reason(
        name="GridNotFinite",
        found=("Pending",),
        meaning="Grid was asked for over a Float without step.",
        remedy="give every Float a step, or use Random or Bayesian",
    ),
    Reason(
        name="GridTooLarge",
        found=("Pending",),
        meaning="The grid has more than 100,000 combinations.",
        remedy="use larger steps or fewer values, or Random or Bayesian",
    ),
    Reason(
        name="GridSizeMismatch",
        found=("Pending",),
        meaning="limits.maxTrials is not the number of combinations of the grid.",
        remedy="leave limits.maxTrials out, or set it to the number in the message",
    ),
    Reason(
        name="MaxResourceUnknown",
        found=("Pending",),
        meaning="hyperband.maxResource is absent, and the template does not say the number of "
        "steps in a way that Kubetune finds.",
        remedy="set strategy.hyperband.maxResource",
    ),
    Reason(
        name="NoGpuToCount",
        found=("Pending",),
        meaning="limits.maxGpuHours is set, but the template asks for no GPU.",
        remedy="add the GPU's limit to the template, or use limits.maxRuntime",
    ),
    Reason(
        name="PodsNotIndexed",
        found=("Pending",),
        meaning="A trial would have several pods that all report for it.",
        remedy="set completionMode of the template to Indexed, where the pod of index 0 reports",
    ),
    Reason(
        name="ServiceAccountNotAllowed",
        found=("Pending",),
        meaning="With the metrics source Annotation a pod runs as kubetune-annotator only.",
        remedy="leave serviceAccountName out, or use the source Stdout or File",
    ),
    Reason(
        name="TemplateRejected",
        found=("Pending",),
        meaning="The API server rejects the first trial's Job or pod as invalid; the message is "
        "its own.",
        remedy="mend the field that the message names",
    ),
    Reason(
        name="TemplateForbidden",
        found=("Pending",),
        meaning="The namespace does not admit the first trial's Job or pod, such as a pod that is "
        "not restricted; the message is the API server's. Asked again by itself.",
        remedy="do what the message asks for, or use another namespace",
    ),
    Reason(
        name="AccessNotGranted",
        found=("Pending",),
        meaning="The trials' account or its binding could not be made. Asked again by itself.",
        remedy="ask who runs the cluster: the operator lacks a right in this namespace",
    ),
    Reason(
        name="ClaimNotMade",
        found=("Pending",),
        meaning="The claim of checkpoint.volumeClaimTemplate could not be made. Asked again by "
        "itself.",
        remedy="mend the quota or the field that the message names",
    ),
    Reason(
        name="ClaimNameTaken",
        found=("Pending",),
        meaning="A PersistentVolumeClaim of the job's name exists and is not this job's.",
        remedy="delete it if it is an earlier job's, or name it in "
        "checkpoint.persistentVolumeClaim to use it",
    ),
    Reason(
        name="ParentNotFound",
        found=("Pending",),
        meaning="A job of spec.warmStart.from does not exist (yet). This one waits.",
        remedy="correct the name, or create it",
    ),
    Reason(
        name="ParentNotFinished",
        found=("Pending",),
        meaning="A job of spec.warmStart.from still runs. This one waits.",
    ),
    Reason(
        name="ParentDiffers",
        found=("Pending",),
        meaning="A job of spec.warmStart.from has another objective, or parameters of other names "
        "or types.",
        remedy="the message names each difference and what to do about it",
    ),
    Reason(
        name="ParentWithoutResult",
        found=("Pending",),
        meaning="A job of spec.warmStart.from has no trial with a value.",
        remedy="leave that job out",
    ),
    Reason(
        name="NothingLeftToTry",
        found=("Pending",),
        meaning="The jobs of spec.warmStart.from have tried every point of the search space.",
        remedy="widen a range, or use the type TransferLearning",
    ),
)
"""Reasons of the condition Accepted=False: no trial has started."""

OTHER_EVENTS: Sequence[Reason] = (
    Reason(
        name="Accepted",
        found=("TuningJob", "Normal"),
        meaning="The spec can be run, and a run begins; the note has what is worth knowing before.",
    ),
    Reason(
        name="Launched",
        found=("Trial", "Normal"),
        meaning="The Trial was created; the note has its point and why it is tried.",
    ),
    Reason(
        name="TrialEarlyStopped",
        found=("TuningJob", "Normal"),
        meaning="A rule stopped a trial; the note has the numbers.",
    ),
    Reason(
        name="TrialPromoted",
        found=("TuningJob", "Normal"),
        meaning="A paused trial goes on; the note has the numbers.",
    ),
    Reason(
        name="TrialFailed",
        found=("TuningJob", "Warning"),
        meaning="A trial failed; the note has its reason and message.",
    ),
    Reason(
        name="TrialMetricsUnavailable",
        found=("TuningJob", "Warning"),
        meaning="A trial ended without its metric.",
    ),
    Reason(
        name="TrialRefused",
        found=("TuningJob", "Warning"),
        meaning="A Trial could not be created; Kubetune tries again.",
        remedy="mend what the note names: a quota, a policy, or another object of that name",
    ),
    Reason(
        name="BestParametersNotWritten",
        found=("TuningJob", "Warning"),
        meaning="The ConfigMap of spec.bestParametersConfigMap was not made.",
        remedy="remove the ConfigMap that has the name, or choose another name; "
        "status.best.parameters has the result as well",
    ),
    Reason(
        name="RunHasEnded",
        found=("TuningJob", "Normal"),
        meaning="The spec was changed after the end, which changes nothing.",
        remedy="set a new runId to tune again",
    ),
    Reason(
        name="LookFailed",
        found=("TuningJob", "Warning"),
        meaning="The operator met an error while it looked at the job; it tries again.",
        remedy="report it with the operator's log if it does not pass",
    ),
)
"""Events besides those that every change of phase, state or reason makes with that reason."""

CONDITION_REASONS: Sequence[Reason] = (
    Reason(name="Valid", found=("Accepted",), meaning="The spec can be run."),
    Reason(
        name="Obstructed",
        found=("Degraded",),
        meaning="Something is in the way, and the message says what: Jobs that are refused or "
        "that nobody resumes, or a strategy that could not answer and was replaced by random "
        "points.",
        remedy="mend what the message names; the job goes on meanwhile",
    ),
)
"""Reasons of conditions besides those of the phase. One that does not hold has `Not` before it."""
