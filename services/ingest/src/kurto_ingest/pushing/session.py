"""A live stream together with the calls that feed it and those that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from kurto_ingest.assets.model import Sensor
from kurto_ingest.clocks.sender_clock import SenderClock
from kurto_ingest.ports import StreamKey
from kurto_ingest.pushing.call_order import CallOrder
from kurto_ingest.pushing.rate_meter import RateMeter
from kurto_ingest.pushing.value_validation import DeclaredUnits
from kurto_ingest.streams.epoch_stream import EpochStream
from kurto_ingest.streams.ranges import RangeSet
from kurto_service.exceptions import KurtoError

__all__ = ["Feeder", "Session"]


class Feeder(Protocol):
    """A Push call, as a session sees it."""

    def lose(self, session: Session, error: KurtoError) -> None:
        """Take note that `session` takes no more samples, because of `error`."""
        ...


class Session:
    """One (sensor, epoch) under one fence in this process.

    Parameters
    ----------
    live : EpochStream
        The stream's state.
    sensor : Sensor
        The sensor, kept up to date.
    boot_id : str
        The sender's run.
    backfill : bool
        True if the samples come from a buffer of the sender: another epoch may be live.
    recorded : bool
        True if the sender named the time of sample 0.
    """

    def __init__(
        self,
        live: EpochStream,
        sensor: Sensor,
        boot_id: str,
        *,
        backfill: bool = False,
        recorded: bool = False,
    ) -> None:
        self.live = live
        #: Identity: (sensor_id, epoch).
        self.key: StreamKey = live.key
        self.sensor = sensor
        self.units = DeclaredUnits(sensor.config.machine.process_values)
        self.boot_id = boot_id
        self.backfill = backfill
        self.recorded = recorded
        self.clock = SenderClock(live.format, recorded=recorded or backfill)
        #: Monotonic time before which no further reading of the sender's clock is needed.
        self.next_reading_s = 0.0
        #: Quality flags of the newest blocks, as last published.
        self.quality = 0
        self.order = CallOrder()
        self.feeders: set[Feeder] = set()
        self.meter = RateMeter()
        self.closed: KurtoError | None = None
        self.flush_wanted = False
        self.last_call_s: float | None = None
        #: Samples below it are known not to lie too far in the future.
        self.timely_index = 0
        #: Newest time that the clock is known to have shown, in microseconds.
        self.newest_us = live.format.anchor_us
        self._changed = asyncio.Event()
        self._waiting = 0
        self._stalled = 0  # calls that are left unread at the moment
        self._stall_count = 0

    def close(self, error: KurtoError) -> None:
        """Take no more samples and end the calls that bring them."""
        if self.closed is None:
            self.closed = error
            self.refuse_calls(error)
        self.notify()

    def notify(self) -> None:
        """Wake those who wait for a change."""
        if self._waiting:  # seldom: only calls that end wait
            self._changed.set()
            self._changed = asyncio.Event()

    async def _change(self) -> None:
        self._waiting += 1
        try:
            await self._changed.wait()
        finally:
            self._waiting -= 1

    async def turn(self, number: int, patience_s: float) -> None:
        """Wait until call `number` may be read.

        At most `patience_s` for the calls before it, not counting time in which those were left
        unread for want of memory: what they still carry is no gap. The wait is bounded all the
        same, for a call waits for memory only so long.
        """
        while not self.order.may_read(number) and self.closed is None:
            stalls = self._stall_count
            try:
                async with asyncio.timeout(patience_s):
                    while not self.order.may_read(number) and self.closed is None:
                        await self._change()
            except TimeoutError:
                if not self._stalled and self._stall_count == stalls:
                    self.order.give_up_before(number)
                    self.notify()

    def refuse_calls(self, error: KurtoError) -> None:
        """End the calls that bring samples; those of a call behind them would look like a gap."""
        for feeder in tuple(self.feeders):
            feeder.lose(self, error)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Take note that a call is left unread until the block ends."""
        self._stalled += 1
        self._stall_count += 1
        try:
            yield
        finally:
            self._stalled -= 1
            self._stall_count += 1  # patience begins when it ends

    def end_call(self, number: int) -> None:
        """Note that nothing more will be read of call `number`."""
        self.order.end(number)
        self.notify()

    def holds(self, ranges: RangeSet, given_up: RangeSet) -> bool:
        """Tell whether all samples of `ranges` are durable, and that `given_up` was given up."""
        durable = self.live.acknowledged
        return durable.durable_count(ranges) == ranges.total and not any(
            item.end > durable.next_index or durable.missing.touches(item.first, item.end)
            for item in given_up
        )

    async def durable(self, ranges: RangeSet, given_up: RangeSet) -> None:
        """Wait until `holds`, or until the session is closed."""
        while not self.holds(ranges, given_up) and self.closed is None:
            await self._change()

    async def flushed(self) -> None:
        """Wait until everything that was accepted is durable, or the session is closed."""
        while not self.live.is_durable and self.closed is None:
            await self._change()
