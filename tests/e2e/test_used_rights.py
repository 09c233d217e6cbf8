"""The operator has the rights that it uses and no others, by the API server's own audit log.

The log holds what the end-to-end tests made the operator do, so these run after all of them, and
say nothing in a run of a few.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.layout import default_layout
from tests.conftest import ROOT, TestCluster

pytestmark = pytest.mark.cluster

ACCOUNT = "system:serviceaccount:kubetune-system:kubetune"
WHOLE_TIER = 60
"""Fewer end-to-end tests than these do not use every right."""

Right = tuple[str, str, str]
"""API group, resource with its subresource, verb."""

SELDOM = {
    ("events.k8s.io", "events", "patch"),  # the same event came again minutes later
}
"""What no end-to-end test brings about; the tests of kube and of the controller do."""


@pytest.fixture(scope="module", autouse=True)
def _after_the_whole_tier(request: pytest.FixtureRequest, kubetune: TestCluster) -> None:
    if not kubetune.target.own:
        pytest.skip("only a cluster of our own shows its audit log")
    beside = [item for item in request.session.items if "e2e" in item.path.parts]
    if len(beside) < WHOLE_TIER:
        pytest.skip("the other end-to-end tests did not run, so not every right was used")


def asked() -> Iterator[tuple[Right, dict[str, Any]]]:
    """Yield every request of the operator's account."""
    folder = default_layout().audit_log.parent
    for path in sorted(folder.glob("audit*.log")):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            if ACCOUNT not in line:
                continue
            try:
                event = json.loads(line)
            except ValueError:
                continue  # the last line may still be being written
            target = event.get("objectRef")
            if event["user"].get("username") == ACCOUNT and target is not None:
                parts = filter(None, (target["resource"], target.get("subresource")))
                yield (target.get("apiGroup", ""), "/".join(parts), event["verb"]), event


def granted() -> set[Right]:
    """Every right that the installed roles give the operator."""
    rights: set[Right] = set()
    for body in yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text("utf-8")):
        if body["metadata"]["name"] not in ("kubetune-operator", "kubetune-leader"):
            continue
        for rule in body.get("rules", ()):
            for group in rule["apiGroups"]:
                rights |= {(group, r, v) for r in rule["resources"] for v in rule["verbs"]}
    return rights


def test_every_right_that_is_granted_was_used() -> None:
    used = {right for right, _ in asked()}
    # `bind` is asked for while a binding is created, and is no request of its own.
    bind = {right for right in granted() if right[2] == "bind"}
    assert len(bind) == 1
    assert granted() - used - bind - SELDOM == set()


def test_the_operator_asked_for_nothing_that_it_may_not_do() -> None:
    decisions: dict[tuple[Right, str, str], set[str]] = defaultdict(set)
    for right, event in asked():
        target = event["objectRef"]
        place = (right, target.get("namespace", ""), target.get("name", ""))
        decisions[place].add(event["annotations"]["authorization.k8s.io/decision"])
    # An API server that has just started refuses for some milliseconds what it then allows: it
    # answers before it has read the roles, and a test kills it.
    assert [place for place, decided in decisions.items() if decided == {"forbid"}] == []
    assert {right for right, *_ in decisions} <= granted()


def test_the_operator_read_no_secret() -> None:
    assert [right for right, _ in asked() if right[1].startswith("secrets")] == []
