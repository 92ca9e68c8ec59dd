"""Keeps quarantine within its bounds: of bytes, of days, and of what the disk allows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.quarantine.ledger import QuarantineLedger
from kurto_ingest.quarantine.quarantine_store import QuarantineStore
from kurto_service.clock import Clock

__all__ = ["QuarantineKeeper"]

_LOG = logging.getLogger(__name__)
_EXPIRE_ROWS = 2000  # at a time


class QuarantineKeeper:
    """Looks every few seconds how much there is, and deletes what is too old.

    Parameters
    ----------
    store : QuarantineStore
        Holds the rows.
    ledger : QuarantineLedger
        Told how much there is.
    pending_bytes : callable
        Returns how much is on its way to the store.
    clock : Clock
        Tells ages, and paces the looks.
    metrics : IngestMetrics
        Shown to operators.
    retention_s : float
        Seconds for which rows are kept.
    interval_s : float
        Seconds between two looks.
    """

    def __init__(
        self,
        store: QuarantineStore,
        ledger: QuarantineLedger,
        pending_bytes: Callable[[], int],
        *,
        clock: Clock,
        metrics: IngestMetrics,
        retention_s: float,
        interval_s: float,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._pending_bytes = pending_bytes
        self._clock = clock
        self._metrics = metrics
        self._retention = timedelta(seconds=retention_s)
        self._interval_s = interval_s

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                _LOG.warning(
                    "Quarantine not looked after, will be tried again",
                    extra={
                        "action": "quarantine_unknown",
                        "error": f"{type(error).__name__}: {error}",
                    },
                )
            await self._clock.sleep(self._interval_s)

    async def look(self) -> None:
        """Delete what is too old, and find out how much there is."""
        while await self._store.expire(self._clock.now() - self._retention, _EXPIRE_ROWS):
            await self._clock.sleep(0)
        self._ledger.begin_look(self._pending_bytes())
        self._ledger.found(await self._store.stored_bytes())
        self._metrics.quarantine_bytes.set(self._ledger.used_bytes)

    def close(self, *, closed: bool) -> None:
        """Take nothing more, or take it again."""
        self._ledger.closed = closed

    async def clear(self) -> int:
        """Delete everything, since the disk is nearly full; returns its bytes."""
        size_bytes = await self._store.clear()
        if size_bytes:
            await self.look()
        return size_bytes
