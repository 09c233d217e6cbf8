"""What the cluster writes, reads and puts back on the machine, tried on folders of a test."""

import datetime as dt
import io
import json
import tarfile
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from tests.cluster import cgroups, components, sysctls
from tests.cluster.build import Binaries
from tests.cluster.buildah import pip_configuration, pip_settings, trim_storage
from tests.cluster.component_files import (
    name_servers,
    write_audit_policy,
    write_kubelet_configuration,
)
from tests.cluster.containerd import pause_archive
from tests.cluster.files import write_whole
from tests.cluster.layout import PAUSE_IMAGE, Layout, default_layout
from tests.cluster.leftovers import mounts_below
from tests.cluster.packages import Package, missing
from tests.cluster.pki import IDENTITIES, write_pki
from tests.cluster.processes import Command, Record

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
ROOM = Record(name="node-room", pid=7, started=1, boot="b", command="c")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(repository=tmp_path / "repo", state=tmp_path / "state", cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("environment", "want"),
    [
        pytest.param({"HOME": "/home/a"}, "/home/a/.cache/kubetune", id="the home folder"),
        pytest.param({"XDG_CACHE_HOME": "/big"}, "/big/kubetune", id="a cache folder by name"),
    ],
)
def test_the_cache_is_where_the_user_keeps_caches(environment: dict[str, str], want: str) -> None:
    assert Path(want) == default_layout(environment).cache


def test_certificates_are_signed_by_the_one_authority(layout: Layout) -> None:
    write_pki(layout, now=NOW)

    authority = x509.load_pem_x509_certificate((layout.pki / "ca.crt").read_bytes())
    for identity in IDENTITIES:
        path = layout.pki / f"{identity.file}.crt"
        x509.load_pem_x509_certificate(path.read_bytes()).verify_directly_issued_by(authority)


def test_keys_are_for_root_alone(layout: Layout) -> None:
    write_pki(layout, now=NOW)

    secrets = [*layout.pki.glob("*.key"), layout.kubeconfig]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_certificates_stay_when_they_are_complete_and_are_made_anew_when_not(
    layout: Layout,
) -> None:
    write_pki(layout, now=NOW)
    first = (layout.pki / "ca.crt").read_bytes()
    write_pki(layout, now=NOW)
    second = (layout.pki / "ca.crt").read_bytes()
    (layout.pki / "complete").unlink()
    write_pki(layout, now=NOW)
    third = (layout.pki / "ca.crt").read_bytes()

    assert first == second != third


def test_the_kubeconfig_names_files_that_exist(layout: Layout) -> None:
    write_pki(layout, now=NOW)

    document = yaml.safe_load(layout.kubeconfig.read_text())
    user = document["users"][0]["user"]
    assert document["current-context"] == "kubetune"
    assert Path(user["client-key"]).exists()
    assert Path(document["clusters"][0]["cluster"]["certificate-authority"]).exists()


def make_commands(layout: Layout) -> list[Command]:
    binaries = Binaries(layout.cache / "node")
    policy = write_audit_policy(layout)
    kubelet = write_kubelet_configuration(layout)
    return [
        components.etcd(layout, binaries),
        components.api_server(layout, binaries, policy),
        components.controller_manager(layout, binaries),
        components.scheduler(layout, binaries),
        components.proxy(layout, binaries),
        components.kubelet(layout, binaries, kubelet, ROOM),
        components.containerd(layout.config / "containerd.toml", kubelet, ROOM),
    ]


def test_every_component_can_be_found_by_the_state_folder_in_its_arguments(layout: Layout) -> None:
    for command in make_commands(layout):
        assert any(str(layout.state) in word for word in command.argv[1:]), command.name


def test_every_file_of_every_component_is_below_the_state_folder(
    layout: Layout, tmp_path: Path
) -> None:
    for command in make_commands(layout):
        values = (word.partition("=")[2] for word in command.argv)
        elsewhere = [
            value
            for value in values
            if value.startswith("/") and not value.startswith((str(tmp_path), "/proc/"))
        ]
        # nsenter's own working folder is the one exception.
        assert elsewhere in ([], ["/"])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("", [], id="no resolver file"),
        pytest.param("nameserver 127.0.0.53\n", [], id="a resolver that pods cannot reach"),
        pytest.param(
            "# made by hand\nsearch lab\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n",
            ["192.0.2.1", "fe80::1%eth0"],
            id="two others",
        ),
        pytest.param(
            "".join(f"nameserver 192.0.2.{number}\n" for number in range(5)),
            ["192.0.2.0", "192.0.2.1", "192.0.2.2"],
            id="more than a pod may have",
        ),
    ],
)
def test_pods_ask_the_name_servers_of_the_machine(text: str, want: list[str]) -> None:
    assert want == name_servers(text)


