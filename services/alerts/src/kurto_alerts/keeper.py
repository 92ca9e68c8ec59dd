"""Asks ingest to keep the samples around alarms, each request at least once."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import timedelta

import grpc

from kurto_alerts.exceptions import KeepRefused
from kurto_alerts.failures import is_passing
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import KeepRequestStore, SampleKeeper
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class KeeperLimits:
    """Bounds and times of the keeper.

    Attributes
    ----------
    batch_size : int
        Requests taken at a time.
    poll_s : float
        Seconds after which the store is asked although nobody called `wake`.
    first_pause_s, longest_pause_s : float
        Wait before a request is repeated: doubled each time.
    give_up_s : float
        Age in seconds at which a request is given up.
    """

    batch_size: int
    poll_s: float
    first_pause_s: float
    longest_pause_s: float
    give_up_s: float


class Keeper:
    """Sends what the store holds, which evaluation writes together with the transition.

    Evaluation never waits for it. A request is forgotten only after ingest took it, so a crash of
    either repeats it; ingest takes the same request any number of times.

    Parameters
    ----------
    store : KeepRequestStore
        Knows what is still to be asked for.
    samples : SampleKeeper
        Keeps samples.
    clock : Clock
        Time.
    metrics : AlertsMetrics
        Figures.
    limits : KeeperLimits
        Bounds.
    """

    def __init__(
        self,
        store: KeepRequestStore,
        samples: SampleKeeper,
        *,
        clock: Clock,
        metrics: AlertsMetrics,
        limits: KeeperLimits,
    ) -> None:
        self._store = store
        self._samples = samples
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be something to ask for."""
        self._news.set()

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            self._news.clear()
            full = False
            try:
                full = await self.run_once()
            except Exception as error:
                if not is_passing(error):
                    raise
                extra = {"action": "keep_postponed", "problem": repr(error)}
                _LOG.warning("Cannot read the requests to keep samples", extra=extra)
            if not full:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.poll_s):
                        await self._news.wait()

    async def run_once(self) -> bool:
        """Send what is due; tell whether there may be more at once."""
        limits, now = self._limits, self._clock.now()
        for request in await self._store.drop_older(now - timedelta(seconds=limits.give_up_s)):
            self._give_up(request, f"not taken for {limits.give_up_s:g} s")
        due = await self._store.take_due(
            now=now,
            limit=limits.batch_size,
            first_pause_s=limits.first_pause_s,
            longest_pause_s=limits.longest_pause_s,
        )
        for request in due:
            if not await self._send(request):
                return False  # the others are due again after their pause
        return len(due) == limits.batch_size

    async def _send(self, request: KeepRequest) -> bool:
        try:
            await self._samples.keep(request)
        except KeepRefused as error:
            self._give_up(request, error.message)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError, OSError) as error:
            self._metrics.keep_requests.labels("retried").inc()
            extra = {"action": "keep_failed", "problem": repr(error)}
            _LOG.warning("Ingest did not take a request to keep samples", extra=extra)
            return False
        else:
            self._metrics.keep_requests.labels("kept").inc()
        await self._store.finish(request)
        return True

    def _give_up(self, request: KeepRequest, problem: str) -> None:
        self._metrics.keep_requests.labels("given_up").inc()
        extra = {
            "action": "keep_given_up",
            "alert_id": request.alert_id,
            "sensor_id": request.sensor_id,
            "problem": problem,
        }
        _LOG.error("Samples around an alarm are not kept", extra=extra)
