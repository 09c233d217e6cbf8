"""The reference of /metrics and of the alerts, from the exporter and the alert rules."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from handbook.markdown import code, generated, table
from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import Phase
from kubetune.controller.cluster import Cluster
from kubetune.controller.gauges import ClusterGauges
from kubetune.controller.metrics import Metrics
from kubetune.kube.client import Client

PAGE = "metrics.md"
ALERTS = Path("helm/kubetune/files/alerts.yaml")

_LABELS = {
    "state": "a trial's state: " + ", ".join(TrialState),
    "phase": "a job's phase: " + ", ".join(Phase),
    "condition": "Degraded or Stalled",
    "kind": "launch, promote, stop or end",
    "reason": "the strategy of a launch, the rule of a promotion or a stop, the reason of an end",
    "strategy": ", ".join(StrategyType),
    "result": "how the look went: ok, or the kind of error",
    "verb": "the HTTP verb",
    "resource": "the resource that was asked for",
    "code": "the HTTP status, 0 where no answer came",
}
"""What a label's values are. A label that is missing here stops `make generate`."""


def metrics_page(root: Path) -> str:
    """Return the page.

    Args:
        root: Folder of the project, where the alert rules are.
    """
    rows = [
        [code(_series(family)), str(family.type), _labels(family), _sentence(family)]
        for family in families()
    ]
    begin = generated(
        "Metrics and alerts",
        "The operator serves them at `/metrics`, port 8080, in the text format of Prometheus. No "
        "label holds a name, so their number does not grow with the objects. A histogram has the "
        "series `_bucket`, `_sum` and `_count`. [How to watch them](../how-to/monitoring.md).",
        table(["Metric", "Kind", "Labels", "What it says"], rows),
        "## Labels",
        table(["Label", "Values"], [[code(name), text] for name, text in _used_labels()]),
        "## Alerts",
        "In the chart with `metrics.prometheusRule.enabled`, in the manifests with the overlay "
        "`monitoring`.",
        table(
            ["Alert", "Severity", "It means", "What to do"],
            [
                [
                    code(rule["alert"]),
                    rule["labels"]["severity"],
                    _plain(rule["annotations"]["summary"]),
                    _plain(rule["annotations"]["description"]),
                ]
                for rule in alerts(root)
            ],
        ),
    )
    return begin + "\n"


def families() -> list[Metric]:
    """Return all that the operator exports, by name."""
    registry = _registry()
    return sorted(registry.collect(), key=lambda family: family.name)


def alerts(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the alert rules."""
    for group in yaml.safe_load((root / ALERTS).read_text("utf-8"))["groups"]:
        yield from group["rules"]


def _registry() -> CollectorRegistry:
    registry = Metrics().registry
    # Nothing is asked of the API server: an empty cluster has all gauges, with zeros.
    nobody = cast("Client", None)
    empty = Cluster(nobody, namespaces=(), enqueue=lambda _: None, jitter=lambda: 0.0)
    registry.register(ClusterGauges(empty, now=lambda: datetime.min.replace(tzinfo=UTC)))
    return registry


def _series(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _labels(family: Metric) -> str:
    return ", ".join(code(name) for name in _label_names(family))


def _label_names(family: Metric) -> tuple[str, ...]:
    shown = {name for sample in family.samples for name in sample.labels if name != "le"}
    if shown:
        return tuple(sorted(shown))
    # A counter that has counted nothing shows no series; its declaration knows the labels.
    declared = _declared().get(family.name, ())
    return tuple(declared)


def _declared() -> dict[str, tuple[str, ...]]:
    """Return the labels of the metrics that are declared, by name."""
    kept = vars(Metrics()).values()
    return {
        metric._name: tuple(metric._labelnames)  # noqa: SLF001  the client has no public way
        for metric in kept
        if hasattr(metric, "_labelnames")
    }


def _used_labels() -> Iterator[tuple[str, str]]:
    used = sorted({name for family in families() for name in _label_names(family)})
    unknown = [name for name in used if name not in _LABELS]
    if unknown:
        raise LookupError(f"say in handbook/metrics.py what the labels {unknown} mean")
    return ((name, _LABELS[name]) for name in used)


def _sentence(family: Metric) -> str:
    return str(family.documentation)


def _plain(text: str) -> str:
    text = text.replace("{{ $value | humanizeDuration }}", "hours")
    return text.replace("{{ $value }}", "Some").replace("{{ $labels.", "{").replace(" }}", "}")
