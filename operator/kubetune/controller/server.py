"""/healthz, /readyz and /metrics, for the kubelet and for Prometheus."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@asynccontextmanager
async def serving(
    port: int,
    *,
    registry: CollectorRegistry,
    is_healthy: Callable[[], bool],
    is_ready: Callable[[], bool],
) -> AsyncGenerator[int, None]:
    """Serve on all addresses while the block runs.

    Args:
        port: TCP port; 0 picks a free one.
        registry: What /metrics shows.
        is_healthy: False makes the kubelet restart the container.
        is_ready: False keeps a rollout waiting.

    Yields:
        The port.
    """

    async def answer(truth: Callable[[], bool]) -> web.Response:
        ok = truth()
        return web.Response(text="ok\n" if ok else "not yet\n", status=200 if ok else 503)

    async def healthz(_: web.Request) -> web.Response:
        return await answer(is_healthy)

    async def readyz(_: web.Request) -> web.Response:
        return await answer(is_ready)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, port=port)
        await site.start()
        bound: int = runner.addresses[0][1]
        yield bound
    finally:
        await runner.cleanup()
