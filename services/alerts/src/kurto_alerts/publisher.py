"""Puts stored transitions on the live stream, each at least once and in order."""

import asyncio
import contextlib
import logging

from kurto_alerts.failures import is_passing
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import AlertStore, PublicationStore, TransitionStream
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


class Publisher:
    """Publishes whatever the store says was not published yet.

    A crash between storing and publishing costs nothing: the store remembers how far it got.
    One between publishing and remembering repeats transitions, which readers know by number.

    Parameters
    ----------
    store : PublicationStore
        Knows what was published.
    stream : TransitionStream
        Where to publish.
    clock : Clock
        Time.
    metrics : AlertsMetrics
        Figures.
    batch_size : int
        Transitions in one message at most.
    poll_s : float
        Seconds after which the store is asked although nobody called `wake`.
    """

    def __init__(
        self,
        store: PublicationStore,
        stream: TransitionStream,
        *,
        clock: Clock,
        metrics: AlertsMetrics,
        batch_size: int,
        poll_s: float,
    ) -> None:
        self._store = store
        self._stream = stream
        self._clock = clock
        self._metrics = metrics
        self._batch_size = batch_size
        self._poll_s = poll_s
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be something to publish."""
        self._news.set()

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            self._news.clear()
            try:
                count = await self._store.publish_next(self._stream.publish, limit=self._batch_size)
                self._metrics.published.inc(count)
            except Exception as error:
                if not is_passing(error):
                    raise
                self._metrics.read_failures.labels("publish").inc()
                extra = {"action": "publish_failed", "problem": repr(error)}
                _LOG.warning("Cannot publish transitions", extra=extra)
                await self._clock.sleep(self._poll_s)
                continue
            if count < self._batch_size:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await self._news.wait()


async def watch_open_alerts(
    store: AlertStore, metrics: AlertsMetrics, clock: Clock, *, interval_s: float
) -> None:
    """Keep the gauges of open alerts, for ever."""
    while True:
        try:
            for severity, count in (await store.count_open()).items():
                metrics.open_alerts.labels(severity.name).set(count)
        except Exception as error:
            if not is_passing(error):
                raise
        await clock.sleep(interval_s)
