"""One Push call: from messages to accepted samples, and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2
from kurto_ingest.committer import GroupCommitter
from kurto_ingest.encoding import Encoding
from kurto_ingest.exceptions import (
    InvalidField,
    StreamNotStarted,
    WrongSampleForm,
)
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.opening import StreamOpener
from kurto_ingest.ranges import RangeSet
from kurto_ingest.registry import StreamRegistry, WindowSink
from kurto_ingest.session import Session
from kurto_ingest.stream_validation import check_batch, check_shaft_speed, check_time
from kurto_ingest.timing import microseconds
from kurto_service.clock import Clock
from kurto_service.exceptions import KurtoError

__all__ = ["EndReason", "PushCall", "PushLimits", "PushParts", "Slot"]

_MAX_SLOT = 4095
_MAX_REJECTED = 16


class EndReason(Enum):
    """Why a call ended with OK."""

    HALF_CLOSED = pb.STREAM_END_REASON_HALF_CLOSED
    ROTATE = pb.STREAM_END_REASON_ROTATE
    DRAIN = pb.STREAM_END_REASON_DRAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits:
    """What a call may do.

    Attributes
    ----------
    max_batch_samples : int
        Samples per channel of a batch.
    max_future_s : float
        How far ahead of the clock samples may lie.
    max_age_s : float
        Age at which a call is ended, for the sender to open the next one.
    order_patience_s : float
        How long a call waits for the one before it.
    ack_patience_s : float
        How long the answer waits for samples to become durable.
    room_patience_s : float
        How long a call waits for memory.
    """

    max_batch_samples: int
    max_future_s: float
    max_age_s: float
    order_patience_s: float
    ack_patience_s: float
    room_patience_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PushParts:
    """What all calls share."""

    opener: StreamOpener
    registry: StreamRegistry
    committer: GroupCommitter
    sink: WindowSink
    clock: Clock
    metrics: IngestMetrics
    limits: PushLimits


@dataclass(slots=True, kw_only=True)
class Slot:
    """One sensor of a call."""

    number: int
    sensor_id: str
    epoch: int
    stream_number: int
    session: Session | None = None
    refused: KurtoError | None = None
    accepted: RangeSet = field(default_factory=RangeSet)
    refilled: RangeSet = field(default_factory=RangeSet)
    duplicate_count: int = 0
    rejected: list[tuple[int, KurtoError]] = field(default_factory=list)


class PushCall:
    """Reads one call.

    A refusal ends a call of one sensor with an error. In a call of several it is noted, and the
    others go on.

    Parameters
    ----------
    parts : PushParts
        What all calls share.
    """

    def __init__(self, parts: PushParts) -> None:
        self._parts = parts
        self.slots: dict[int, Slot] = {}
        self._end: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()

    async def run(self, read: Callable[[], Awaitable[object]], end_mark: object) -> EndReason:
        """Take messages until the call ends; returns why.

        Parameters
        ----------
        read : async callable
            Returns the next message, or `end_mark`.
        end_mark : object
            What `read` returns when the sender has half-closed.
        """
        reader: asyncio.Future[None] = asyncio.ensure_future(self._read(read, end_mark))
        try:
            await asyncio.wait(
                (reader, self._end),
                timeout=self._parts.limits.max_age_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self._end.done():
                return self._end.result()
            if reader.done():
                reader.result()
                return EndReason.HALF_CLOSED
            return EndReason.ROTATE
        finally:
            if not self._end.done():
                self._end.cancel()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            self._leave()

    def _leave(self) -> None:
        for slot in self.slots.values():
            if slot.session is not None:
                slot.session.feeders.discard(self)
                slot.session.last_call_s = self._parts.clock.monotonic()
                slot.session.end_call(slot.stream_number)

    def end(self, reason: EndReason) -> None:
        """End the call; what came so far is answered."""
        if not self._end.done():
            self._end.set_result(reason)

    def lose(self, session: Session, error: KurtoError) -> None:
        """Take note that `session` takes no more samples, because of `error`."""
        for slot in self.slots.values():
            if slot.session is session and slot.refused is None:
                slot.refused = error
                if len(self.slots) == 1 and not self._end.done():
                    self._end.set_exception(error)

    async def _read(self, read: Callable[[], Awaitable[object]], end_mark: object) -> None:
        while True:
            request = await read()
            if request is end_mark:
                self._require_no_refusal()
                return
            assert isinstance(request, pb.PushRequest)
            kind = request.WhichOneof("kind")
            if kind == "batch":
                await self._batch(request.batch)
            elif kind == "start":
                await self._start(request.start)
            elif kind == "abandon":
                self._abandon(request.abandon)
            else:
                raise InvalidField(
                    "A message must hold a start, a batch or an abandon.", field="kind"
                )

    def _require_no_refusal(self) -> None:
        """Raise the refusal of a call that turns out to have one sensor only."""
        if len(self.slots) == 1:
            for slot in self.slots.values():
                if slot.refused is not None:
                    raise slot.refused

    async def _start(self, start: pb.StreamStart) -> None:
        self._check_start(start)
        slot = Slot(
            number=start.slot,
            sensor_id=start.sensor_id,
            epoch=start.epoch,
            stream_number=start.stream_number,
        )
        self.slots[start.slot] = slot
        try:
            session = await self._parts.opener.session(start.sensor_id, start.epoch, start.fence)
        except KurtoError as error:
            # Whether others follow is not known yet: they shall not suffer.
            slot.refused = error
            self._reject(slot, 0, error)
            return
        slot.session = session
        session.feeders.add(self)
        if start.stream_number > 0:
            await session.turn(start.stream_number, self._parts.limits.order_patience_s)
        if session.closed is not None:
            self.lose(session, session.closed)

    def _check_start(self, start: pb.StreamStart) -> None:
        if not 0 <= start.slot <= _MAX_SLOT:
            raise InvalidField(f"start.slot must be 0 to {_MAX_SLOT}.", field="start.slot")
        if start.stream_number < 0:
            raise InvalidField(
                "start.stream_number counts calls from 1.", field="start.stream_number"
            )
        if start.slot in self.slots:
            raise InvalidField(
                f"Slot {start.slot} is taken in this call: use another one.", field="start.slot"
            )
        if any(
            (slot.sensor_id, slot.epoch) == (start.sensor_id, start.epoch)
            for slot in self.slots.values()
        ):
            raise InvalidField(
                f"The sensor {start.sensor_id!r} has a slot in this call already: use that one.",
                field="start.sensor_id",
            )

    def _slot(self, number: int) -> Slot:
        slot = self.slots.get(number)
        if slot is None:
            raise StreamNotStarted(number)
        self._require_no_refusal()
        return slot

    def _reject(self, slot: Slot, first_index: int, error: KurtoError) -> None:
        self._parts.metrics.refusals.labels(error.reason).inc()
        if len(slot.rejected) < _MAX_REJECTED:
            slot.rejected.append((first_index, error))

    async def _batch(self, message: pb.StreamBatch) -> None:
        slot = self._slot(message.slot)
        batch = message.batch
        session = slot.session
        if session is None or slot.refused is not None:
            if slot.refused is not None:
                self._reject(slot, batch.first_index, slot.refused)
            return
        try:
            self._take(slot, session, batch)
        except KurtoError as error:
            if len(self.slots) == 1:
                self._parts.metrics.refusals.labels(error.reason).inc()
                raise
            self._reject(slot, batch.first_index, error)
            return
        if not self._parts.registry.has_room(session):
            await self._wait_for_room(session)

    def _take(self, slot: Slot, session: Session, batch: samples_pb2.SampleBatch) -> None:
        parts, live = self._parts, session.live
        data = batch.planar or self._float_bytes(batch, live.format.encoding)
        first = batch.first_index
        count = check_batch(
            live.format,
            first_index=first,
            sample_count=batch.sample_count,
            byte_count=len(data),
            next_index=live.accepted.next_index,
            max_batch_samples=parts.limits.max_batch_samples,
        )
        if first + count > session.timely_index:
            self._check_time(session, first + count)
        shaft_speed_hz = batch.shaft_speed_hz if batch.HasField("shaft_speed_hz") else None
        if shaft_speed_hz is not None:
            check_shaft_speed(shaft_speed_hz)
        hops = live.tail.end
        intake = live.accept(
            first, live.format.view(data), data, shaft_speed_hz, parts.clock.monotonic()
        )
        fresh = intake.fresh
        if fresh is not None:
            slot.accepted.add(fresh.first, fresh.end)
        if fresh is None or intake.refills or intake.gap:
            self._count_irregular(slot, intake.refills, gap=intake.gap is not None)
        slot.duplicate_count += intake.duplicate_count
        metrics = parts.metrics
        metrics.batches.inc()
        metrics.samples.inc(count - intake.duplicate_count)
        metrics.duplicates.inc(intake.duplicate_count)
        parts.committer.note(session)
        if live.tail.end != hops:
            parts.sink.advance(session)

    def _count_irregular(
        self, slot: Slot, refills: tuple[tuple[int, int], ...], *, gap: bool
    ) -> None:
        metrics = self._parts.metrics
        for first, end in refills:
            slot.accepted.add(first, end)
            slot.refilled.add(first, end)
            metrics.refills.inc(end - first)
        if gap:
            metrics.gaps.inc()

    @staticmethod
    def _float_bytes(batch: samples_pb2.SampleBatch, encoding: Encoding) -> bytes:
        if not batch.HasField("floats"):
            return b""
        if encoding is not Encoding.F32LE:
            raise WrongSampleForm(
                f"This stream was opened as {encoding.name}: send `planar` bytes, or open it as"
                " F32LE to send `floats`.",
                field="batch.floats",
            )
        return np.asarray(batch.floats.values, dtype="<f4").tobytes()

    def _check_time(self, session: Session, end_index: int) -> None:
        live, limits = session.live, self._parts.limits
        now_us = microseconds(self._parts.clock.now())
        check_time(live.format, end_index, now_us=now_us, max_future_s=limits.max_future_s)
        # Good for a while: what lies in the past now does so later, too.
        ahead_us = now_us + int(limits.max_future_s * 1e6) - live.format.anchor_us
        session.timely_index = int(ahead_us * live.format.sample_rate_hz / 1e6) - 1

    async def _wait_for_room(self, session: Session) -> None:
        """Leave the call unread, so that the sender feels it; give up after a while."""
        registry, clock = self._parts.registry, self._parts.clock
        deadline_s = clock.monotonic() + self._parts.limits.room_patience_s
        while not registry.has_room(session):
            if session.closed is not None:
                return
            if clock.monotonic() >= deadline_s:
                raise registry.overload()
            await clock.sleep(0.05)

    def _abandon(self, abandon: pb.StreamAbandon) -> None:
        slot = self._slot(abandon.slot)
        if slot.session is None or slot.refused is not None:
            return
        given = abandon.range
        try:
            slot.session.live.abandon(given.first_index, given.end_index)
        except KurtoError as error:
            if len(self.slots) == 1:
                raise
            self._reject(slot, given.first_index, error)
        self._parts.committer.note(slot.session)

    async def settle(self) -> None:
        """Wait, not for long, until what the call brought is durable."""
        waiting = [
            slot
            for slot in self.slots.values()
            if slot.session is not None and not slot.session.holds(slot.accepted)
        ]
        for slot in waiting:
            if slot.session is not None:
                self._parts.committer.hurry(slot.session)
        try:
            async with asyncio.timeout(self._parts.limits.ack_patience_s):
                for slot in waiting:
                    if slot.session is not None:
                        await slot.session.durable(slot.accepted)
        except TimeoutError:
            pass
