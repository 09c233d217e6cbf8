"""The container runtime: its configuration, the pause image and the images in its store."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Final

from tests.cluster.build import Binaries
from tests.cluster.commands import run
from tests.cluster.files import write_whole
from tests.cluster.layout import IMAGE_NAMESPACE, PAUSE_IMAGE, Layout
from tests.cluster.network import cni_programs

CONFIGURATION: Final = """\
version = 2
root = "{state}/containerd/root"
state = "{state}/containerd/state"
# Nothing here needs these, and the second looks for devices that a plain machine does not have.
disabled_plugins = [
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Where root may not lower a process's oom_score_adj (no CAP_SYS_RESOURCE), runc fails without it.
  restrict_oom_score_adj = true
  # A profile would stay in the kernel after the cluster is gone.
  disable_apparmor = true
  netns_mounts_under_state_dir = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_programs}"
    conf_dir = "{cni_config}"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{state}/runc"
"""


def write_configuration(layout: Layout, cni_config: Path) -> Path:
    """Write containerd's configuration; every folder in it is below the state folder."""
    path = layout.config / "containerd.toml"
    write_whole(
        path,
        CONFIGURATION.format(
            state=layout.state,
            socket=layout.containerd_socket,
            pause=PAUSE_IMAGE,
            cni_programs=cni_programs(),
            cni_config=cni_config,
        ),
    )
    return path


def ctr(layout: Layout, *arguments: str, timeout_seconds: float = 120) -> str:
    """Run containerd's own client on the node's images and containers."""
    return run(
        [
            "ctr",
            f"--address={layout.containerd_socket}",
            f"--namespace={IMAGE_NAMESPACE}",
            *arguments,
        ],
        timeout_seconds=timeout_seconds,
    )


def image_names(layout: Layout) -> tuple[str, ...]:
    """The images in the node's store, by full name."""
    listed = ctr(layout, "images", "list", "--quiet").split()
    return tuple(name for name in listed if not name.startswith("sha256:"))


def load_image(layout: Layout, archive: Path) -> None:
    """Load an image archive into the node's store."""
    ctr(layout, "images", "import", str(archive), timeout_seconds=600)


def load_pause_image(layout: Layout, binaries: Binaries) -> None:
    """Put the pause image, which every pod's sandbox runs, into the node's store."""
    if PAUSE_IMAGE in image_names(layout):
        return
    archive = layout.state / "pause.tar"
    archive.write_bytes(pause_archive(Path(binaries.path("pause")).read_bytes()))
    load_image(layout, archive)
    archive.unlink()


def pause_archive(program: bytes) -> bytes:
    """An image archive, as `docker save` writes it, of one layer with the one file /pause."""
    layer = _tar({"pause": program}, mode=0o755)
    configuration = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"],
            },
        }
    ).encode()
    name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    manifest = json.dumps(
        [{"Config": name, "RepoTags": [PAUSE_IMAGE], "Layers": ["layer.tar"]}]
    ).encode()
    return _tar({name: configuration, "layer.tar": layer, "manifest.json": manifest}, mode=0o644)


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
