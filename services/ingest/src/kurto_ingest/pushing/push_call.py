"""One Push call: from messages to accepted samples, and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.exceptions import InvalidField, OwnerChanged, StreamNotStarted
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.pushing.committer import GroupCommitter
from kurto_ingest.pushing.opening import StreamOpener
from kurto_ingest.pushing.push_limits import PushLimits
from kurto_ingest.pushing.registry import StreamRegistry
from kurto_ingest.pushing.sample_intake import SampleIntake, Slot
from kurto_ingest.pushing.session import Session
from kurto_service.clock import Clock
from kurto_service.exceptions import KurtoError

__all__ = ["EndReason", "PushCall", "PushParts"]

_MAX_SLOT = 4095
_MAX_REJECTED = 16
_MAX_GIVEN_UP = 4096  # ranges; what a call must remember of what it brought grows with them


class EndReason(Enum):
    """Why a call ended with OK."""

    HALF_CLOSED = pb.STREAM_END_REASON_HALF_CLOSED
    ROTATE = pb.STREAM_END_REASON_ROTATE
    DRAIN = pb.STREAM_END_REASON_DRAIN
    OWNER_CHANGED = pb.STREAM_END_REASON_OWNER_CHANGED
    AUTH_EXPIRED = pb.STREAM_END_REASON_AUTH_EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class PushParts:
    """What all calls share."""

    opener: StreamOpener
    registry: StreamRegistry
    committer: GroupCommitter
    intake: SampleIntake
    clock: Clock
    metrics: IngestMetrics
    limits: PushLimits


class PushCall:
    """Reads one call.

    A refusal ends a call of one sensor with an error; in a call of several the others go on.

    Parameters
    ----------
    parts : PushParts
        What all calls share.
    expire_time : datetime, optional
        When the sender's token expires.
    """

    def __init__(self, parts: PushParts, expire_time: datetime | None = None) -> None:
        self._parts = parts
        self._expire_time = expire_time
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
        longest_s, reason = self._patience()
        ended_in_order = False
        try:
            await asyncio.wait(
                (reader, self._end),
                timeout=longest_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            # Unless the sender cut it off, or its connection broke.
            ended_in_order = self._end.done() or not reader.done() or _was_read(reader)
            if self._end.done():
                return self._end.result()
            if reader.done():
                reader.result()
                return EndReason.HALF_CLOSED
            return reason
        finally:
            if not self._end.done():
                self._end.cancel()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            self._leave(ended_in_order=ended_in_order)

    def _patience(self) -> tuple[float, EndReason]:
        """Return how old the call may grow, in seconds, and why not older."""
        longest_s = self._parts.limits.max_age_s
        if self._expire_time is not None:
            left_s = (self._expire_time - self._parts.clock.now()).total_seconds()
            if left_s < longest_s:
                return max(0.0, left_s), EndReason.AUTH_EXPIRED
        return longest_s, EndReason.ROTATE

    def _leave(self, *, ended_in_order: bool) -> None:
        for slot in self.slots.values():
            if slot.session is not None:
                slot.session.feeders.discard(self)
                slot.session.last_call_s = self._parts.clock.monotonic()
                # The call behind one that was cut off is mostly cut off, too, a moment later: what
                # it brought would look like a gap. It waits for as long as its patience lasts.
                if ended_in_order:
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
                if len(self.slots) > 1 or self._end.done():
                    continue
                if isinstance(error, OwnerChanged):
                    self.end(EndReason.OWNER_CHANGED)
                else:
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
                session = self._batch(request.batch)
                if session is not None and not self._parts.registry.has_room(session):
                    await self._wait_for_room(session)
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
        if slot.refused is not None and len(self.slots) == 1:
            raise slot.refused
        return slot

    def _reject(self, slot: Slot, first_index: int, error: KurtoError) -> None:
        self._parts.metrics.refusals.labels(error.reason).inc()
        if len(slot.rejected) < _MAX_REJECTED:
            slot.rejected.append((first_index, error))

    def _batch(self, message: pb.StreamBatch) -> Session | None:
        """Take a batch; returns the session that has it now, if it was taken."""
        slot = self.slots.get(message.slot)
        if slot is None or slot.refused is not None:
            slot = self._slot(message.slot)
        batch = message.batch
        session = slot.session
        if session is None or slot.refused is not None:
            if slot.refused is not None:
                self._reject(slot, batch.first_index, slot.refused)
            return None
        try:
            self._parts.intake.take(slot, session, batch)
        except KurtoError as error:
            if len(self.slots) == 1:
                self._parts.metrics.refusals.labels(error.reason).inc()
                raise
            self._reject(slot, batch.first_index, error)
            return None
        return session

    async def _wait_for_room(self, session: Session) -> None:
        """Leave the call unread, so that the sender feels it; give up after a while."""
        registry, clock = self._parts.registry, self._parts.clock
        deadline_s = clock.monotonic() + self._parts.limits.room_patience_s
        with ExitStack() as stalled:
            for slot in self.slots.values():  # none of them is read
                if slot.session is not None:
                    stalled.enter_context(slot.session.stalled())
            while not registry.has_room(session):
                if session.closed is not None:
                    return
                if clock.monotonic() >= deadline_s:
                    error = registry.overload()
                    session.refuse_calls(error)
                    raise error
                await clock.sleep(0.05)

    def _abandon(self, abandon: pb.StreamAbandon) -> None:
        slot = self._slot(abandon.slot)
        if slot.session is None or slot.refused is not None:
            return
        given = abandon.range
        try:
            self._parts.intake.give_up(slot, slot.session, given.first_index, given.end_index)
            if len(slot.given_up) >= _MAX_GIVEN_UP:
                self.end(EndReason.ROTATE)
        except KurtoError as error:
            if len(self.slots) == 1:
                raise
            self._reject(slot, given.first_index, error)

    async def settle(self) -> None:
        """Wait, not for long, until what the call brought is durable."""
        waiting = [
            slot
            for slot in self.slots.values()
            if slot.session is not None and not slot.session.holds(slot.accepted, slot.given_up)
        ]
        for slot in waiting:
            if slot.session is not None:
                self._parts.committer.hurry(slot.session)
        try:
            async with asyncio.timeout(self._parts.limits.ack_patience_s):
                for slot in waiting:
                    if slot.session is not None:
                        await slot.session.durable(slot.accepted, slot.given_up)
        except TimeoutError:
            pass


def _was_read(reader: asyncio.Future[None]) -> bool:
    """Tell whether a call was read to its end, or up to what we refuse."""
    return not reader.cancelled() and isinstance(reader.exception(), KurtoError | None)