def test_a_node_whose_room_is_new_is_started_anew(layout: Layout) -> None:
    kubelet = write_kubelet_configuration(layout)
    other = Record(name="node-room", pid=8, started=1, boot="b", command="c")

    old, new = (components.containerd(kubelet, kubelet, room) for room in (ROOM, other))

    assert old.fingerprint() != new.fingerprint()


def test_settings_are_put_back_as_they_were_the_first_time(tmp_path: Path) -> None:
    record, folder = tmp_path / "before.json", tmp_path / "sys"
    forward = folder / "net/ipv4/ip_forward"
    forward.parent.mkdir(parents=True)
    forward.write_text("0\n")

    sysctls.remember(record, folder)
    sysctls.apply(folder)
    sysctls.remember(record, folder)
    assert forward.read_text() == "1"
    sysctls.restore(record, folder)

    assert forward.read_text() == "0"


def test_nothing_is_put_back_where_nothing_was_changed(tmp_path: Path) -> None:
    sysctls.restore(tmp_path / "before.json", tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "hierarchies",
    [pytest.param(["."], id="cgroup v2"), pytest.param(["cpu", "memory"], id="cgroup v1")],
)
def test_processes_of_pods_are_found_in_every_hierarchy(
    tmp_path: Path, hierarchies: list[str]
) -> None:
    for number, hierarchy in enumerate(hierarchies):
        pod = tmp_path / hierarchy / "kubepods/besteffort/pod1"
        pod.mkdir(parents=True)
        (pod / "cgroup.procs").write_text(f"4{number}\n50\n")

    want = (*(40 + number for number in range(len(hierarchies))), 50)
    assert want == cgroups.pod_processes(tmp_path)


def test_groups_of_pods_are_removed_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "memory/kubepods/burstable/pod1").mkdir(parents=True)
    (tmp_path / "memory/system").mkdir()

    cgroups.remove_pod_groups(tmp_path)

    assert sorted(path.name for path in (tmp_path / "memory").iterdir()) == ["system"]


def test_mounts_of_the_state_folder_are_found_and_its_namesakes_are_not() -> None:
    lines = [
        f"36 35 98:0 / {point} rw shared:1 - ext4 /dev/sda rw"
        for point in ("/", "/state", "/state/kubelet/pods/1", "/state-of-others")
    ]

    assert mounts_below(lines, "/state") == ("/state", "/state/kubelet/pods/1")


def test_the_pause_image_is_an_archive_of_one_program() -> None:
    with tarfile.open(fileobj=io.BytesIO(pause_archive(b"program"))) as archive:
        manifest_file = archive.extractfile("manifest.json")
        layer_file = archive.extractfile("layer.tar")
        assert manifest_file is not None
        assert layer_file is not None
        (manifest,) = json.load(manifest_file)
        with tarfile.open(fileobj=io.BytesIO(layer_file.read())) as layer:
            (program,) = layer.getmembers()

    assert manifest["RepoTags"] == [PAUSE_IMAGE]
    assert (program.name, program.mode) == ("pause", 0o755)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"

    write_whole(path, "one")
    write_whole(path, "two")

    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_packages_count_as_missing_when_what_shows_them_is_not_there() -> None:
    shell = Package("dash", "sh", "everyone has it")
    root = Package("base-files", "/usr", "a folder that everyone has")
    nobody = Package("nobody", "no-such-program-anywhere", "nobody has it")

    assert missing((shell, root, nobody)) == (nobody,)


def test_pip_in_a_build_is_told_what_pip_here_is_told() -> None:
    environment = {"SSL_CERT_FILE": "/a.pem", "PIP_CERT": "/b.pem", "PIP_INDEX_URL": "https://i"}

    settings = pip_settings(environment)

    assert (settings["cert"], settings["index-url"]) == ("/b.pem", "https://i")
    assert "index-url = https://i" in pip_configuration(settings)


@pytest.mark.parametrize(
    ("limit", "want"),
    [pytest.param(1, True, id="too much"), pytest.param(1 << 30, False, id="little")],
)
def test_image_layers_are_forgotten_when_they_take_too_much_room(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, limit: int, *, want: bool
) -> None:
    monkeypatch.setattr("tests.cluster.buildah.STORAGE_LIMIT_BYTES", limit)
    layers = layout.cache / "buildah" / "overlay"
    layers.mkdir(parents=True)
    (layers / "layer").write_bytes(b"x" * 10_000)

    assert want == trim_storage(layout)
    assert layers.exists() is not want


def test_the_usual_variable_for_certificates_counts_where_pip_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.cluster.buildah.run", lambda _argv: "")

    assert pip_settings({"SSL_CERT_FILE": "/a.pem"}) == {"cert": "/a.pem"}
