"""Asks for new diagnoses and puts them into the session's inbox."""

import asyncio
import bisect
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

import grpc

from kurto_alerts.diagnoses.ports import DiagnosisPage, DiagnosisSource
from kurto_alerts.metrics import AlertsMetrics
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


class Mailslot(Protocol):
    """Takes pages; full, it stops the reading."""

    async def put(self, page: DiagnosisPage, /) -> None:
        """Put a page in."""


class DiagnosisReader:
    """Asks for the diagnoses behind the position of each sensor, one sensor after the other.

    Parameters
    ----------
    source : DiagnosisSource
        The analyzer.
    positions : callable
        Returns the sensors in question, each with the end to ask behind.
    inbox : Mailslot
        Takes the answers.
    clock : Clock
        Paces it.
    metrics : AlertsMetrics
        Counts failures.
    poll_s : float
        Seconds from one look at all sensors to the next.
    """

    def __init__(
        self,
        source: DiagnosisSource,
        positions: Callable[[], Mapping[str, int]],
        inbox: Mailslot,
        *,
        clock: Clock,
        metrics: AlertsMetrics,
        poll_s: float,
    ) -> None:
        self._source = source
        self._positions = positions
        self._inbox = inbox
        self._clock = clock
        self._metrics = metrics
        self._poll_s = poll_s
        self._last = ""

    async def run(self) -> None:
        """Read for ever; while the analyzer is away, positions stay where they are."""
        lost = False
        while True:
            try:
                await self._look()
                lost = False
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
                self._metrics.read_failures.labels("diagnoses").inc()
                if not lost:  # said once, not at every look
                    extra = {"action": "diagnoses_lost", "problem": repr(error)}
                    _LOG.warning("Cannot read diagnoses; rules on them wait", extra=extra)
                lost = True
            await self._clock.sleep(self._poll_s)

    async def _look(self) -> None:
        """Ask for all sensors; behind a failure the next look goes on with the next sensor."""
        positions = self._positions()
        order = sorted(positions)
        first = bisect.bisect_right(order, self._last)
        for sensor_id in order[first:] + order[:first]:
            self._last = sensor_id
            await self._follow(sensor_id, positions[sensor_id])

    async def _follow(self, sensor_id: str, after_us: int) -> None:
        """Read all that is there of a sensor, page by page."""
        while True:
            page = await self._source.page(sensor_id, after_us=after_us)
            if not page.windows:
                return
            await self._inbox.put(page)
            if page.complete:
                return
            after_us = page.windows[-1].end_us
