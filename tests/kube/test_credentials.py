from pathlib import Path

import pytest
import yaml
from kubernetes.aio.config import incluster_config

from kubetune.errors import ClusterError
from kubetune.kube import credentials
from kubetune.kube.client import Client
from kubetune.kube.credentials import load_access


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no configuration at all."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def write(path: Path, server: str, *, namespace: str | None = None, insecure: bool = False) -> str:
    """A kubeconfig with the contexts "main" (current) and "other"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    context = {"cluster": "c", "user": "u"} | ({"namespace": namespace} if namespace else {})
    cluster = {"server": server} | ({"insecure-skip-tls-verify": True} if insecure else {})
    config = {
        "current-context": "main",
        "contexts": [
            {"name": "main", "context": context},
            {"name": "other", "context": {"cluster": "c", "user": "u", "namespace": "elsewhere"}},
        ],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    path.write_text(yaml.safe_dump(config))
    return str(path)


def enter_pod(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Make this machine look like a pod with a service account."""
    for name, content in {"token": "pod-token", "ca.crt": "CA", "namespace": "pod-ns\n"}.items():
        (directory / name).write_text(content)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(directory / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(directory / "ca.crt"))
    monkeypatch.setattr(credentials, "_NAMESPACE_FILE", directory / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")


async def test_a_named_kubeconfig_and_context_are_used(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "http://named:1", namespace="here")
    assert (await load_access(path, None)).namespace == "here"
    access = await load_access(path, "other")
    assert access.configuration.host == "http://named:1"
    assert access.namespace == "elsewhere"


async def test_the_environment_names_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", write(tmp_path / "env", "http://env:1"))
    access = await load_access(None, None)
    assert access.configuration.host == "http://env:1"
    assert access.namespace == "default"


async def test_the_home_directory_has_one(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", "http://home:1")
    assert (await load_access(None, None)).configuration.host == "http://home:1"


async def test_a_pod_uses_its_service_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter_pod(monkeypatch, tmp_path)
    access = await load_access(None, None)
    assert access.configuration.host == "https://10.0.0.1:443"
    assert access.configuration.api_key == {"BearerToken": "bearer pod-token"}
    assert access.configuration.client_session_kwargs == {"trust_env": False}
    assert access.namespace == "pod-ns"


async def test_a_pod_that_was_given_a_kubeconfig_uses_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter_pod(monkeypatch, tmp_path)
    monkeypatch.setenv("KUBECONFIG", write(tmp_path / "env", "http://env:1"))
    assert (await load_access(None, None)).configuration.host == "http://env:1"


async def test_certificates_are_verified_whatever_the_kubeconfig_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "config", "https://named:1", insecure=True)
    access = await load_access(path, None)
    assert access.configuration.verify_ssl is True
    assert "insecure-skip-tls-verify is ignored" in caplog.text


@pytest.mark.parametrize(
    ("server", "want"),
    [("http://127.0.0.1:1", {"trust_env": False}), ("http://10.0.0.1:1", None)],
    ids=["loopback", "another machine"],
)
async def test_no_proxy_is_asked_for_this_machine(
    tmp_path: Path, server: str, want: object
) -> None:
    access = await load_access(write(tmp_path / "config", server), None)
    assert access.configuration.client_session_kwargs == want


@pytest.mark.parametrize(
    ("content", "context"),
    [(None, None), ("", None), ("[]", None), ("{}", None), ("{: :", None), (None, "no-such")],
    ids=["no file", "empty", "a list", "no contexts", "not yaml", "no such context"],
)
async def test_a_configuration_that_cannot_be_used_says_so(
    tmp_path: Path, content: str | None, context: str | None
) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    elif context is not None:
        write(path, "http://named:1")
    with pytest.raises(ClusterError, match="no usable Kubernetes configuration") as failed:
        await Client.connect(str(path), context)
    assert failed.value.status == 0


async def test_connecting_asks_the_server_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "http://127.0.0.1:1", namespace="here")
    async with await Client.connect(path) as client:
        assert client.namespace == "here"
