"""The gateway's HTTP port: dashboard, server-sent events, health for load balancers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from kurto_gateway.sse import LiveEvents
from kurto_gateway.static_files import Dashboard
from kurto_service.health import Health
from kurto_service.server import BindError

__all__ = ["create_app", "serve_http"]

_STOP_S = 2.0


def create_app(*, live: LiveEvents, dashboard: Dashboard, health: Health) -> web.Application:
    """Return the application; nothing is read or opened yet."""

    async def healthz(_: web.Request) -> web.Response:
        serving = health.is_serving()
        body = {"serving": serving, "failing": sorted(health.failing)}
        return web.json_response(body, status=200 if serving else 503)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/api/live", live.handle, allow_head=False)
    app.router.add_get("/{path:.*}", dashboard.handle)
    return app


@asynccontextmanager
async def serve_http(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` inside the block; yield the port.

    Raises
    ------
    BindError
        When the address is taken or not of this machine.
    """
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise BindError(f"cannot listen on {host}:{port} for HTTP ({error})") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
