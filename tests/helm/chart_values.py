"""The matrix of values that the chart is rendered with."""

from collections.abc import Mapping
from typing import Any

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
