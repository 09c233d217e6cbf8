"""One request and one answer over the official package's connections, with credentials kept fresh.

An answer of any status is an answer here; what it means is said in `failures` and `client`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config import ConfigException

from kubetune.api.names import FIELD_MANAGER
from kubetune.errors import ClusterError, UnavailableError
from kubetune.kube.credentials import Access

Query = dict[str, str | int]

CONNECTIONS = 1000
"""Open at once at most. Every watch holds one, so a small number would end in waiting for itself
where many namespaces are watched one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes over the wire.

    Attributes:
        path: As `paths.Resource.path` builds it.
        query: Quoted when it is sent.
        body: JSON to send; None sends none.
        content_type: None means application/json.
    """

    method: str
    path: str
    query: Query | None = None
    body: Mapping[str, Any] | None = None
    content_type: str | None = None


class Transport:
    """Connections to one API server, replaced as a whole when it refuses their credentials."""

    def __init__(self, access: Access, reload: Callable[[], Awaitable[Access]]) -> None:
        self._api = _connections(access)
        self._reload = reload
        self._reloading = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        await self._api.close()  # type: ignore[no-untyped-call]  # the package leaves it untyped

    async def send(self, request: Request) -> aiohttp.ClientResponse:
        """An answer, not read yet. On 401 the request is sent once more with fresh credentials.

        Fresh credentials close the connections of the old ones; what was under way on them ends
        as unavailable, as it would have with the next refusal.
        """
        api = self._api
        response = await _send(api, request)
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        response.release()
        async with self._reloading:
            if self._api is api:  # else another request has been through here already
                try:
                    self._api = _connections(await self._reload())
                except ClusterError as error:
                    raise UnavailableError(0, error.message) from error
                await api.close()  # type: ignore[no-untyped-call]  # the package leaves it untyped
        return await _send(self._api, request)


@contextmanager
def unavailable(within: float) -> Iterator[None]:
    """Give the many ways of getting no answer in `within` seconds the one name that they deserve.

    Raises:
        UnavailableError: With status 0, for whatever the network or the credentials raised.
    """
    try:
        yield
    except TimeoutError as error:
        raise UnavailableError(0, f"no answer within {within:g} s") from error
    except (aiohttp.ClientError, ConfigException, OSError) as error:
        raise UnavailableError(0, f"{type(error).__name__}: {error}") from error


def _connections(access: Access) -> ApiClient:
    access.configuration.connection_pool_maxsize = CONNECTIONS
    api = ApiClient(access.configuration)
    api.user_agent = FIELD_MANAGER  # which the API server names field managers by
    return api


async def _send(api: ApiClient, request: Request) -> aiohttp.ClientResponse:
    headers = {"Accept": "application/json, */*"}
    if request.content_type is not None:
        headers["Content-Type"] = request.content_type
    method, url, headers, body, _ = await api.param_serialize(
        request.method,
        request.path,
        query_params=request.query,
        header_params=headers,
        body=request.body,
        auth_settings=["BearerToken"],
    )
    session = api.rest_client.pool_manager
    if session is not None and session.closed:
        raise UnavailableError(0, "the connections were closed")
    # The callers hold the time limits; left unset, the package would bring one of its own.
    unlimited = aiohttp.ClientTimeout(total=None)
    answer = await api.call_api(method, url, headers, body, _request_timeout=unlimited)
    response: aiohttp.ClientResponse = answer.response
    return response
