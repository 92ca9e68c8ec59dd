"""The state of a sensor's stream, from what is stored and what is live."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from kurto.ingest.v1 import stream_status_pb2 as pb
from kurto_ingest.assets.conversion import duration, timestamp_us
from kurto_ingest.assets.model import Sensor
from kurto_ingest.forwarding.feed import WindowFeed
from kurto_ingest.ports import StreamRecord
from kurto_ingest.pushing.session import Session
from kurto_ingest.streams.quality_flags import flags_of
from kurto_ingest.streams.quarantine import QuarantinePosition
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import microseconds

__all__ = ["arrival_message", "stale_after_s", "status_message"]

# People are to see it within 3 s of the last sample; the news has a way to go.
_STALE_S = 2.5
_STALE_INTERVALS = 3


def stale_after_s(sensor: Sensor) -> float:
    """Return the time without samples after which a sensor's stream is stale."""
    burst = sensor.config.burst
    return max(_STALE_S, _STALE_INTERVALS * burst.interval_s) if burst else _STALE_S


def status_message(
    sensor: Sensor,
    *,
    record: StreamRecord | None,
    session: Session | None,
    feed: WindowFeed | None,
    backfill_count: int = 0,
    now: datetime,
    now_s: float,
) -> pb.SensorStatus:
    """Return the state of one sensor.

    Parameters
    ----------
    sensor : Sensor
        Sensor in question.
    record : StreamRecord or None
        Its newest epoch as stored.
    session : Session or None
        The same epoch, if it is live.
    feed : WindowFeed or None
        What the analyzer has of it.
    backfill_count : int
        Older epochs that are on their way from a buffer.
    now, now_s : datetime, float
        The clock: time of day, and monotonic seconds.
    """
    status = pb.SensorStatus(
        sensor_id=sensor.sensor_id,
        state=pb.STREAM_STATE_IDLE,
        monitored=sensor.monitored,
        sample_rate_hz=sensor.config.sample_rate_hz,
        backfill_count=backfill_count,
    )
    if session is not None:
        _fill_position(status, session.live.format, session.live.accepted)
        status.durable_index = session.live.durable.next_index
        apart = session.live.quarantine
        _fill_quarantine(status, None if apart is None else apart.durable)
        status.time_source = _time_source(recorded=session.recorded)
        _fill_live(status, session, now, now_s)
        _fill_clock(status, session)
    elif record is not None:
        _fill_position(status, record.format, record.position)
        status.durable_index = record.position.next_index
        _fill_quarantine(status, record.quarantine)
        status.time_source = _time_source(recorded=record.recorded)
        if record.clock_offset_us is not None:
            status.clock_offset.FromMicroseconds(record.clock_offset_us)
    if feed is not None and sensor.monitored:
        status.analysis_lag.CopyFrom(duration(feed.lag_s))
    if status.next_index > 0 or status.quarantined_sample_count > 0:
        silent_s = _silent_s(session, now_s)
        fresh = silent_s is not None and silent_s < stale_after_s(sensor)
        status.state = pb.STREAM_STATE_LIVE if fresh else pb.STREAM_STATE_STALE
    return status


def arrival_message(session: Session, *, age_s: float, now: datetime) -> pb.StreamArrival:
    """Return how far a live stream has come, `age_s` before `now`."""
    arrival = pb.StreamArrival(
        sensor_id=session.key[0],
        epoch=session.key[1],
        next_index=session.live.accepted.next_index,
    )
    arrival.last_receive_time.CopyFrom(_received(now, age_s))
    return arrival


def _fill_position(
    status: pb.SensorStatus, stream_format: StreamFormat, position: StreamSequence
) -> None:
    status.epoch = stream_format.epoch
    status.sample_rate_hz = stream_format.sample_rate_hz
    status.next_index = position.next_index
    status.gap_count = position.gap_count
    status.abandoned_sample_count = position.abandoned.total
    status.missing_sample_count = position.missing.total + position.abandoned.total
    if position.next_index > 0:
        newest_us = stream_format.time_us(position.next_index - 1)
        status.last_sample_time.CopyFrom(timestamp_us(newest_us))


def _fill_quarantine(status: pb.SensorStatus, quarantine: QuarantinePosition | None) -> None:
    if quarantine is not None:
        status.quarantined_sample_count = quarantine.sample_count


def _fill_live(status: pb.SensorStatus, session: Session, now: datetime, now_s: float) -> None:
    counters = session.live.counters
    status.duplicate_sample_count = counters.duplicate_count
    status.client_count = len(session.feeders)
    status.measured_rate_hz = session.meter.rate_hz
    status.commit_lag.CopyFrom(duration(max(0.0, session.live.commit_lag_s(now_s))))
    if counters.last_receive_s is not None:
        age_s = max(0.0, now_s - counters.last_receive_s)
        status.last_receive_time.CopyFrom(_received(now, age_s))


def _received(now: datetime, age_s: float) -> Timestamp:
    return timestamp_us(microseconds(now) - round(age_s * 1e6))


def _fill_clock(status: pb.SensorStatus, session: Session) -> None:
    clock = session.clock
    status.quality_flags.extend(flags_of(session.quality))
    if clock.offset_us is not None:
        status.clock_offset.FromMicroseconds(clock.offset_us)
    if clock.rate_error_ppm is not None:
        status.rate_error_ppm = round(clock.rate_error_ppm, 1)


def _time_source(*, recorded: bool) -> pb.TimeSource:
    return pb.TIME_SOURCE_RECORDED if recorded else pb.TIME_SOURCE_SERVICE


def _silent_s(session: Session | None, now_s: float) -> float | None:
    if session is None or session.live.counters.last_receive_s is None:
        return None
    return now_s - session.live.counters.last_receive_s
