"""Alerts and dashboard ask for what the operator exports, in PromQL that parses."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest

from kubetune.controller.cluster import Cluster
from kubetune.controller.gauges import ClusterGauges
from kubetune.controller.metrics import Metrics
from tests.controller.builders import NOW
from tests.controller.fake_cluster import FakeApi, FakeClient

FILES = Path(__file__).resolve().parents[2] / "helm" / "kubetune" / "files"
_NAME = re.compile(r"\bkubetune_\w+")


def exported() -> set[str]:
    """Names of all series that the operator's /metrics can show."""
    metrics = Metrics()
    cluster = Cluster(
        FakeClient(FakeApi()), namespaces=(), enqueue=lambda _: None, jitter=lambda: 0.0
    )
    metrics.registry.register(ClusterGauges(cluster, now=lambda: NOW))
    names = set()
    for family in metrics.registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        names |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    return names


def alerts() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((FILES / "alerts.yaml").read_text("utf-8"))["groups"]:
        yield from group["rules"]


def panels() -> Iterator[tuple[str, str]]:
    for panel in json.loads((FILES / "dashboard.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]


EXPRESSIONS = [
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in alerts()),
    *(pytest.param(expression, id=title) for title, expression in panels()),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_parses_and_asks_for_metrics_that_exist(expression: str) -> None:
    promql_parser.parse(expression)
    asked = set(_NAME.findall(expression))
    assert asked
    assert asked <= exported()


def test_every_exported_metric_is_shown_or_warned_of() -> None:
    text = "\n".join([*(rule["expr"] for rule in alerts()), *(expr for _, expr in panels())])
    unseen = {
        name
        for name in exported()
        if name not in text and not name.endswith(("_sum", "_count", "_created"))
    }
    assert unseen == set()


@pytest.mark.parametrize("rule", list(alerts()), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    assert rule["for"]


def test_the_dashboards_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((FILES / "dashboard.json").read_text("utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        taken |= cells


def test_no_metric_names_an_object() -> None:
    metrics = Metrics()
    metrics.count_request("get", "jobs", 200, 0.1)
    labels = {
        label
        for family in metrics.registry.collect()
        for sample in family.samples
        for label in sample.labels
    }
    assert labels <= {
        "le",
        "verb",
        "resource",
        "code",
        "state",
        "kind",
        "reason",
        "result",
        "strategy",
    }
    assert b"namespace" not in generate_latest(metrics.registry)
