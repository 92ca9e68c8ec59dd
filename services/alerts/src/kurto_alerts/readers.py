"""Readers of live and past frames: each puts what it reads into the session's inbox."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import grpc

from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.failures import is_passing
from kurto_alerts.filling import FillRequest, FillResult
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import FeatureHistory, LiveFeatures, LiveMessage
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)

FIRST_MESSAGE_ID = "0-0"
LONGEST_READ_PAUSE_S = 1.0
FIRST_READ_PAUSE_S = 0.05

Inbox = asyncio.Queue[LiveMessage | FillResult | DiagnosisPage | None]


class LiveReader:
    """Reads the live streams behind the last message taken.

    Parameters
    ----------
    live : LiveFeatures
        The streams.
    streams : sequence of str
        Their names.
    message_ids : mapping of str to str
        Where to begin, by stream; elsewhere with the oldest message there is.
    inbox : asyncio.Queue
        Takes the messages; full, it stops the reading.
    """

    def __init__(
        self,
        live: LiveFeatures,
        streams: Sequence[str],
        message_ids: Mapping[str, str],
        inbox: Inbox,
        *,
        clock: Clock,
        metrics: AlertsMetrics,
    ) -> None:
        self._live = live
        self._after = {name: message_ids.get(name, FIRST_MESSAGE_ID) for name in streams}
        self._inbox = inbox
        self._clock = clock
        self._metrics = metrics
        self._stopped = False

    def stop(self) -> None:
        """End `run` after the read in progress: the client now and then swallows a cancel."""
        self._stopped = True

    async def run(self) -> None:
        """Read until `stop`, also through failures of Valkey."""
        pause_s = FIRST_READ_PAUSE_S
        while not self._stopped:
            try:
                messages = await self._live.read(self._after)
                if not messages:
                    await self._rewind()
                pause_s = FIRST_READ_PAUSE_S
            except Exception as error:
                if not is_passing(error):
                    raise
                self._metrics.read_failures.labels("live").inc()
                extra = {"action": "live_read_failed", "problem": repr(error)}
                _LOG.warning("Cannot read the live stream", extra=extra)
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_READ_PAUSE_S)
                continue
            for message in messages:
                await self._inbox.put(message)
                self._after[message.stream] = message.message_id

    async def _rewind(self) -> None:
        """Go back to the start of a stream that has lost its messages and counts from below."""
        for stream, message_id in self._after.items():
            newest = await self._live.newest(stream)
            if newest != FIRST_MESSAGE_ID and _id_order(newest) < _id_order(message_id):
                self._after[stream] = FIRST_MESSAGE_ID


class HistoryReader:
    """Answers requests for history.

    Parameters
    ----------
    history : FeatureHistory
        Where the features are kept.
    features : sequence of str
        Names of the features that are wanted.
    requests : asyncio.Queue
        What is wanted.
    inbox : asyncio.Queue
        Takes the answers.
    """

    def __init__(
        self,
        history: FeatureHistory,
        features: Sequence[str],
        requests: asyncio.Queue[FillRequest],
        inbox: Inbox,
        *,
        metrics: AlertsMetrics,
    ) -> None:
        self._history = history
        self._features = features
        self._requests = requests
        self._inbox = inbox
        self._metrics = metrics

    async def run(self) -> None:
        """Answer for ever, one request at a time."""
        while True:
            request = await self._requests.get()
            try:
                result = await self._ask(request)
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
                self._metrics.read_failures.labels("history").inc()
                extra = {
                    "action": "history_read_failed",
                    "sensor_id": request.sensor_id,
                    "problem": str(error),
                }
                _LOG.warning("Cannot read the history of features", extra=extra)
                result = FillResult(request, failed=True)
            await self._inbox.put(result)

    async def _ask(self, request: FillRequest) -> FillResult:
        page = None
        if request.epoch is not None:
            page = await self._history.page(
                request.sensor_id,
                epoch=request.epoch,
                after_window_index=request.after_window_index,
                features=self._features,
            )
            if page.frames or not page.complete:
                return FillResult(request, page)
        return FillResult(request, page, await self._history.newest(request.sensor_id))


def _id_order(message_id: str) -> tuple[int, int]:
    milliseconds, _, number = message_id.partition("-")
    return int(milliseconds), int(number or 0)
