"""Several releases in a cluster keep out of each other's way."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import yaml

from tests.helm.chart_values import NAMESPACED
from tests.helm.conftest import Body, Render
from tests.helm.rendered import of_kind, operator_container, operator_pod, variables_of

pytestmark = pytest.mark.tools


def test_a_list_of_namespaces_needs_no_cluster_role(render: Render) -> None:
    bodies = render(NAMESPACED)
    assert of_kind(bodies, "ClusterRole") == {}
    assert of_kind(bodies, "ClusterRoleBinding") == {}
    roles = {
        (b["metadata"]["namespace"], b["metadata"]["name"]) for b in bodies if b["kind"] == "Role"
    }
    for namespace in ("team-a", "team-b"):
        for role in ("kubetune-operator", "kubetune-collector", "kubetune-annotator"):
            assert (namespace, role) in roles
    text = yaml.safe_dump_all(b for b in bodies if b["kind"] == "Role")
    assert "clusterroles" not in text
    env = variables_of(operator_container(bodies))
    assert env["KUBETUNE_NAMESPACES"] == "team-a,team-b"
    assert env["KUBETUNE_ROLE_KIND"] == "Role"


def test_policies_of_a_namespaced_release_say_nothing_elsewhere(render: Render) -> None:
    bindings = of_kind(render(NAMESPACED), "ValidatingAdmissionPolicyBinding").values()
    assert len(bindings) == 3
    for binding in bindings:
        (expression,) = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert expression["values"] == ["team-a", "team-b"]


def test_two_releases_share_no_object_but_the_kinds(render: Render) -> None:
    def keys(bodies: Iterable[Body]) -> set[tuple[str, str, str]]:
        return {
            (b["kind"], b["metadata"].get("namespace", ""), b["metadata"]["name"])
            for b in bodies
            if b["kind"] != "CustomResourceDefinition"
        }

    first = render({"watchNamespaces": ["a"]}, release="one", namespace="tools")
    second = render({"watchNamespaces": ["b"]}, release="two", namespace="tools")
    third = render({"watchNamespaces": ["c"]}, release="one", namespace="other")
    assert keys(first) & keys(second) == set()
    assert keys(first) & keys(third) == set()


def test_every_binding_of_a_release_leads_to_its_own_role_and_account(
    values: Mapping[str, Any], render: Render
) -> None:
    bodies = render(values)
    accounts = {*of_kind(bodies, "ServiceAccount")} or {"theirs"}
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for binding in of_kind(bodies, kind).values():
            role = binding["roleRef"]
            assert role["name"] in of_kind(bodies, role["kind"])
            assert {subject["name"] for subject in binding["subjects"]} <= accounts
    assert operator_pod(bodies)["spec"]["serviceAccountName"] in accounts


def test_long_names_of_releases_and_namespaces_keep_two_releases_apart(render: Render) -> None:
    namespace = "n" * 63
    names = []
    for letter in "ab":
        bodies = render({"watchNamespaces": ["x"]}, release="r" * 52 + letter, namespace=namespace)
        names += [
            (b["kind"], b["metadata"].get("namespace"), b["metadata"]["name"])
            for b in bodies
            if b["kind"] != "CustomResourceDefinition" and b["metadata"].get("namespace") != "x"
        ]
        for body in bodies:
            labels = body["metadata"].get("labels", {})
            assert all(len(value) <= 63 for value in labels.values())
            assert len(body["metadata"]["name"]) <= (63 if body["kind"] == "Service" else 253)
    assert len(names) == len(set(names))
