"""One open watch of the fake API server."""

import asyncio
import json

from aiohttp import web

from tests.kube.places import Place
from tests.kube.refusals import Json, status

END, DROP = object(), object()


class Watch:
    """One open watch, fed by the server and by the test."""

    def __init__(self, place: Place, request: web.Request) -> None:
        self.resource_version = request.query["resourceVersion"]
        self.query = dict(request.query)
        self.place = place
        self.deaf = False
        self._lines: asyncio.Queue[object] = asyncio.Queue()

    def send(self, kind: str, obj: Json) -> None:
        self._lines.put_nowait(json.dumps({"type": kind, "object": obj}).encode() + b"\n")

    def send_raw(self, line: bytes) -> None:
        self._lines.put_nowait(line)

    def bookmark(self, revision: int) -> None:
        self.send("BOOKMARK", {"metadata": {"resourceVersion": str(revision)}})

    def expire(self) -> None:
        """As a real server says it: an ERROR line, then the end."""
        self.send("ERROR", status(410, "Expired", "too old resource version"))
        self.end()

    def end(self) -> None:
        self._lines.put_nowait(END)

    def drop(self) -> None:
        self._lines.put_nowait(DROP)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while (line := await self._lines.get()) is not END:
            if line is DROP:
                assert request.transport is not None
                request.transport.abort()
                break
            assert isinstance(line, bytes)
            await response.write(line)
        return response
