"""The pods' network: a bridge and the CNI configuration.

The bridge carries the node's address before the first pod exists, so that the API server and
the kubelet have an address that no other interface or reboot changes.
"""

import ipaddress
import json
import time
from pathlib import Path
from typing import Final

from tests.cluster.commands import run
from tests.cluster.errors import BringUpError
from tests.cluster.files import write_whole
from tests.cluster.layout import (
    BRIDGE,
    NETWORK_NAME,
    NODE_IP,
    POD_RANGE,
    SERVICE_RANGE,
    Layout,
)

RELEASE_SECONDS: Final = 10.0


def make_bridge() -> None:
    """Make the bridge with the node's address; a bridge that is there is completed.

    Raises:
        BringUpError: another interface already owns addresses of the pods' or services' range.
    """
    for interface, address in _addresses():
        taken = ipaddress.ip_network(address, strict=False)
        if interface != BRIDGE and (taken.overlaps(POD_RANGE) or taken.overlaps(SERVICE_RANGE)):
            raise BringUpError(
                f"interface {interface} has {address}, which overlaps the cluster's addresses"
                f" ({POD_RANGE} and {SERVICE_RANGE})"
            )
    wanted = f"{NODE_IP}/{POD_RANGE.prefixlen}"
    if not Path("/sys/class/net", BRIDGE).exists():
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    if (BRIDGE, wanted) not in _addresses():
        run(["ip", "address", "replace", wanted, "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])


def remove_bridge() -> None:
    """Remove the bridge and every pod's end of a cable that is still plugged into it."""
    if not Path("/sys/class/net", BRIDGE).exists():
        return
    deadline = time.monotonic() + RELEASE_SECONDS
    # The kernel takes the cables away with their network namespaces, a moment after these end.
    while (ports := bridge_ports()) and time.monotonic() < deadline:
        for port in ports:
            try:
                run(["ip", "link", "delete", port])
            except BringUpError:
                continue
        time.sleep(0.05)
    run(["ip", "link", "delete", BRIDGE])


def bridge_ports() -> tuple[str, ...]:
    """The interfaces that are plugged into the bridge."""
    folder = Path("/sys/class/net", BRIDGE, "brif")
    return tuple(sorted(path.name for path in folder.iterdir())) if folder.exists() else ()


def write_cni(folder: Path, leases: Path) -> Path:
    """Write the CNI configuration into `folder`; `leases` will hold the addresses in use."""
    document = {
        "cniVersion": "1.0.0",
        "name": NETWORK_NAME,
        "plugins": [
            {
                "type": "bridge",
                "bridge": BRIDGE,
                "isGateway": True,
                # A pod may reach itself through a service address.
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(leases),
                    "ranges": [[{"subnet": str(POD_RANGE), "gateway": NODE_IP}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
    path = folder / "10-kubetune.conflist"
    write_whole(path, json.dumps(document, indent=1))
    return path


def cni_programs() -> str:
    """The folder of the CNI plugins: Debian's, or the usual one elsewhere."""
    for folder in ("/usr/lib/cni", "/opt/cni/bin"):
        if Path(folder, "bridge").exists():
            return folder
    raise BringUpError("no CNI plugins in /usr/lib/cni or /opt/cni/bin")


def _addresses() -> list[tuple[str, str]]:
    """Every IPv4 address of this machine, as (interface, address/prefix)."""
    links = json.loads(run(["ip", "-json", "-4", "address", "show"]) or "[]")
    return [
        (link["ifname"], f"{info['local']}/{info['prefixlen']}")
        for link in links
        for info in link.get("addr_info", [])
    ]


def leases_folder(layout: Layout) -> Path:
    """Where the address plugin notes which pod has which address."""
    return layout.state / "addresses"
