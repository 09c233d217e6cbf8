"""Who we are and where the API server is: the official client's configuration, found as by kubectl.

kubeconfig or context given ──► that kubeconfig
KUBECONFIG set              ──► the files it names, merged
inside a pod                ──► the service account's token
otherwise                   ──► ~/.kube/config
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from yaml import YAMLError

from kubetune.errors import ClusterError

_log = logging.getLogger(__name__)
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NO_PROXY = {"trust_env": False}
"""For addresses that no proxy leads to, whatever HTTPS_PROXY says."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """A loaded configuration.

    Attributes:
        configuration: The official client's Configuration, with credentials and TLS settings.
        namespace: The context's namespace, or the pod's own; "default" when none is named.
    """

    configuration: Configuration
    namespace: str


async def load_access(kubeconfig: str | None, context: str | None) -> Access:
    """Read the configuration afresh; exec plugins and token files are asked again.

    Args:
        kubeconfig: Path of a kubeconfig, or several joined as in KUBECONFIG; None to look for one.
        context: Name of a context; None means the current one.

    Raises:
        ClusterError: With status 0: there is no configuration, or it cannot be read.
    """
    configuration = Configuration()
    files = kubeconfig or os.environ.get("KUBECONFIG")
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ
    try:
        if in_pod and not files and context is None:
            namespace = _from_service_account(configuration)
        else:
            files = files or str(Path.home() / ".kube" / "config")
            namespace = await _from_kubeconfig(configuration, files, context)
    except (ConfigException, OSError, KeyError, TypeError, ValueError, YAMLError) as error:
        raise ClusterError(0, f"no usable Kubernetes configuration: {error}") from error
    _harden(configuration)
    return Access(configuration, namespace or "default")


def _from_service_account(configuration: Configuration) -> str | None:
    load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # untyped there
    configuration.client_session_kwargs = _NO_PROXY
    return _NAMESPACE_FILE.read_text(encoding="utf-8").strip()


async def _from_kubeconfig(
    configuration: Configuration, files: str, context: str | None
) -> str | None:
    loader = await load_kube_config(  # type: ignore[no-untyped-call]  # untyped there
        config_file=files,
        context=context,
        client_configuration=configuration,
        persist_config=False,
    )
    namespace: str | None = loader.current_context["context"].get("namespace")
    return namespace


def _harden(configuration: Configuration) -> None:
    """Verify certificates always, and otherwise reach the server by the same way as kubectl."""
    if not configuration.verify_ssl:
        _log.warning("insecure-skip-tls-verify is ignored", extra={"server": configuration.host})
        configuration.verify_ssl = True
    # From 3.13 on, Python also demands extensions that many clusters' own authorities leave out;
    # chain and host name stay verified.
    configuration.disable_strict_ssl_verification = True
    if urlsplit(configuration.host).hostname in _LOOPBACK:
        configuration.client_session_kwargs = _NO_PROXY
