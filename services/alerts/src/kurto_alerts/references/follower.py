"""Follows the analyzer's baselines, and goes on with the stored ones while it is away."""

import asyncio
import logging

import grpc

from kurto_alerts.failures import is_passing
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.references.book import BaselineBook
from kurto_alerts.references.ports import BaselineSource, BaselineVersionStore
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


class BaselineFollower:
    """Stores what happens to baselines, then puts it into the book.

    Parameters
    ----------
    source : BaselineSource
        The analyzer.
    store : BaselineVersionStore
        Keeps what it said.
    book : BaselineBook
        What tracks compare with.
    clock : Clock
        Paces it.
    metrics : AlertsMetrics
        Counts failures.
    poll_s : float
        Seconds from one look to the next.

    Attributes
    ----------
    book : BaselineBook
        As given.
    """

    def __init__(
        self,
        source: BaselineSource,
        store: BaselineVersionStore,
        book: BaselineBook,
        *,
        clock: Clock,
        metrics: AlertsMetrics,
        poll_s: float,
    ) -> None:
        self._source = source
        self._store = store
        self.book = book
        self._clock = clock
        self._metrics = metrics
        self._poll_s = poll_s

    async def load(self) -> int:
        """Put what is stored into the book; return the newest event that is taken up."""
        versions, event_number = await self._store.load_baselines()
        self.book.put(versions)
        return event_number

    async def run(self) -> None:
        """Follow for ever; an absent analyzer or PostgreSQL only postpones it."""
        number: int | None = None
        lost = False
        while True:
            try:
                if number is None:
                    number = await self.load()
                number = await self.follow(number)
                lost = False
            except Exception as error:
                passing = isinstance(error, grpc.aio.AioRpcError | asyncio.InvalidStateError)
                if not (passing or is_passing(error)):
                    raise
                number = None  # another process may have gone on meanwhile
                self._metrics.read_failures.labels("baselines").inc()
                if not lost:  # said once, not at every look
                    extra = {"action": "baselines_lost", "problem": repr(error)}
                    _LOG.warning("Cannot follow baselines; the stored ones hold", extra=extra)
                lost = True
            await self._clock.sleep(self._poll_s)

    async def follow(self, number: int) -> int:
        """Take up all events behind one, and return the newest."""
        while news := await self._source.news(number):
            named = dict.fromkeys((event.sensor_id, event.baseline_id) for event in news)
            found = [await self._source.get(*one) for one in named]
            versions = [version for version in found if version is not None]
            number = news[-1].event_number
            await self._store.save_baselines(versions, number)
            self.book.put(versions)
        return number
