"""What the chart renders to, over a matrix of values."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.conftest import Helm
from tests.helm.conftest import CHART, ROOT, Body, Render

pytestmark = pytest.mark.tools

NAMESPACED = {"watchNamespaces": ["team-b", "team-a", "team-b"]}
EVERYTHING = {
    "nameOverride": "tuner",
    "commonLabels": {"team": "ml"},
    "commonAnnotations": {"owner": "ml@example.org"},
    "image": {"registry": "registry.example", "digest": "sha256:" + "a" * 64},
    "collector": {"image": {"registry": "registry.example/", "tag": "2"}},
    "imagePullSecrets": ["pull"],
    "replicaCount": 2,
    "crds": {"annotations": {"a": "b"}},
    "serviceAccount": {"annotations": {"role": "none"}},
    "podLabels": {"sidecar": "no"},
    "podAnnotations": {"scrape": "yes"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "priorityClassName": "system",
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy"}],
    "extraEnvFrom": [{"configMapRef": {"name": "settings"}}],
    "extraArgs": ["--workers=2"],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
    "extraObjects": [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": '{{ include "kubetune.fullname" . }}-extra'},
        },
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-text'}\n",
    ],
    "metrics": {
        "service": {"enabled": True},
        "serviceMonitor": {"enabled": True, "interval": "30s", "labels": {"release": "prom"}},
        "podMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
    "networkPolicy": {"enabled": True, "metricsFrom": [{"namespaceSelector": {}}]},
    "podDisruptionBudget": {"enabled": True, "maxUnavailable": "50%"},
}
BARE = {
    "crds": {"enabled": False},
    "admissionPolicies": {"enabled": False},
    "rbac": {"create": False},
    "serviceAccount": {"create": False, "name": "theirs"},
    "resources": {},
    "podSecurityContext": {},
    "securityContext": {},
}
MATRIX: Mapping[str, Mapping[str, Any]] = {
    "defaults": {},
    "namespaced": NAMESPACED,
    "everything": EVERYTHING,
    "everything-namespaced": {**EVERYTHING, **NAMESPACED},
    "bare": BARE,
}


@pytest.fixture(params=MATRIX, ids=lambda name: name)
def values(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    found: Mapping[str, Any] = MATRIX[request.param]
    return found


def of_kind(bodies: Iterable[Body], kind: str) -> dict[str, Body]:
    return {body["metadata"]["name"]: body for body in bodies if body["kind"] == kind}


def operator_pod(bodies: Iterable[Body]) -> Any:
    (deployment,) = of_kind(bodies, "Deployment").values()
    return deployment["spec"]["template"]


def test_helm_finds_nothing_to_complain_of(values: Mapping[str, Any], helm: Helm) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", "-", stdin=json.dumps(values))
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_renders_are_identical(values: Mapping[str, Any], template: Callable[..., str]) -> None:
    assert template(values) == template(values)


@pytest.mark.parametrize("kubernetes", ["1.31.0", "1.34.0", "1.37.0"])
def test_every_object_is_valid_for_kubernetes(
    kubernetes: str, values: Mapping[str, Any], render: Render
) -> None:
    checked = 0
    for body in render(values, kubernetes=kubernetes):
        if body["apiVersion"].startswith("monitoring.coreos.com/"):
            continue
        kubernetes_validate.validate(body, kubernetes, strict=True)
        checked += 1
    assert checked >= 2


@pytest.mark.parametrize("name", ["defaults", "everything-namespaced"])
def test_the_rendered_objects_are_those_of_the_golden_file(
    name: str, render: Render, *, refresh: bool
) -> None:
    bodies = [b for b in render(MATRIX[name]) if b["kind"] != "CustomResourceDefinition"]
    rendered = yaml.safe_dump_all(bodies, sort_keys=False, width=100)
    golden = Path(__file__).parent / "golden" / f"{name}.yaml"
    if refresh:
        golden.write_text(rendered, "utf-8")
    assert rendered == golden.read_text("utf-8"), "look at the difference; --refresh-golden"


def test_the_chart_and_the_plain_manifests_install_the_same_objects(render: Render) -> None:
    def simplified(bodies: Iterable[Body | None]) -> dict[tuple[str, str], Body]:
        found = {}
        for body in bodies:
            if body is None or body["kind"] == "Namespace" or "-test" in body["metadata"]["name"]:
                continue
            body["metadata"].pop("annotations", None)
            body["metadata"].pop("labels", None)
            if body["kind"] == "Deployment":
                # Helm's labels; settings that have the same default in the operator.
                body["spec"].pop("selector")
                body["spec"]["template"]["metadata"].pop("labels")
                (container,) = body["spec"]["template"]["spec"]["containers"]
                container["image"] = container["image"].rpartition(":")[0]
                known = {"POD_NAME", "POD_NAMESPACE"}
                known |= {"KUBETUNE_COLLECTOR_IMAGE", "KUBETUNE_COLLECTOR_RESOURCES"}
                container["env"] = [v for v in container["env"] if v["name"] in known]
                container["env"][0]["value"] = container["env"][0]["value"].rpartition(":")[0]
            found[(body["kind"], body["metadata"]["name"])] = body
        return found

    plain = yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text("utf-8"))
    want, got = simplified(plain), simplified(render())
    assert set(got) == set(want)
    for key, body in want.items():
        assert got[key] == body, key


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
    env = {v["name"]: v.get("value") for v in operator_pod(bodies)["spec"]["containers"][0]["env"]}
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


def test_what_everything_asks_for_is_there(render: Render) -> None:
    bodies = render(EVERYTHING)
    kinds = {body["kind"] for body in bodies}
    assert {"Service", "ServiceMonitor", "PodMonitor", "PrometheusRule", "NetworkPolicy"} <= kinds
    assert {"kubetune-tuner-extra", "kubetune-text", "kubetune-tuner-dashboard"} <= set(
        of_kind(bodies, "ConfigMap")
    )
    pod = operator_pod(bodies)
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "registry.example/kubetune/operator@sha256:" + "a" * 64
    env = {v["name"]: v.get("value") for v in container["env"]}
    assert env["KUBETUNE_COLLECTOR_IMAGE"] == "registry.example/kubetune/collector:2"
    assert env["HTTPS_PROXY"] == "http://proxy"
    assert container["args"] == ["--workers=2"]
    assert pod["metadata"]["labels"]["sidecar"] == "no"
    own = [b for b in bodies if not b["metadata"]["name"].endswith(("-extra", "-text"))]
    assert all(body["metadata"]["labels"]["team"] == "ml" for body in own)
    assert all(body["metadata"]["annotations"]["owner"] == "ml@example.org" for body in own)


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, as the API server does when it is asked to be strict."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  as in the base
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice among {keys}"
        return super().construct_mapping(node, deep)


def test_labels_that_collide_stand_once_and_selectors_find_their_pods(
    template: Callable[..., str],
) -> None:
    collision = {"app.kubernetes.io/name": "theirs", "app.kubernetes.io/part-of": "ml", "team": "a"}
    text = template(
        {
            **EVERYTHING,
            "commonLabels": collision,
            "podLabels": {"team": "b", "app.kubernetes.io/component": "theirs"},
            "commonAnnotations": {"helm.sh/hook": "pre-install"},
        }
    )
    bodies = [body for body in yaml.load_all(text, _Strict) if body]
    labels = operator_pod(bodies)["metadata"]["labels"]
    assert labels["team"] == "b"
    assert labels["app.kubernetes.io/part-of"] == "ml"
    (test,) = of_kind(bodies, "Pod").values()
    (deployment,) = of_kind(bodies, "Deployment").values()
    (service,) = of_kind(bodies, "Service").values()
    (budget,) = of_kind(bodies, "PodDisruptionBudget").values()
    for wanted in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
    ):
        assert wanted.items() <= labels.items()
        assert not wanted.items() <= test["metadata"]["labels"].items()
    (policy,) = of_kind(bodies, "NetworkPolicy").values()
    assert (
        policy["spec"]["podSelector"]["matchLabels"].items() <= test["metadata"]["labels"].items()
    )
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"


def test_a_monitor_of_services_finds_the_service_and_one_of_pods_the_operator_alone(
    render: Render,
) -> None:
    bodies = render(EVERYTHING)
    (service,) = of_kind(bodies, "Service").values()
    (services,) = of_kind(bodies, "ServiceMonitor").values()
    wanted = services["spec"]["selector"]["matchLabels"].items()
    assert wanted <= service["metadata"]["labels"].items()
    (pods,) = of_kind(bodies, "PodMonitor").values()
    wanted = pods["spec"]["selector"]["matchLabels"].items()
    assert wanted <= operator_pod(bodies)["metadata"]["labels"].items()
    (test,) = of_kind(bodies, "Pod").values()
    assert not wanted <= test["metadata"]["labels"].items()


def test_pull_secrets_are_names_or_objects_with_a_name(render: Render) -> None:
    pod = operator_pod(render({"imagePullSecrets": ["one", {"name": "two"}]}))
    assert pod["spec"]["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]


def test_the_test_of_an_installation_has_what_the_operator_has(render: Render) -> None:
    bodies = render(EVERYTHING)
    (test,) = of_kind(bodies, "Pod").values()
    want = operator_pod(bodies)["spec"]
    got = test["spec"]
    for field in (
        *("serviceAccountName", "imagePullSecrets", "securityContext", "priorityClassName"),
        *("nodeSelector", "tolerations", "affinity", "volumes"),
    ):
        assert got[field] == want[field], field
    for field in ("image", "env", "envFrom", "resources", "securityContext", "volumeMounts"):
        assert got["containers"][0][field] == want["containers"][0][field], field


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


def test_what_is_said_of_all_charts_counts_for_both_images_and_the_secrets(render: Render) -> None:
    bodies = render(
        {
            "global": {
                "imageRegistry": "mirror.example:5000",
                "imagePullSecrets": [{"name": "mirror"}, "own"],
                "storageClass": "another chart's",
            },
            "image": {"registry": "registry.example"},
            "imagePullSecrets": ["own"],
        }
    )
    (test,) = of_kind(bodies, "Pod").values()
    for spec in (operator_pod(bodies)["spec"], test["spec"]):
        (container,) = spec["containers"]
        assert container["image"].startswith("mirror.example:5000/kubetune/operator:")
        env = {v["name"]: v.get("value") for v in container["env"]}
        collector = env["KUBETUNE_COLLECTOR_IMAGE"]
        assert collector.startswith("mirror.example:5000/kubetune/collector:")
        assert spec["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}]


def test_the_collectors_resources_are_changed_one_by_one(render: Render) -> None:
    values = {"collector": {"resources": {"limits": {"cpu": "100m"}}}}
    (container,) = operator_pod(render(values))["spec"]["containers"]
    env = {v["name"]: v.get("value") for v in container["env"]}
    assert json.loads(env["KUBETUNE_COLLECTOR_RESOURCES"]) == {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "100m", "memory": "32Mi"},
    }


@pytest.mark.parametrize(
    ("image", "want"),
    [
        ({}, "kubetune/operator:0.1.0"),
        ({"tag": "2"}, "kubetune/operator:2"),
        ({"registry": "r.example:5000"}, "r.example:5000/kubetune/operator:0.1.0"),
        ({"registry": "r.example/", "repository": "a/b", "tag": "2"}, "r.example/a/b:2"),
        (
            {"tag": "2", "digest": "sha256:" + "0" * 64},
            "kubetune/operator@sha256:" + "0" * 64,
        ),
    ],
    ids=["default", "tag", "registry with a port", "everything but a digest", "digest and tag"],
)
def test_an_image_is_called(image: Mapping[str, str], want: str, render: Render) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))["appVersion"]
    (container,) = operator_pod(render({"image": image}))["spec"]["containers"]
    assert container["image"] == want.replace("0.1.0", version)


def test_what_openshift_wants_to_choose_can_be_left_to_it(render: Render) -> None:
    pod = operator_pod(render({"podSecurityContext": {"runAsUser": None}}))
    assert "runAsUser" not in pod["spec"]["securityContext"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_kinds_are_kept_unless_told_otherwise(render: Render) -> None:
    policy = "helm.sh/resource-policy"
    for crd in of_kind(render(), "CustomResourceDefinition").values():
        assert crd["metadata"]["annotations"][policy] == "keep"
    for crd in of_kind(render({"crds": {"keep": False}}), "CustomResourceDefinition").values():
        assert policy not in crd["metadata"].get("annotations", {})


def test_nothing_but_the_test_is_a_hook(values: Mapping[str, Any], render: Render) -> None:
    for body in render(values):
        hook = body["metadata"].get("annotations", {}).get("helm.sh/hook")
        assert hook == ("test" if body["kind"] == "Pod" else None)


def test_every_pod_passes_the_restricted_profile(render: Render) -> None:
    bodies = render(EVERYTHING)
    (test,) = of_kind(bodies, "Pod").values()
    for spec in (operator_pod(bodies)["spec"], test["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["requests"]


@pytest.mark.parametrize(
    ("values", "kubernetes", "want"),
    [
        pytest.param({"watchNamespace": ["a"]}, "1.34.0", "watchNamespace", id="a misspelt value"),
        pytest.param(
            {"serviceAccount": {"create": False}},
            "1.34.0",
            "serviceAccount.name has to name an account",
            id="no account",
        ),
        pytest.param(
            {"metrics": {"serviceMonitor": {"enabled": True}}},
            "1.34.0",
            "needs metrics.service.enabled",
            id="a ServiceMonitor without a Service",
        ),
        pytest.param({}, "1.30.9", "requires kubeVersion: >=1.31.0-0", id="an old Kubernetes"),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(
    values: Mapping[str, Any], kubernetes: str, want: str, render: Render
) -> None:
    with pytest.raises(ValueError, match=want.replace("(", r"\(")):
        render(values, kubernetes=kubernetes)
