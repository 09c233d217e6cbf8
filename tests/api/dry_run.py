"""Asks a real API server what it thinks of a TuningJob, without leaving one behind."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kubetune.api.structure import as_sent
from kubetune.errors import ConflictError, InvalidError
from kubetune.kube.client import Client
from kubetune.kube.paths import TUNING_JOBS


class DryRun:
    """One connection to an API server, kept alive. A context manager.

    Attributes:
        namespace: Where objects are tried.
    """

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop, namespace: str) -> None:
        self.namespace = namespace
        self._client = client
        self._loop = loop

    @classmethod
    @contextmanager
    def connect(cls, kubeconfig: str, context: str, namespace: str) -> Iterator["DryRun"]:
        """Connect as kubectl would with that configuration."""
        loop = asyncio.new_event_loop()
        client = loop.run_until_complete(_connect(kubeconfig, context))
        try:
            yield cls(client, loop, namespace)
        finally:
            loop.run_until_complete(client.close())
            loop.close()

    def refusal_of(self, manifest: Mapping[str, Any]) -> str | None:
        """Return the API server's words if it would refuse to create an object, None if not."""
        return self._refusal("POST", TUNING_JOBS.path(self.namespace), manifest)

    def refusal_of_update(self, new: Mapping[str, Any]) -> str | None:
        """Return the API server's words if it would refuse to replace the object of that name.

        An operator may write the object's status at any time, so a conflict is tried again.
        """
        path = TUNING_JOBS.path(self.namespace, new["metadata"]["name"])
        while True:
            current = self._send("GET", path, None, {})["metadata"]["resourceVersion"]
            metadata = {**new["metadata"], "resourceVersion": current}
            try:
                return self._refusal("PUT", path, {**new, "metadata": metadata})
            except ConflictError:
                continue

    def create(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object, and return it as the API server stored it."""
        return self._send("POST", TUNING_JOBS.path(self.namespace), manifest, {})

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._loop.run_until_complete(self._client.delete(TUNING_JOBS.path(self.namespace, name)))

    def _refusal(self, method: str, path: str, manifest: Mapping[str, Any]) -> str | None:
        strict = {"dryRun": "All", "fieldValidation": "Strict"}
        try:
            self._send(method, path, manifest, strict)
        except InvalidError as error:
            return error.message
        return None

    def _send(
        self, method: str, path: str, manifest: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> dict[str, Any]:
        body = manifest and as_sent(manifest, None)
        answer: dict[str, Any] = json.loads(
            self._loop.run_until_complete(
                self._client.request(method, path, query=dict(query), body=body)
            )
        )
        return answer


async def _connect(kubeconfig: str, context: str) -> Client:
    return await Client.connect(kubeconfig=kubeconfig, context=context)
