"""The streams that are live in this process, and the memory that they take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kurto_ingest.assets.model import Sensor, SensorConfig
from kurto_ingest.exceptions import Overloaded
from kurto_ingest.metrics import IntakeTotals
from kurto_ingest.ports import StreamKey, StreamRecord
from kurto_ingest.pushing.session import Session
from kurto_ingest.streams.epoch_stream import EpochStream
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import microseconds
from kurto_service.exceptions import KurtoError

__all__ = ["MemoryLimits", "StreamRegistry", "WindowSink", "inspector_for"]

_RETRY_AFTER_S = 2.0


class WindowSink(Protocol):
    """Takes windows to the analyzer."""

    def attach(self, session: Session, record: StreamRecord, config: SensorConfig) -> None:
        """Follow a stream that begins or goes on, under the configuration that fits it."""
        ...

    def detach(self, session: Session) -> None:
        """Take note that the stream is not live any more."""
        ...

    def advance(self, session: Session) -> None:
        """Take note that the stream has new hops."""
        ...

    def committed(self, session: Session) -> None:
        """Take note that more of the stream can be read from the store."""
        ...

    def refilled(self, session: Session, windows: RangeSet) -> None:
        """Take note that `windows`, which were gaps, are complete now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLimits:
    """How much memory samples may take.

    Attributes
    ----------
    sensor_pending_bytes, total_pending_bytes : int
        Samples that wait to be committed.
    sensor_tail_bytes, total_tail_bytes : int
        Hops that wait for the analyzer.
    max_streams : int
        Live streams.
    max_missing_ranges : int
        Missing ranges of an epoch.
    """

    sensor_pending_bytes: int
    total_pending_bytes: int
    sensor_tail_bytes: int
    total_tail_bytes: int
    max_streams: int
    max_missing_ranges: int


class StreamRegistry:
    """Holds the sessions.

    Parameters
    ----------
    limits : MemoryLimits
        How much they may hold.
    """

    def __init__(self, limits: MemoryLimits) -> None:
        self._limits = limits
        self._sessions: dict[StreamKey, Session] = {}
        self._by_sensor: dict[str, dict[int, Session]] = {}
        self.pending_bytes = 0
        self.tail_bytes = 0
        #: Why no samples are taken at all; None while they are.
        self.refusal: KurtoError | None = None
        self.totals = IntakeTotals()

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: StreamKey) -> Session | None:
        """Return the session of a stream, if it is live."""
        return self._sessions.get(key)

    def of_sensor(self, sensor_id: str) -> list[Session]:
        """Return the live sessions of a sensor: the newest epoch first, backfills last."""
        found = self._by_sensor.get(sensor_id, {}).values()
        return sorted(found, key=lambda item: (item.backfill, -item.key[1]))

    def count_of(self, sensor_id: str) -> int:
        """Return how many sessions of a sensor are live."""
        return len(self._by_sensor.get(sensor_id, ()))

    def add(self, record: StreamRecord, sensor: Sensor) -> Session:
        """Make a stream live, from its stored state.

        Raises
        ------
        Overloaded
            If too many are.
        """
        if record.key not in self._sessions and len(self) >= self._limits.max_streams:
            raise Overloaded(
                f"This service takes {self._limits.max_streams} streams: use another one,"
                " or raise KURTO_INGEST_MAX_STREAMS.",
                retry_after_s=30.0,
            )
        tail = HopTail(
            record.position.next_index // record.format.hop_samples,
            self._limits.sensor_tail_bytes,
            self._charge_tail,
        )
        live = EpochStream(
            record.format,
            record.fence,
            record.position.copy(),
            inspector=inspector_for(record, sensor),
            tail=tail,
            max_missing_ranges=self._limits.max_missing_ranges,
            charge=self._charge_pending,
        )
        live.resume_quarantine(record.quarantine)
        session = Session(
            live, sensor, record.boot_id, backfill=record.is_old, recorded=record.recorded
        )
        session.clock.opened(record.clock_offset_us, now=False)
        session.clock.correction_us = record.correction_us or 0
        if record.commit_time is not None:
            session.newest_us = max(session.newest_us, microseconds(record.commit_time))
        self._sessions[record.key] = session
        self._by_sensor.setdefault(record.key[0], {})[record.key[1]] = session
        self._share_tails()
        return session

    def _charge_pending(self, size_bytes: int) -> None:
        self.pending_bytes += size_bytes

    def _charge_tail(self, size_bytes: int) -> None:
        self.tail_bytes += size_bytes

    def quarantine_pending_bytes(self) -> int:
        """Return how much is on its way into quarantine."""
        found = (session.live.quarantine for session in self)
        return sum(item.pending_bytes for item in found if item is not None)

    def _share_tails(self) -> None:
        fair = self._limits.total_tail_bytes // max(1, len(self._sessions))
        share = min(self._limits.sensor_tail_bytes, fair)
        for session in self._sessions.values():
            session.live.tail.set_limit(share)

    def remove(self, session: Session, error: KurtoError) -> None:
        """End a session; what it holds that is not durable is dropped."""
        session.close(error)
        session.live.discard()
        session.live.tail.clear()
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]
            self._forget(*session.key)
            self._share_tails()

    def _forget(self, sensor_id: str, epoch: int) -> None:
        epochs = self._by_sensor[sensor_id]
        del epochs[epoch]
        if not epochs:
            del self._by_sensor[sensor_id]

    def has_room(self, session: Session) -> bool:
        """Tell whether samples of `session` may be taken into memory now."""
        return (
            self.refusal is None
            and session.live.pending_bytes < self._limits.sensor_pending_bytes
            and self.pending_bytes < self._limits.total_pending_bytes
        )

    def refuse(self, error: KurtoError | None) -> None:
        """Take no samples from now on, because of `error`; None: take them again."""
        self.refusal = error

    def require_room(self) -> None:
        """Raise `refusal`, if there is one."""
        if self.refusal is not None:
            raise self.refusal

    def overload(self) -> KurtoError:
        """Return the error for a sender for whom there was no room for too long."""
        if self.refusal is not None:
            return self.refusal
        return Overloaded(
            "Samples come faster than they can be stored: keep them and send them again later.",
            retry_after_s=_RETRY_AFTER_S,
        )


def inspector_for(record_or_live: StreamRecord | LiveStream, sensor: Sensor) -> BlockInspector:
    """Return an inspector for a stream, with the limits of the sensor's configuration."""
    stream_format = record_or_live.format
    full_scales = {channel.name: channel.full_scale for channel in sensor.config.channels}
    bias_ranges = {channel.name: channel.bias_range for channel in sensor.config.channels}
    return BlockInspector(
        stream_format.encoding,
        stream_format.scales,
        [full_scales.get(name) for name in stream_format.channels],
        [bias_ranges.get(name) for name in stream_format.channels],
    )
