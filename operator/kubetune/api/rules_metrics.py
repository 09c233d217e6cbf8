"""Rules about the objective and about how its metrics are found."""

import re
from collections.abc import Sequence

from kubetune.api import regexes
from kubetune.api.job_template import pod_part
from kubetune.api.rule import Rule, Word, cel_matches, cel_string
from kubetune.api.tuningjob import (
    MetricPattern,
    MetricsSource,
    MetricsSpec,
    ObjectiveSpec,
    TuningJobSpec,
)

METRIC_PATTERN = "[A-Za-z0-9_][A-Za-z0-9_./-]*"
RESERVED_METRICS = ("step", "epoch")

_PATH_PATTERN = r"(/[^/:\x00-\x20\x7f]+){2,}"
_DOT_SEGMENT = r"/[.][.]?(/|$)"
_RESERVED_CEL = "[" + ", ".join(f"'{name}'" for name in RESERVED_METRICS) + "]"
_METRIC_WORDS = (
    "is not a name for a metric: start with a letter, a digit or '_', and go on with letters, "
    "digits, '_', '.', '/' and '-'"
)
_RESERVED_WORDS = (
    "is the word by which training code says its step, not a metric: report the metric by another "
    "name"
)


def _is_metric(name: str) -> bool:
    return re.fullmatch(METRIC_PATTERN, name) is not None


def _first_malformed(names: Sequence[str]) -> str:
    return next((name for name in names if not _is_metric(name)), "")


def _first_reserved(names: Sequence[str]) -> str:
    return next((name for name in names if name in RESERVED_METRICS), "")


_OBJECTIVE_NAME = Rule(
    name="objective-metric-malformed",
    at="spec.objective",
    model=ObjectiveSpec,
    field_path=".metric",
    cel=cel_matches("self.metric", METRIC_PATTERN),
    holds=lambda o: _is_metric(o.metric),
    message=f'spec.objective.metric "{{metric}}" {_METRIC_WORDS}',
)

_OBJECTIVE_RESERVED = Rule(
    name="objective-metric-reserved",
    at="spec.objective",
    model=ObjectiveSpec,
    field_path=".metric",
    cel=f"!(self.metric in {_RESERVED_CEL})",
    holds=lambda o: o.metric not in RESERVED_METRICS,
    message=f'spec.objective.metric "{{metric}}" {_RESERVED_WORDS}',
)

_ADDITIONAL_NAME = Rule(
    name="additional-metric-malformed",
    at="spec.objective",
    model=ObjectiveSpec,
    field_path=".additionalMetrics",
    cel=f"self.additionalMetrics.all(m, {cel_matches('m', METRIC_PATTERN)})",
    holds=lambda o: not _first_malformed(o.additional_metrics),
    message=f'spec.objective.additionalMetrics: "{{first}}" {_METRIC_WORDS}',
    words={
        "first": Word(
            cel=f"self.additionalMetrics.filter(m, !{cel_matches('m', METRIC_PATTERN)})[0]",
            text=lambda o: _first_malformed(o.additional_metrics),
        )
    },
)

_ADDITIONAL_RESERVED = Rule(
    name="additional-metric-reserved",
    at="spec.objective",
    model=ObjectiveSpec,
    field_path=".additionalMetrics",
    cel=f"self.additionalMetrics.all(m, !(m in {_RESERVED_CEL}))",
    holds=lambda o: not _first_reserved(o.additional_metrics),
    message=f'spec.objective.additionalMetrics: "{{first}}" {_RESERVED_WORDS}',
    words={
        "first": Word(
            cel=f"self.additionalMetrics.filter(m, m in {_RESERVED_CEL})[0]",
            text=lambda o: _first_reserved(o.additional_metrics),
        )
    },
)

_ADDITIONAL_OBJECTIVE = Rule(
    name="additional-metric-is-objective",
    at="spec.objective",
    model=ObjectiveSpec,
    field_path=".additionalMetrics",
    cel="!(self.metric in self.additionalMetrics)",
    holds=lambda o: o.metric not in o.additional_metrics,
    message='spec.objective.additionalMetrics repeats "{metric}", which is the objective metric '
    "and recorded anyway: remove it there",
)

