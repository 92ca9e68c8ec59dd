"""One batch of one sensor: checked, accepted, counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kurto.signal.v1 import samples_pb2
from kurto_ingest.exceptions import WrongSampleForm
from kurto_ingest.pushing.committer import GroupCommitter
from kurto_ingest.pushing.push_limits import PushLimits
from kurto_ingest.pushing.registry import StreamRegistry, WindowSink
from kurto_ingest.pushing.session import Session
from kurto_ingest.pushing.stream_validation import check_batch, check_shaft_speed
from kurto_ingest.pushing.value_validation import read_values
from kurto_ingest.quarantine.future_samples import FutureSamples
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.records.write_behind import WriteBehind
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.quality import RATE_DRIFT
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.sequence import Intake
from kurto_ingest.streams.timing import microseconds
from kurto_service.clock import Clock
from kurto_service.exceptions import KurtoError

__all__ = ["PushLimits", "SampleIntake", "Slot"]

_READING_INTERVAL_S = 0.1
_LAST_SECOND = 7_258_118_400  # 2200-01-01


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
    given_up: RangeSet = field(default_factory=RangeSet)
    duplicate_count: int = 0
    rejected: list[tuple[int, KurtoError]] = field(default_factory=list)


class SampleIntake:
    """Takes batches.

    Parameters
    ----------
    registry : StreamRegistry
        Counts them.
    committer : GroupCommitter
        Makes them durable.
    sink : WindowSink
        Takes their hops to the analyzer.
    clock : Clock
        Tells the time of arrival.
    limits : PushLimits
        What a batch may be.
    events : EventLog
        Told of gaps and of what senders' clocks do.
    times : WriteBehind of SampleTime
        Takes measured times of samples.
    future : FutureSamples
        Looks at those that may lie in the future.
    """

    def __init__(
        self,
        *,
        registry: StreamRegistry,
        committer: GroupCommitter,
        sink: WindowSink,
        clock: Clock,
        limits: PushLimits,
        events: EventLog,
        times: WriteBehind[SampleTime],
        future: FutureSamples,
    ) -> None:
        self._totals = registry.totals
        self._committer = committer
        self._sink = sink
        self._clock = clock
        self._limits = limits
        self._events = events
        self._times = times
        self._future = future

    def take(self, slot: Slot, session: Session, batch: samples_pb2.SampleBatch) -> None:
        """Accept a batch.

        Raises
        ------
        WrongSampleForm, IndexWentBackwards, ByteCountMismatch, InvalidField, TimeInFuture,
        TooManyMissingRanges
        """
        live = session.live
        data = batch.planar or self._float_bytes(batch, live.format.encoding)
        first = batch.first_index
        count = live.format.hop_samples
        # Nothing can be wrong with the length of a whole hop.
        if (
            len(data) != live.format.hop_bytes
            or batch.sample_count not in (0, count)
            or first < 0
            or count > self._limits.max_batch_samples
        ):
            count = self._checked_count(session, batch, len(data))
        if first + count > session.timely_index and self._was_future(slot, session, batch, data):
            return
        shaft_speed_hz = batch.shaft_speed_hz if batch.HasField("shaft_speed_hz") else None
        if shaft_speed_hz is not None:
            check_shaft_speed(shaft_speed_hz)
        values: list[ProcessValue] = []
        if batch.process_values:
            values = read_values(
                batch.process_values, session.units, live, first=first, count=count
            )
        hops = live.tail.end
        now_s = self._clock.monotonic()
        fresh = True
        if live.accept_hop(first, data, shaft_speed_hz, now_s, values=values):  # the usual case
            self._totals.batches += 1
            self._totals.samples += count
            slot.accepted.add(first, first + count)
        else:
            view = live.format.view(data)
            intake = live.accept(first, view, data, shaft_speed_hz, now_s, values=values)
            fresh = intake.fresh is not None
            self._note(slot, session, intake, count)
        if now_s >= session.next_reading_s and fresh and batch.HasField("device_time"):
            self._read_clock(session, batch, count, now_s)
        self._committer.note(session)
        if live.tail.end != hops:
            self._sink.advance(session)

    def _checked_count(
        self, session: Session, batch: samples_pb2.SampleBatch, byte_count: int
    ) -> int:
        """Return the samples per channel of a batch, or raise what is wrong with it."""
        live = session.live
        return check_batch(
            live.format,
            first_index=batch.first_index,
            sample_count=batch.sample_count,
            byte_count=byte_count,
            next_index=live.accepted.next_index,
            max_batch_samples=self._limits.max_batch_samples,
        )

    def _was_future(
        self, slot: Slot, session: Session, batch: samples_pb2.SampleBatch, data: bytes
    ) -> bool:
        """Take a batch of which some lies too far in the future; False, and nothing, if none does.

        Raises
        ------
        TimeInFuture, InvalidField, TooManyMissingRanges
        """
        live, first, samples = session.live, batch.first_index, session.live.format.view(data)
        end = first + samples.shape[1]
        boundary = self._future.boundary(session, first, end)
        if boundary is None:
            return False
        speed_hz = batch.shaft_speed_hz if batch.HasField("shaft_speed_hz") else None
        if speed_hz is not None:
            check_shaft_speed(speed_hz)
        messages, units, count = batch.process_values, session.units, samples.shape[1]
        values = read_values(messages, units, live, first=first, count=count)
        now_s, hops = self._clock.monotonic(), live.tail.end
        if first < boundary:
            cut = boundary - first
            before = [value for value in values if value.index < boundary]
            intake = live.accept(first, samples[:, :cut], None, speed_hz, now_s, values=before)
            self._note(slot, session, intake, cut)
            first, samples = boundary, samples[:, cut:]
        self._committer.note(session)
        if live.tail.end != hops:
            self._sink.advance(session)
        waiting_bytes, new = live.pending_bytes, live.quarantine is None
        intake = live.set_apart(boundary, first, samples, speed_hz, now_s, values=values)
        self._count(slot, intake, samples.shape[1])
        self._future.taken(session, first, end, live.pending_bytes - waiting_bytes, new=new)
        return True

    def give_up(self, slot: Slot, session: Session, first: int, end: int) -> None:
        """Take note that the sender gave up what is missing of `first` <= i < `end`.

        Raises
        ------
        IndexWentBackwards, TooManyMissingRanges
        """
        count = session.live.abandon(first, end)
        slot.given_up.add(first, end)
        if session.live.quarantine is not None:  # it may begin earlier now
            session.timely_index = min(session.timely_index, session.live.quarantine.accepted.index)
        self._committer.note(session)
        if count:
            self._events.note(
                EventKind.ABANDONED,
                sensor_id=session.key[0],
                epoch=session.key[1],
                first_index=first,
                end_index=end,
                value=float(count),
                message=f"The sender gave up {count} missing samples per channel.",
            )

    def _note(self, slot: Slot, session: Session, intake: Intake, count: int) -> None:
        self._count(slot, intake, count)
        if intake.gap is not None:
            self._record_gap(session, intake.gap)

    def _count(self, slot: Slot, intake: Intake, count: int) -> None:
        # Plain numbers: metrics are brought up to date once a second.
        totals = self._totals
        totals.batches += 1
        totals.samples += count - intake.duplicate_count
        if intake.fresh is not None:
            slot.accepted.add(intake.fresh.first, intake.fresh.end)
        if intake.duplicate_count:
            slot.duplicate_count += intake.duplicate_count
            totals.duplicates += intake.duplicate_count
        for item in intake.refills:
            slot.accepted.add(item.first, item.end)
            slot.refilled.add(item.first, item.end)
            totals.refills += item.length
        if intake.gap is not None:
            totals.gaps += 1

    def _record_gap(self, session: Session, gap: IndexRange) -> None:
        self._events.note(
            EventKind.GAP,
            sensor_id=session.key[0],
            epoch=session.key[1],
            first_index=gap.first,
            end_index=gap.end,
            value=gap.length / session.live.format.sample_rate_hz,
            message=f"{gap.length} samples per channel are missing; a refill may still come.",
        )

    def _read_clock(
        self, session: Session, batch: samples_pb2.SampleBatch, count: int, now_s: float
    ) -> None:
        """Compare the clocks, a few times a second at most."""
        session.next_reading_s = now_s + _READING_INTERVAL_S
        device = batch.device_time
        if not 0 <= device.seconds <= _LAST_SECOND:
            return  # a clock that was never set
        clock = session.clock
        clock.observe(
            batch.first_index,
            count,
            device.seconds * 1_000_000 + device.nanos // 1000,
            microseconds(self._clock.now()),
        )
        found, rows = clock.take()
        for row in rows:
            self._times.push(row)
        for finding in found:
            self._events.note(
                finding.kind,
                sensor_id=session.key[0],
                epoch=session.key[1],
                first_index=batch.first_index,
                value=finding.value,
                message=finding.message,
            )
        session.live.flag(RATE_DRIFT if clock.drifting else 0)

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
