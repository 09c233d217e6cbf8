"""kopf serves the TuningJobs: each event takes the object in and asks for a look. Nothing else.

kopf's create, update and delete handlers, daemons, timers and indices write to the user's object,
need finalizers, and never learn of objects that were deleted during a watch gap; with `on.event`
alone kopf leaves no trace. What ends kopf ends the process, which starts again cheaply.
"""

import asyncio
import dataclasses
import logging
import os
from collections.abc import Callable, Collection
from typing import Any

import kopf
import msgspec

from kubetune.api.names import GROUP, VERSION
from kubetune.controller.cluster import Cluster, key_of
from kubetune.kube.objects import ObjectKey

_log = logging.getLogger(__name__)
_IDENTITY: Any = "kubetune"


def build_registry(cluster: Cluster, enqueue: Callable[[ObjectKey], None]) -> kopf.OperatorRegistry:
    """Return the handlers: one for events, one that sets kopf up, and kopf's own logins."""
    registry = kopf.OperatorRegistry()

    @kopf.on.event(GROUP, VERSION, "tuningjobs", registry=registry)
    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        try:
            # Plain JSON of our own: kopf's views are tied to its own memory.
            body = msgspec.json.decode(msgspec.json.encode(event["object"]))
            body["metadata"].pop("managedFields", None)
            key = key_of(body)
        except (RecursionError, ValueError, KeyError, TypeError):
            # One that cannot be taken in must not end the watch of all the others.
            _log.exception("unreadable TuningJob")
            return
        if event["type"] == "DELETED":
            cluster.unsee(key, body["metadata"]["uid"])
        else:
            cluster.see(body)
        enqueue(key)

    @kopf.on.startup(registry=registry)
    async def on_startup(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False
        settings.scanning.disabled = True
        settings.peering.standalone = True
        settings.persistence.finalizer = f"{GROUP}/unused"
        settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=GROUP)
        settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=GROUP)
        # An idle watch is cut by many load balancers after a few minutes, without a word.
        settings.watching.server_timeout = 300
        settings.networking.request_timeout = 30

    kopf.on.login(registry=registry, errors=kopf.ErrorsMode.PERMANENT)(_login)
    return registry


async def serve(
    registry: kopf.OperatorRegistry,
    *,
    namespaces: Collection[str],
    stop: asyncio.Event,
    ready: asyncio.Event,
) -> None:
    """Serve until `stop` is set or kopf fails.

    Args:
        registry: From `build_registry`.
        namespaces: Namespaces to watch; empty means all.
        stop: Ends the serving.
        ready: Set when kopf watches.
    """
    await kopf.operator(
        registry=registry,
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
        ready_flag=ready,
        # For peering, which is off; kopf would ask the system for a user name that may not exist.
        identity=_IDENTITY,
    )


def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Log in with the pod's service account, or as kubectl would."""
    in_cluster = kopf.login_with_service_account(**kwargs)
    if in_cluster is None:
        return kopf.login_with_kubeconfig(**kwargs)
    # The address that every pod is given; kopf's own choice needs the cluster to have DNS.
    host = os.environ["KUBERNETES_SERVICE_HOST"]
    port = os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return dataclasses.replace(in_cluster, server=server)