_PATH_MISSING = Rule(
    name="path-missing",
    at="spec.metrics",
    model=MetricsSpec,
    field_path=".path",
    cel="self.source != 'File' || has(self.path)",
    holds=lambda m: m.source is not MetricsSource.FILE or m.path is not None,
    message="spec.metrics.path is missing: the source File needs the path of the metrics file, "
    "such as /metrics/log.txt",
)

_PATH_UNUSED = Rule(
    name="path-without-file",
    at="spec.metrics",
    model=MetricsSpec,
    field_path=".path",
    cel="self.source == 'File' || !has(self.path)",
    holds=lambda m: m.source is MetricsSource.FILE or m.path is None,
    message='spec.metrics.path "{path}" is only for the source File, not for {source}: remove it, '
    "or change spec.metrics.source",
)

_PATH = Rule(
    name="path-malformed",
    at="spec.metrics",
    model=MetricsSpec,
    field_path=".path",
    cel=f"!has(self.path) || ({cel_matches('self.path', _PATH_PATTERN)} && "
    f"!self.path.matches({cel_string(_DOT_SEGMENT)}))",
    holds=lambda m: (
        m.path is None
        or (
            re.fullmatch(_PATH_PATTERN, m.path) is not None
            and re.search(_DOT_SEGMENT, m.path) is None
        )
    ),
    message='spec.metrics.path "{path}" is not the path of a file in a directory: write an '
    "absolute path such as /metrics/log.txt, not directly under /, without blanks, ':', '.' and "
    "'..' as names",
)

_PATTERNS_WITH_ANNOTATION = Rule(
    name="patterns-with-annotation",
    at="spec.metrics",
    model=MetricsSpec,
    field_path=".patterns",
    cel="self.source != 'Annotation' || self.patterns.size() == 0",
    holds=lambda m: m.source is not MetricsSource.ANNOTATION or not m.patterns,
    message="spec.metrics.patterns is of no use with the source Annotation, where training code "
    "reports by itself: remove it, or change spec.metrics.source",
)

_AT_PATTERN = "spec.metrics.patterns[{metric}].regex"

_REGEX_NOT_SHARED = Rule(
    name="regex-not-shared",
    at="spec.metrics.patterns[]",
    model=MetricPattern,
    field_path=".regex",
    cel=cel_matches("self.regex", regexes.GRAMMAR),
    holds=lambda p: regexes.is_shared(p.regex),
    message=f"{_AT_PATTERN} {{regex}} has something that RE2 and Python do not read alike: leave "
    "out look-around, back-references, quantifiers of quantifiers and groups with other names than "
    "value and step, and write \\{, \\}, \\[ and \\] where these characters stand for themselves",
)

_REGEX_WITHOUT_VALUE = Rule(
    name="regex-without-value",
    at="spec.metrics.patterns[]",
    model=MetricPattern,
    field_path=".regex",
    cel=f"!{cel_matches('self.regex', regexes.GRAMMAR)} || "
    f"{cel_matches('self.regex', regexes.GRAMMAR_WITH_VALUE)}",
    holds=lambda p: not regexes.is_shared(p.regex) or regexes.has_value_group(p.regex),
    message=f"{_AT_PATTERN} {{regex}} does not say which part is the value: put a group named "
    "value around it, (?P<value>...)",
)

_REGEX_REPEATS_GROUP = Rule(
    name="regex-repeats-group",
    at="spec.metrics.patterns[]",
    model=MetricPattern,
    field_path=".regex",
    cel=f"!{cel_matches('self.regex', regexes.GRAMMAR_WITH_REPEAT)}",
    holds=lambda p: not regexes.repeats_a_group(p.regex),
    message=f"{_AT_PATTERN} {{regex}} has a group of the same name twice: keep one, and make the "
    "other (?:...)",
)

