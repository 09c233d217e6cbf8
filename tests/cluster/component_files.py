"""Configuration files of the components: the kubelet's settings and the audit policy."""

import ipaddress
from pathlib import Path
from typing import Any, Final

import yaml

from tests.cluster.files import write_whole
from tests.cluster.layout import NODE_IP, Layout

# Requests of the cluster's own parts say nothing about Kubetune, and there are many of them.
UNAUDITED_USERS: Final = (
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "system:kube-scheduler",
)
UNAUDITED_GROUPS: Final = ("system:nodes", "system:serviceaccounts:kube-system")


def write_audit_policy(layout: Layout) -> Path:
    """Who asked for what and what came of it, for every request of a person or a workload.

    One line per request, without bodies: enough to count requests per user, verb and resource,
    and to see which rights are used.
    """
    layout.audit_log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _write(
        layout.config / "audit-policy.yaml",
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "omitManagedFields": True,
            "rules": [
                {"level": "None", "users": list(UNAUDITED_USERS)},
                {"level": "None", "userGroups": list(UNAUDITED_GROUPS)},
                {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
                {"level": "Metadata"},
            ],
        },
    )


def write_kubelet_configuration(layout: Layout) -> Path:
    """The kubelet's settings."""
    return _write(
        layout.config / "kubelet.yaml",
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE_IP,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(layout.pki / "kubelet-server.crt"),
            "tlsPrivateKeyFile": str(layout.pki / "kubelet-server.key"),
            "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            # Root may not be allowed to lower it.
            "oomScoreAdj": 0,
            "maxPods": 250,
            "podLogsDir": str(layout.state / "pod-logs"),
            "volumePluginDir": str(layout.state / "volume-plugins"),
            **_name_resolution(layout),
            # kube-proxy makes the chains that it needs.
            "makeIPTablesUtilChains": False,
            "serializeImagePulls": False,
            # The images were loaded by hand and could not be pulled again; and a disk that is
            # nearly full is the machine's matter, not a reason to stop a test's pods.
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {
                "imagefs.available": "0%",
                "imagefs.inodesFree": "0%",
                "nodefs.available": "0%",
                "nodefs.inodesFree": "0%",
            },
            "kubeAPIQPS": 200,
            "kubeAPIBurst": 400,
            "eventRecordQPS": 100,
            "eventBurst": 200,
        },
    )


def name_servers(resolver_file: str) -> list[str]:
    """The name servers in a resolver file that a pod can reach too; at most three, as in a pod."""
    words = (line.split() for line in resolver_file.splitlines())
    addresses = [each[1] for each in words if each[:1] == ["nameserver"] and len(each) > 1]
    return [address for address in addresses if not _is_loopback(address)][:3]


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _name_resolution(layout: Layout) -> dict[str, Any]:
    """Pods ask whom the machine asks; there is no DNS of the cluster's own.

    Given as the cluster's DNS, because the kubelet warns about every pod while there is none. The
    resolver file is a copy: the machine's may be a link into /run, which is another one in the
    node's room.
    """
    source = Path("/etc/resolv.conf")
    text = source.read_text() if source.exists() else ""
    copy = layout.config / "resolv.conf"
    write_whole(copy, text)
    servers = name_servers(text)
    return {"resolvConf": str(copy)} | ({"clusterDNS": servers} if servers else {})


def _write(path: Path, document: dict[str, Any]) -> Path:
    write_whole(path, yaml.safe_dump(document, sort_keys=False))
    return path
