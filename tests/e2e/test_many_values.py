"""A release with as many values at once as a platform team would set, in a locked-down cluster."""

import json
from typing import Any

import pytest

from tests.conftest import TestCluster
from tests.e2e.releases import Release
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, tuning_job

pytestmark = [pytest.mark.cluster, pytest.mark.tools]

NAME = "ml-tuner"


def values(*namespaces: str) -> dict[str, Any]:
    """Return values; the release's own namespace is among those that it watches."""
    own = {"matchLabels": {"app.kubernetes.io/instance": "tuner"}}
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": own}
    apart = [{"weight": 1, "podAffinityTerm": term}]
    return {
        "fullnameOverride": NAME,
        "nameOverride": "tuning",
        "commonLabels": {"team": "platform", "app.kubernetes.io/part-of": "ml"},
        "commonAnnotations": {"example.org/owner": "platform@example.org"},
        "watchNamespaces": [*namespaces],
        "replicaCount": 2,
        "crds": {"enabled": False},
        "operator": {"workers": 2, "logLevel": "DEBUG", "leaseSeconds": 5},
        "serviceAccount": {"name": "tuning-operator", "annotations": {"example.org/role": "none"}},
        "podLabels": {"egress": "api-server"},
        "podAnnotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"},
        "podSecurityContext": {"runAsUser": 10001, "fsGroup": 10001},
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "platform", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": apart}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway", **term}
        ],
        "terminationGracePeriodSeconds": 5,
        "extraEnv": [{"name": "HTTPS_PROXY", "value": ""}],
        "extraEnvFrom": [{"configMapRef": {"name": f"{NAME}-proxy"}}],
        "extraArgs": ["--workers=3"],
        "extraVolumes": [{"name": "scratch", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        "extraObjects": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": '{{ include "kubetune.fullname" . }}-proxy'},
                "data": {"NO_PROXY": "10.0.0.0/8"},
            }
        ],
        "metrics": {"service": {"enabled": True}, "dashboard": {"enabled": True}},
        "networkPolicy": {"enabled": True, "metricsFrom": [{"podSelector": {}}]},
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": "50%"},
    }


@pytest.fixture
def jobs(crds: TestCluster, namespace: str) -> Jobs:
    """A namespace to tune in, without the plain manifests' operator."""
    return Jobs(crds, namespace)


def test_many_values_at_once_make_a_release_that_works_upgrades_and_leaves_nothing(
    release: Release, jobs: Jobs
) -> None:
    cluster, where = release.cluster, release.namespace
    settings = [
        word
        for key, value in values(where, jobs.namespace).items()
        for word in ("--set-json", f"{key}={json.dumps(value)}")
    ]
    release.install(*settings)
    assert "Phase:          Succeeded" in release.helm("test", "tuner", "--timeout", "60s")
    selector = "app.kubernetes.io/instance=tuner,app.kubernetes.io/name=tuning"
    pods = cluster.get("-n", where, "pods", "-l", selector)
    assert len(pods) == 2
    budget = cluster.get("-n", where, "poddisruptionbudget", NAME)
    assert budget["status"]["expectedPods"] == 2
    assert cluster.get("clusterroles", "-l", "team=platform") == []

    inside = Jobs(cluster, where)
    for place in (jobs, inside):
        place.apply(tuning_job("own", REPORTS_X, bestParametersConfigMap="own-best"))
    for place in (jobs, inside):
        assert place.finish("own")["reason"] == "MaxTrialsReached"
        assert states(place.trials("own")) == ["Succeeded", "Succeeded"]
        place.kubectl("get", "configmap", "own-best")

    held = cluster.kubectl("-n", where, "get", "deployment", NAME, "-o", "yaml").stdout
    release.install(*settings, command="upgrade")
    again = cluster.kubectl("-n", where, "get", "deployment", NAME, "-o", "yaml").stdout
    assert [line for line in again.splitlines() if "resourceVersion" not in line] == [
        line for line in held.splitlines() if "resourceVersion" not in line
    ], "the same values change nothing"

    release.helm("uninstall", "tuner", "--wait")
    kinds = "deployments,services,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,pdb"
    for namespace in (where, jobs.namespace):
        assert cluster.get("-n", namespace, kinds, "-l", "team=platform") == []
    ours = ("-l", "app.kubernetes.io/managed-by=kubetune")
    for place in (jobs, inside):
        gone = place.kubectl("delete", "serviceaccounts,rolebindings", *ours)
        assert 'serviceaccount "kubetune-trial" deleted' in gone
        assert 'rolebinding.rbac.authorization.k8s.io "kubetune-collector-local" deleted' in gone
    policies = "validatingadmissionpolicies,validatingadmissionpolicybindings"
    assert cluster.get(policies, "-l", "team=platform") == []
    assert jobs.status("own")["phase"] == "Complete", "results stay"
