"""Hears that another process has written to the outbox; polling finds it too."""

import logging
from collections.abc import Callable

import asyncpg

from kurto_alerts.delivery.outbox import NOTIFY_CHANNEL
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)
CHECK_S = 15.0


async def listen(
    dsn: str, wake: Callable[[], None], clock: Clock, *, timeout_s: float, pause_s: float
) -> None:
    """Call `wake` whenever something was written, for ever; a lost connection is made anew."""
    while True:
        try:
            await _listen(dsn, wake, clock, timeout_s)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            extra = {"action": "listen_failed", "problem": repr(error)}
            _LOG.info("Cannot listen for the outbox; polling goes on", extra=extra)
        await clock.sleep(pause_s)


async def _listen(dsn: str, wake: Callable[[], None], clock: Clock, timeout_s: float) -> None:
    session = await asyncpg.connect(
        dsn,
        timeout=timeout_s,
        command_timeout=timeout_s,
        server_settings={"application_name": "kurto-alerts-outbox"},
    )
    try:
        await session.add_listener(NOTIFY_CHANNEL, lambda *_: wake())
        wake()
        while True:
            await clock.sleep(CHECK_S)
            await session.execute("SELECT 1")
    finally:
        session.terminate()
