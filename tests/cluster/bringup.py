"""Bring the cluster up, from whatever state it is in.

Every step asks what is there and does what is missing, so that `up` after `up` changes nothing
and `up` after a crash repairs.
"""

import datetime as dt
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.cluster import cgroups, components, iptables, network, processes, sysctls
from tests.cluster.build import Binaries, build
from tests.cluster.commands import system_environment
from tests.cluster.component_files import write_audit_policy, write_kubelet_configuration
from tests.cluster.containerd import load_pause_image, write_configuration
from tests.cluster.errors import BringUpError
from tests.cluster.files import write_whole
from tests.cluster.health import await_healthy
from tests.cluster.layout import API_SERVICE_IP, NODE_IP, POD_RANGE, SERVICE_RANGE, Layout
from tests.cluster.lock import held
from tests.cluster.node import await_ready, ensure_gpus
from tests.cluster.node_room import CONTAINER_SHIM, HOLDER, open_room
from tests.cluster.packages import NODE_PACKAGES, install
from tests.cluster.pki import write_pki
from tests.cluster.processes import Command, Record
from tests.cluster.progress import Reporter

ROOM_PROGRAMS: Final = ("containerd", "kubelet", CONTAINER_SHIM, "pause")
GRACE_SECONDS: Final = 10.0


def bring_up(layout: Layout, reporter: Reporter) -> bool:
    """Bring the cluster up and wait until its node is ready; True when anything had to change.

    Raises:
        BringUpError: a step failed; calling again goes on from there.
    """
    _check_root()
    install(layout, NODE_PACKAGES, reporter)
    binaries = build(layout, reporter)
    with held(layout.lock, reporter):
        return _Cluster(layout, binaries, reporter).bring_up()


def _check_root() -> None:
    if os.geteuid() != 0:
        raise BringUpError(
            "bringing a cluster up on this machine needs root. To use a cluster that exists,"
            " set KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT"
        )


class _Cluster:
    """One run of `up`: the steps share the layout, the programs and whether anything changed."""

    def __init__(self, layout: Layout, binaries: Binaries, reporter: Reporter) -> None:
        self._layout = layout
        self._binaries = binaries
        self._reporter = reporter
        self._changed = False

    def bring_up(self) -> bool:
        layout = self._layout
        self._check_alone()
        layout.state.mkdir(parents=True, exist_ok=True, mode=0o711)
        write_pki(layout, now=dt.datetime.now(dt.UTC))  # noqa: TID251 - the command's edge
        self._prepare_network()
        with ThreadPoolExecutor() as pool:
            node = pool.submit(self._start_runtime)
            self._start_control_plane()
            room = node.result()
        configuration = write_kubelet_configuration(layout)
        self._ensure(components.kubelet(layout, self._binaries, configuration, room))
        for name in ("kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"):
            await_healthy(layout, name)
        if ensure_gpus(layout, await_ready(layout, since=self._kubelet_start())):
            self._changed = True
            self._reporter.say("GPUs: the node offers 8 of them (make-believe)")
        if self._changed:
            self._reporter.say("the node is ready")
        return self._changed

    def _kubelet_start(self) -> dt.datetime:
        """When the kubelet was started, in whole seconds: its record is written at that moment."""
        written = (self._layout.processes / "kubelet.json").stat().st_mtime
        return dt.datetime.fromtimestamp(int(written), tz=dt.UTC)

    def _check_alone(self) -> None:
        """Refuse a machine that runs a Kubernetes of its own: both would fight over iptables."""
        mine = {record.pid for record in processes.read_records(self._layout.processes)}
        mine.update(processes.find(components.HEALTH_URLS, str(self._layout.state)))
        everyone = processes.find(("kubelet", "kube-proxy", "k3s"), "")
        foreign = [pid for pid in everyone if pid not in mine]
        if foreign:
            raise BringUpError(
                f"this machine already runs Kubernetes (process {foreign[0]}). To use it, set"
                " KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT; nothing was changed"
            )

    def _prepare_network(self) -> None:
        layout = self._layout
        sysctls.remember(layout.sysctls_before)
        if not layout.chains_before.exists():
            write_whole(layout.chains_before, json.dumps(sorted(iptables.present_chains())))
        network.make_bridge()
        sysctls.apply()
        iptables.add_rules()

    def _start_control_plane(self) -> None:
        layout, binaries = self._layout, self._binaries
        self._ensure(components.etcd(layout, binaries))
        await_healthy(layout, "etcd")
        self._ensure(components.api_server(layout, binaries, write_audit_policy(layout)))
        await_healthy(layout, "kube-apiserver")
        self._ensure(components.controller_manager(layout, binaries))
        self._ensure(components.scheduler(layout, binaries))
        self._ensure(components.proxy(layout, binaries))

    def _start_runtime(self) -> Record:
        layout = self._layout
        before = processes.read_record(layout.processes, HOLDER)
        if before is None or not processes.is_alive(before):
            self._clear_room()
        room = open_room(layout, self._binaries)
        cni = network.write_cni(layout.config / "cni", network.leases_folder(layout))
        configuration = write_configuration(layout, cni.parent)
        self._ensure(components.containerd(configuration, cni, room))
        await_healthy(layout, "containerd")
        load_pause_image(layout, self._binaries)
        return room

    def _clear_room(self) -> None:
        """End what is left of a node whose room lost its holder; its mounts cannot be joined."""
        leftover = processes.find(ROOM_PROGRAMS, str(self._layout.state))
        processes.end((*leftover, *cgroups.pod_processes()), grace_seconds=0)

    def _ensure(self, command: Command) -> None:
        """Have `command` run, exactly as it is described now."""
        layout = self._layout
        record = processes.read_record(layout.processes, command.name)
        alive = record is not None and processes.is_alive(record)
        if record is not None and alive and record.command == command.fingerprint():
            return
        strays = processes.find((command.name,), str(layout.state))
        processes.end(strays, grace_seconds=GRACE_SECONDS)
        processes.start(
            command,
            folder=layout.processes,
            log=layout.logs / f"{command.name}.log",
            environment=component_environment(),
        )
        self._changed = True
        self._reporter.say(f"{command.name}: {'started again' if record else 'started'}")


def component_environment() -> dict[str, str]:
    """The environment of every component: its own cluster is never reached through a proxy."""
    environment = system_environment()
    direct = ["127.0.0.1", "localhost", NODE_IP, API_SERVICE_IP, str(POD_RANGE), str(SERVICE_RANGE)]
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, [environment.get(name), *direct]))
    return environment