_REGEX_BROKEN = Rule(
    name="regex-broken",
    at="spec.metrics.patterns[]",
    model=MetricPattern,
    field_path=".regex",
    # A broken expression makes matches() fail. The API server then says what RE2 found, and this
    # rule's message.
    cel=f"!{cel_matches('self.regex', regexes.GRAMMAR)} || "
    f"{cel_matches('self.regex', regexes.GRAMMAR_WITH_REPEAT)} || "
    "''.matches(self.regex) || !''.matches(self.regex)",
    holds=lambda p: (
        not regexes.is_shared(p.regex)
        or regexes.repeats_a_group(p.regex)
        or regexes.compiles(p.regex)
    ),
    message="spec.metrics.patterns[].regex is not a regular expression in the syntax that RE2 and "
    "Python share: close every group and give ranges and counts in ascending order",
)


def _metrics(spec: TuningJobSpec) -> tuple[str, ...]:
    return (spec.objective.metric, *spec.objective.additional_metrics)


def _first_unknown(spec: TuningJobSpec) -> str:
    known = _metrics(spec)
    return next((p.metric for p in spec.metrics.patterns if p.metric not in known), "")


_KNOWN_CEL = "(p.metric == self.objective.metric || p.metric in self.objective.additionalMetrics)"

_PATTERN_OF_UNKNOWN = Rule(
    name="pattern-of-unknown-metric",
    at="spec",
    model=TuningJobSpec,
    needs=("objective", "metrics"),
    field_path=".metrics.patterns",
    cel=f"self.metrics.patterns.all(p, {_KNOWN_CEL})",
    holds=lambda s: not _first_unknown(s),
    message='spec.metrics.patterns: "{first}" is neither the objective metric nor one of the '
    "additionalMetrics: correct the name, or add it to spec.objective.additionalMetrics",
    words={
        "first": Word(
            cel=f"self.metrics.patterns.filter(p, !{_KNOWN_CEL})[0].metric", text=_first_unknown
        )
    },
)

_OBJECTIVE_WITHOUT_PATTERN = Rule(
    name="objective-without-pattern",
    at="spec",
    model=TuningJobSpec,
    needs=("objective", "metrics"),
    field_path=".metrics.patterns",
    cel="self.metrics.patterns.size() == 0 || "
    "self.metrics.patterns.exists(p, p.metric == self.objective.metric)",
    holds=lambda s: (
        not s.metrics.patterns or s.objective.metric in [p.metric for p in s.metrics.patterns]
    ),
    message='spec.metrics.patterns has no pattern for the objective metric "{objective.metric}", '
    "so it would never be found: add one",
)


def _containers(spec: TuningJobSpec) -> list[str]:
    return [container.name for container in pod_part(spec.trial.template).containers]


_CONTAINERS_CEL = "self.trial.template.spec.template.spec.containers"

_CONTAINER_UNKNOWN = Rule(
    name="container-not-in-template",
    at="spec",
    model=TuningJobSpec,
    needs=("metrics", "trial"),
    field_path=".metrics.container",
    cel="!has(self.metrics.container) || "
    f"{_CONTAINERS_CEL}.exists(c, c.name == self.metrics.container)",
    holds=lambda s: s.metrics.container is None or s.metrics.container in _containers(s),
    message='spec.metrics.container "{metrics.container}" is not a container of the template, '
    'whose first one is "{first}": correct the name, or remove it to use the first',
    words={"first": Word(cel=f"{_CONTAINERS_CEL}[0].name", text=lambda s: _containers(s)[0])},
)

METRICS_RULES = (
    _OBJECTIVE_NAME,
    _OBJECTIVE_RESERVED,
    _ADDITIONAL_NAME,
    _ADDITIONAL_RESERVED,
    _ADDITIONAL_OBJECTIVE,
    _PATH_MISSING,
    _PATH_UNUSED,
    _PATH,
    _PATTERNS_WITH_ANNOTATION,
    _REGEX_NOT_SHARED,
    _REGEX_WITHOUT_VALUE,
    _REGEX_REPEATS_GROUP,
    _REGEX_BROKEN,
    _PATTERN_OF_UNKNOWN,
    _OBJECTIVE_WITHOUT_PATTERN,
    _CONTAINER_UNKNOWN,
)
