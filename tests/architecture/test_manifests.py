"""The manifests and the code speak of the same roles, accounts, policies and images."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.api import names
from kubetune.controller.settings import LEASE
from tests.cluster.target import IMAGES

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"

Body = dict[str, Any]


def built(folder: Path) -> Iterator[Body]:
    """Yield what `kubectl apply -k` would apply; our kustomizations list resources, no more."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    assert set(kustomization) == {"apiVersion", "kind", "resources"}
    for name in kustomization["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from built(path)
        else:
            yield from yaml.safe_load_all(path.read_text("utf-8"))


ALL = tuple(built(MANIFESTS))


def of_kind(kind: str) -> dict[str, Body]:
    return {body["metadata"]["name"]: body for body in ALL if body["kind"] == kind}


def account_of_the_operator() -> tuple[str, str]:
    (deployment,) = of_kind("Deployment").values()
    account: str = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    return deployment["metadata"]["namespace"], account


def test_every_manifest_is_installed() -> None:
    base = MANIFESTS / "base"
    listed = yaml.safe_load((base / "kustomization.yaml").read_text("utf-8"))["resources"]
    present = {
        str(path.relative_to(base))
        for path in base.rglob("*.yaml")
        if path.name != "kustomization.yaml"
    }
    assert set(listed) - {"../../crds"} == present
    assert {"tuningjobs.kubetune.dev", "trials.kubetune.dev"} == set(
        of_kind("CustomResourceDefinition")
    )


def test_no_two_objects_have_the_same_name() -> None:
    keys = [(body["kind"], body["metadata"]["name"]) for body in ALL]
    assert len(keys) == len(set(keys))


def rules() -> list[tuple[str, Mapping[str, Any]]]:
    roles = {**of_kind("ClusterRole"), **of_kind("Role")}
    return [(name, rule) for name, role in roles.items() for rule in role["rules"]]


def test_no_right_is_given_by_a_wildcard() -> None:
    assert rules()
    fields = ("apiGroups", "resources", "verbs", "resourceNames")
    wild = [
        (name, field) for name, rule in rules() for field in fields if "*" in rule.get(field, ())
    ]
    assert wild == []


def test_nobody_may_read_secrets() -> None:
    assert [name for name, rule in rules() if "secrets" in rule["resources"]] == []


def test_the_operator_binds_the_roles_of_trials_and_no_others() -> None:
    bound = [rule for _, rule in rules() if "bind" in rule["verbs"]]
    (rule,) = bound
    assert set(rule["resourceNames"]) == {names.COLLECTOR_ROLE, names.ANNOTATOR_ROLE}
    assert set(rule["resourceNames"]) <= set(of_kind("ClusterRole"))


def test_only_the_annotators_role_may_change_pods_that_exist() -> None:
    changing = {"update", "patch", "delete", "deletecollection"}
    may = {
        name
        for name, rule in rules()
        if "pods" in rule["resources"] and changing & {*rule["verbs"]}
    }
    assert may == {names.ANNOTATOR_ROLE}


def test_the_lease_that_the_operator_asks_for_is_the_one_it_may_have() -> None:
    leases = [rule for _, rule in rules() if rule["resources"] == ["leases"]]
    named = {name for rule in leases for name in rule.get("resourceNames", ())}
    assert named == {LEASE}


def test_every_binding_leads_to_a_role_and_an_account_that_exist() -> None:
    accounts = {(b["metadata"]["namespace"], n) for n, b in of_kind("ServiceAccount").items()}
    assert accounts == {account_of_the_operator()}
    bindings = {**of_kind("ClusterRoleBinding"), **of_kind("RoleBinding")}
    for binding in bindings.values():
        role = binding["roleRef"]
        assert role["name"] in of_kind(role["kind"])
        subjects = {(subject["namespace"], subject["name"]) for subject in binding["subjects"]}
        assert subjects <= accounts


def test_every_policy_is_bound_and_denies() -> None:
    bindings = of_kind("ValidatingAdmissionPolicyBinding").values()
    bound = {binding["spec"]["policyName"]: binding["spec"] for binding in bindings}
    assert set(bound) == set(of_kind("ValidatingAdmissionPolicy"))
    assert all(spec["validationActions"] == ["Deny"] for spec in bound.values())
    policies = of_kind("ValidatingAdmissionPolicy").values()
    assert {policy["spec"]["failurePolicy"] for policy in policies} == {"Fail"}


def expressions(policy: Body) -> str:
    """Return all CEL of a policy."""
    spec = policy["spec"]
    parts = [*spec["matchConditions"], *spec.get("variables", ()), *spec["validations"]]
    return "\n".join(f"{part['expression']} {part.get('messageExpression', '')}" for part in parts)


def test_the_policies_name_the_accounts_that_the_operator_uses() -> None:
    policies = of_kind("ValidatingAdmissionPolicy")
    collector = expressions(policies["kubetune-collector-reports-its-own-trial"])
    # Whoever may create trials is an operator: no role of a trial's pod may.
    assert "!authorizer.group('kubetune.dev').resource('trials')" in collector
    makers = {n for n, rule in rules() if rule["resources"] == ["trials"]}
    assert makers == {"kubetune-operator"}
    trainer = expressions(policies["kubetune-trainer-annotates-its-own-pod"])
    assert f".endsWith(':{names.ANNOTATOR_SERVICE_ACCOUNT}')" in trainer
    prefix, _, _ = names.ANNOTATION_METRICS.partition("/")
    assert f"startsWith('{prefix}/')" in trainer


@pytest.mark.parametrize("name", sorted(of_kind("ValidatingAdmissionPolicy")))
def test_a_policy_asks_for_the_token_in_the_words_that_work(name: str) -> None:
    text = expressions(of_kind("ValidatingAdmissionPolicy")[name])
    # By `in`, or through a variable that holds `extra`, the lookup finds nothing.
    words = "request.userInfo.?extra[?'authentication.kubernetes.io/"
    assert text.count("authentication.kubernetes.io/") == text.count(words)


def test_the_operators_pod_passes_the_restricted_profile() -> None:
    (namespace,) = of_kind("Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    (deployment,) = of_kind("Deployment").values()
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & set(pod)
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert set(container["resources"]) == {"requests", "limits"}


def test_the_deployment_runs_the_images_that_the_project_builds() -> None:
    (deployment,) = of_kind("Deployment").values()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = {v["name"]: v.get("value") for v in container["env"]}
    operator, collector, _ = (image.name for image in IMAGES)
    assert container["image"] == operator
    assert variables["KUBETUNE_COLLECTOR_IMAGE"] == collector
