"""The command line of every component, from etcd to kube-proxy.

The settings are those of a small real cluster, apart from the few whose comment says otherwise.
"""

from pathlib import Path
from typing import Final

from tests.cluster.build import Binaries
from tests.cluster.layout import (
    API_PORT,
    NODE_IP,
    NODE_NAME,
    POD_RANGE,
    SERVICE_RANGE,
    Layout,
)
from tests.cluster.node_room import inside
from tests.cluster.pki import kubeconfig_of
from tests.cluster.processes import Command, Record

ETCD_URL: Final = "https://127.0.0.1:2379"
ETCD_PEER_URL: Final = "https://127.0.0.1:2380"
ETCD_HEALTH_URL: Final = "http://127.0.0.1:2381"

HEALTH_URLS: Final = {
    "etcd": f"{ETCD_HEALTH_URL}/health",
    "kube-apiserver": f"https://{NODE_IP}:{API_PORT}/readyz",
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/healthz",
    "kubelet": "http://127.0.0.1:10248/healthz",
    "kube-proxy": "http://127.0.0.1:10256/healthz",
}
"""Where a component says whether it is well; containerd has no such address."""


def etcd(layout: Layout, binaries: Binaries) -> Command:
    """The database."""
    pair = (layout.pki / "etcd.crt", layout.pki / "etcd.key", layout.pki / "ca.crt")
    return Command(
        name="etcd",
        argv=(
            binaries.path("etcd"),
            "--name=kubetune",
            f"--data-dir={layout.state / 'etcd'}",
            f"--listen-client-urls={ETCD_URL}",
            f"--advertise-client-urls={ETCD_URL}",
            f"--listen-peer-urls={ETCD_PEER_URL}",
            f"--initial-advertise-peer-urls={ETCD_PEER_URL}",
            f"--initial-cluster=kubetune={ETCD_PEER_URL}",
            f"--listen-metrics-urls={ETCD_HEALTH_URL}",
            f"--cert-file={pair[0]}",
            f"--key-file={pair[1]}",
            f"--trusted-ca-file={pair[2]}",
            "--client-cert-auth",
            f"--peer-cert-file={pair[0]}",
            f"--peer-key-file={pair[1]}",
            f"--peer-trusted-ca-file={pair[2]}",
            "--peer-client-cert-auth",
            # The data need not survive a power cut, and slow disks would slow every request.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
    )


def api_server(layout: Layout, binaries: Binaries, audit_policy: Path) -> Command:
    """The API server."""
    pki = layout.pki
    return Command(
        name="kube-apiserver",
        argv=(
            binaries.path("kube-apiserver"),
            f"--advertise-address={NODE_IP}",
            # The bridge's address alone: other machines cannot reach this cluster.
            f"--bind-address={NODE_IP}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--etcd-servers={ETCD_URL}",
            f"--etcd-cafile={pki / 'ca.crt'}",
            f"--etcd-certfile={pki / 'etcd.crt'}",
            f"--etcd-keyfile={pki / 'etcd.key'}",
            f"--tls-cert-file={pki / 'kube-apiserver.crt'}",
            f"--tls-private-key-file={pki / 'kube-apiserver.key'}",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--kubelet-certificate-authority={pki / 'ca.crt'}",
            f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
            f"--kubelet-client-key={pki / 'kubelet-client.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            # Nobody has such a certificate; without the setting the controllers complain for ever.
            f"--requestheader-client-ca-file={pki / 'ca.crt'}",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--audit-policy-file={audit_policy}",
            f"--audit-log-path={layout.audit_log}",
            "--audit-log-maxsize=100",
            "--audit-log-maxbackup=5",
            "--profiling=false",
        ),
        reads=(audit_policy,),
    )


def controller_manager(layout: Layout, binaries: Binaries) -> Command:
    """The controllers: Jobs, garbage collection, service accounts and the rest."""
    kubeconfig = kubeconfig_of(layout, "kube-controller-manager")
    return Command(
        name="kube-controller-manager",
        argv=(
            binaries.path("kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--use-service-account-credentials",
            f"--root-ca-file={layout.pki / 'ca.crt'}",
            f"--service-account-private-key-file={layout.pki / 'service-accounts.key'}",
            # There is only one of each; an election would delay the start.
            "--leader-elect=false",
            # The defaults would make the cluster, not the operator, the limit of what is measured.
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--concurrent-job-syncs=20",
            "--concurrent-gc-syncs=20",
            "--profiling=false",
        ),
        reads=(kubeconfig,),
    )


def scheduler(layout: Layout, binaries: Binaries) -> Command:
    """The scheduler."""
    kubeconfig = kubeconfig_of(layout, "kube-scheduler")
    return Command(
        name="kube-scheduler",
        argv=(
            binaries.path("kube-scheduler"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
        ),
        reads=(kubeconfig,),
    )


def proxy(layout: Layout, binaries: Binaries) -> Command:
    """What makes service addresses lead to pods."""
    kubeconfig = kubeconfig_of(layout, "kube-proxy")
    return Command(
        name="kube-proxy",
        argv=(
            binaries.path("kube-proxy"),
            f"--kubeconfig={kubeconfig}",
            f"--hostname-override={NODE_NAME}",
            "--proxy-mode=iptables",
            f"--cluster-cidr={POD_RANGE}",
            "--healthz-bind-address=127.0.0.1:10256",
            "--metrics-bind-address=127.0.0.1:10249",
            # Leave the machine's own connection tracking and loopback routing as they are.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0s",
            "--conntrack-tcp-timeout-close-wait=0s",
            "--iptables-localhost-nodeports=false",
            # Root may not be allowed to lower it.
            "--oom-score-adj=0",
        ),
        reads=(kubeconfig,),
    )


def containerd(configuration: Path, cni: Path, room: Record) -> Command:
    """The container runtime, in the node's room."""
    return Command(
        name="containerd",
        argv=inside(room, ("containerd", f"--config={configuration}")),
        reads=(configuration, cni),
    )


def kubelet(layout: Layout, binaries: Binaries, configuration: Path, room: Record) -> Command:
    """The node's agent, in the node's room."""
    kubeconfig = kubeconfig_of(layout, "kubelet")
    return Command(
        name="kubelet",
        argv=inside(
            room,
            (
                binaries.path("kubelet"),
                f"--config={configuration}",
                f"--kubeconfig={kubeconfig}",
                f"--root-dir={layout.state / 'kubelet'}",
                f"--cert-dir={layout.pki}",
                f"--hostname-override={NODE_NAME}",
                f"--node-ip={NODE_IP}",
            ),
        ),
        reads=(configuration, kubeconfig),
    )
