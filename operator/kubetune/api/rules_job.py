"""Rules about the job as a whole: its name, its limits, its end, its durations, its template."""

import re
from datetime import timedelta

from kubetune.api.durations import DURATION_PATTERN, MAX_DURATION, parse_duration
from kubetune.api.job_template import ContainerPart, PodPart
from kubetune.api.names import COLLECTOR_CONTAINER
from kubetune.api.rule import Rule, Word, cel_matches
from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import LimitsSpec, TuningJobSpec

MAX_JOB_NAME = 63
"""What a label's value holds: the job's name is a label of all that it owns."""

_LABEL_PATTERN = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_MAX_HOURS = int(MAX_DURATION / timedelta(hours=1))


def _is_duration(text: str) -> bool:
    return (
        text != ""
        and re.fullmatch(DURATION_PATTERN, text) is not None
        and timedelta(0) < parse_duration(text) <= MAX_DURATION
    )


def _duration(at: str) -> Rule[str]:
    return Rule(
        name=f"{at.rpartition('.')[2]}-malformed",
        at=at,
        model=str,
        cel=f"{cel_matches('self', DURATION_PATTERN)} && duration(self) > duration('0s') && "
        f"duration(self) <= duration('{_MAX_HOURS}h')",
        holds=_is_duration,
        message=f'{at} "{{self}}" is not a duration: write hours, minutes and seconds in this '
        f"order, such as 90s, 45m or 1h30m, more than 0 and at most {_MAX_HOURS}h",
        words={"self": Word(cel="self", text=str)},
    )


_NAME: Rule[str] = Rule(
    name="job-name-malformed",
    at="metadata.name",
    model=str,
    cel=f"self.metadata.name.size() <= {MAX_JOB_NAME} && "
    f"{cel_matches('self.metadata.name', _LABEL_PATTERN)}",
    holds=lambda name: len(name) <= MAX_JOB_NAME and re.fullmatch(_LABEL_PATTERN, name) is not None,
    message='metadata.name "{self}" can\'t name a TuningJob, because it becomes a label: use at '
    f"most {MAX_JOB_NAME} lower-case letters, digits and '-', with a letter or digit first and "
    "last",
    words={"self": Word(cel="self.metadata.name", text=str)},
)

_PARALLEL = Rule(
    name="more-parallel-than-trials",
    at="spec.limits",
    model=LimitsSpec,
    field_path=".maxParallelTrials",
    cel="!has(self.maxTrials) || self.maxParallelTrials <= self.maxTrials",
    holds=lambda limits: (
        limits.max_trials is None or limits.max_parallel_trials <= limits.max_trials
    ),
    message="spec.limits.maxParallelTrials is {maxParallelTrials} but must not be larger than "
    "maxTrials, which is {maxTrials}: lower it, or raise maxTrials",
)


def _can_end(spec: TuningJobSpec) -> bool:
    completion = spec.completion
    return (
        spec.strategy.type is StrategyType.GRID
        or spec.limits.max_trials is not None
        or spec.limits.max_runtime is not None
        or spec.limits.max_gpu_hours is not None
        or (completion is not None and completion.target is not None)
        or (completion is not None and completion.not_improving is not None)
    )


_NO_END = Rule(
    name="job-without-end",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "limits", "completion"),
    field_path=".limits.maxTrials",
    cel="self.strategy.type == 'Grid' || has(self.limits.maxTrials) || "
    "has(self.limits.maxRuntime) || has(self.limits.maxGpuHours) || has(self.completion) && "
    "(has(self.completion.target) || has(self.completion.notImproving))",
    holds=_can_end,
    message="spec.limits.maxTrials is missing: the strategy {strategy.type} would never end; set "
    "it, or spec.limits.maxRuntime, spec.limits.maxGpuHours, spec.completion.target or "
    "spec.completion.notImproving",
)

_RUN_ID: Rule[str] = Rule(
    name="run-id-malformed",
    at="spec.runId",
    model=str,
    cel=cel_matches("self", _LABEL_PATTERN),
    holds=lambda run_id: re.fullmatch(_LABEL_PATTERN, run_id) is not None,
    message='spec.runId "{self}" can\'t be part of a name: use lower-case letters, digits and '
    "'-', with a letter or digit first and last",
    words={"self": Word(cel="self", text=str)},
)

_CONFIG_MAP: Rule[str] = Rule(
    name="best-parameters-config-map-malformed",
    at="spec.bestParametersConfigMap",
    model=str,
    cel=cel_matches("self", _LABEL_PATTERN),
    holds=lambda name: re.fullmatch(_LABEL_PATTERN, name) is not None,
    message='spec.bestParametersConfigMap "{self}" can\'t name a ConfigMap: use lower-case '
    "letters, digits and '-', with a letter or digit first and last",
    words={"self": Word(cel="self", text=str)},
)

_AT_POD = "spec.trial.template.spec.template.spec"

_RESTART_POLICY = Rule(
    name="restart-policy-not-never",
    at=_AT_POD,
    model=PodPart,
    field_path=".restartPolicy",
    cel="!has(self.restartPolicy) || self.restartPolicy == 'Never'",
    holds=lambda pod: pod.restart_policy in (None, "Never"),
    message=f'{_AT_POD}.restartPolicy is "{{restartPolicy}}" but a trial runs its training '
    "container once: use Never, or remove it",
)

_CONTAINER_RESERVED = Rule(
    name="container-is-collector",
    at=f"{_AT_POD}.containers[]",
    model=ContainerPart,
    field_path=".name",
    cel=f"self.name != '{COLLECTOR_CONTAINER}'",
    holds=lambda container: container.name != COLLECTOR_CONTAINER,
    message=f"{_AT_POD}.containers[].name {{name}} is the name of the metrics sidecar that is "
    "added to the pod: use another name",
)

JOB_RULES = (
    _NAME,
    _duration("spec.limits.maxRuntime"),
    _duration("spec.limits.maxPendingTime"),
    _duration("spec.retention.jobs"),
    _PARALLEL,
    _NO_END,
    _RUN_ID,
    _CONFIG_MAP,
    _RESTART_POLICY,
    _CONTAINER_RESERVED,
)
