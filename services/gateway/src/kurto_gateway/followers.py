"""Background tasks that ask the owners of alerts and streams, so that nothing stays missed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from kurto_gateway.live.fanout import Fanout
from kurto_gateway.ports import AlertSource, Away, StateSource
from kurto_service.clock import Clock

__all__ = ["AlertFollower", "StateFollower"]

_LOG = logging.getLogger(__name__)
_RETRY_S = 0.25
_PAGE = 500


class _Follower:
    """Asks an owner again and again; sooner when woken or when something is wrong."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._wanted = asyncio.Event()
        self._up: bool | None = None

    def ask_soon(self) -> None:
        """Ask now instead of at the next interval."""
        self._wanted.set()

    async def follow(
        self, ask: Callable[[], Awaitable[None]], interval: Callable[[], float]
    ) -> None:
        """Ask for ever, at most `interval()` seconds apart."""
        while True:
            self._wanted.clear()
            try:
                await ask()
                self._note(up=True)
            except Away as error:
                self._note(up=False, problem=str(error))
                await self._clock.sleep(_RETRY_S)
                continue
            await self._pause(interval())

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return

    def _note(self, *, up: bool, problem: str = "") -> None:
        if up == self._up:
            return
        self._up = up
        extra = {"action": "peer_up" if up else "peer_lost", "peer": self._name}
        if up:
            _LOG.info("Peer answers", extra=extra)
        else:
            _LOG.warning("Peer does not answer", extra=extra | {"problem": problem})


class AlertFollower(_Follower):
    """Keeps the transitions without holes, whether or not the live stream brings them."""

    def __init__(self, source: AlertSource, fanout: Fanout, clock: Clock) -> None:
        super().__init__("alerts", clock)
        self._source = source
        self._fanout = fanout

    async def ask(self) -> None:
        """Load the alerts, or append what came since."""
        log = self._fanout.transitions
        if log.number is None:
            await self._load()
            return
        while True:
            page = await self._source.list_transitions(log.number, count=_PAGE)
            if page.newest_number < log.number:
                # The numbers went back: the alerts were restored from an older copy.
                await self._load()
                return
            added = self._fanout.publish_transitions(page.transitions)
            log.filled(page.newest_number)
            if log.number >= page.newest_number:
                return
            if not added:
                await self._load()
                return

    async def _load(self) -> None:
        alerts, number = await self._source.list_open()
        self._fanout.load_alerts(alerts, number)


class StateFollower(_Follower):
    """Keeps the states of streams complete."""

    def __init__(self, source: StateSource, fanout: Fanout, clock: Clock) -> None:
        super().__init__("ingest", clock)
        self._source = source
        self._fanout = fanout

    async def ask(self) -> None:
        """Read all states."""
        self._fanout.replace_states(await self._source.list_states())
