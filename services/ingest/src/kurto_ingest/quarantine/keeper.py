"""Keeps quarantine within its bounds: of bytes, of days, and of what the disk allows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.quarantine.ledger import QuarantineLedger
from kurto_ingest.quarantine.quarantine_store import QuarantineStore
from kurto_service.clock import Clock

__all__ = ["QuarantineBounds", "QuarantineKeeper"]

_LOG = logging.getLogger(__name__)
_EXPIRE_ROWS = 2000  # at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineBounds:
    """How much there may be in quarantine.

    Attributes
    ----------
    max_bytes : int
        Bytes; 0 for nothing at all.
    retention_s : float
        Seconds for which rows are kept.
    interval_s : float
        Seconds between two looks.
    """

    max_bytes: int
    retention_s: float
    interval_s: float


class QuarantineKeeper:
    """Looks every few seconds how much there is, and deletes what is too old.

    Parameters
    ----------
    store : QuarantineStore
        Holds the rows.
    pending_bytes : callable
        Returns how much is on its way to the store.
    clock : Clock
        Tells ages, and paces the looks.
    metrics : IngestMetrics
        Shown to operators.
    bounds : QuarantineBounds
        How much there may be.

    Attributes
    ----------
    ledger : QuarantineLedger
        Knows how much there is.
    """

    def __init__(
        self,
        store: QuarantineStore,
        pending_bytes: Callable[[], int],
        *,
        clock: Clock,
        metrics: IngestMetrics,
        bounds: QuarantineBounds,
    ) -> None:
        self._store = store
        self.ledger = QuarantineLedger(bounds.max_bytes)
        self._pending_bytes = pending_bytes
        self._clock = clock
        self._metrics = metrics
        self._retention = timedelta(seconds=bounds.retention_s)
        self._interval_s = bounds.interval_s

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
        self.ledger.begin_look(self._pending_bytes())
        self.ledger.found(await self._store.stored_bytes())
        self._metrics.quarantine_bytes.set(self.ledger.used_bytes)

    def close(self, *, closed: bool) -> None:
        """Take nothing more, or take it again."""
        self.ledger.closed = closed

    async def clear(self) -> int:
        """Delete everything, since the disk is nearly full; returns its bytes."""
        size_bytes = await self._store.clear()
        if size_bytes:
            await self.look()
        return size_bytes
