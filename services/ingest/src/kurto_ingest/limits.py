"""From the settings to the limits and paces of each part."""

from __future__ import annotations

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.assets.conversion import duration
from kurto_ingest.forwarding.conversation import ForwarderPace
from kurto_ingest.forwarding.feed import FeedLimits
from kurto_ingest.keeping.keeper import KeeperPace
from kurto_ingest.keeping.kept import CopyPace
from kurto_ingest.pushing.commit_pace import CommitPace
from kurto_ingest.pushing.push_limits import PushLimits
from kurto_ingest.pushing.registry import MemoryLimits
from kurto_ingest.quarantine.keeper import QuarantineBounds
from kurto_ingest.reading.read_calls import ReadLimits
from kurto_ingest.reading.sample_reader import ReadSizes
from kurto_ingest.records.recorder import RecordPace
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.disk_guard import DiskLimits

__all__ = [
    "commit_pace",
    "disk_limits",
    "feed_limits",
    "forwarder_pace",
    "keeper_pace",
    "memory_limits",
    "push_limits",
    "quarantine_bounds",
    "read_limits",
    "record_pace",
    "stream_limits",
]


def memory_limits(settings: IngestSettings) -> MemoryLimits:
    """Return how much memory samples may take."""
    return MemoryLimits(
        sensor_pending_bytes=settings.sensor_pending_bytes,
        total_pending_bytes=settings.total_pending_bytes,
        sensor_tail_bytes=settings.sensor_tail_bytes if settings.realtime_enabled else 0,
        total_tail_bytes=settings.total_tail_bytes if settings.realtime_enabled else 0,
        max_streams=settings.max_streams,
        max_missing_ranges=settings.max_missing_ranges,
    )


def push_limits(settings: IngestSettings) -> PushLimits:
    """Return what a Push call may do."""
    return PushLimits(
        max_batch_samples=settings.max_batch_samples,
        max_age_s=settings.max_call_age_s,
        order_patience_s=settings.order_patience_s,
        ack_patience_s=settings.ack_patience_s,
        room_patience_s=settings.room_patience_s,
    )


def stream_limits(settings: IngestSettings) -> pb.StreamLimits:
    """Return what senders are told."""
    return pb.StreamLimits(
        max_message_bytes=settings.max_message_bytes,
        max_batch_samples=settings.max_batch_samples,
        max_missing_ranges=settings.max_missing_ranges,
        rotate_interval=duration(settings.rotate_interval_s),
    )


def read_limits(settings: IngestSettings) -> ReadLimits:
    """Return what readers of stored samples may take."""
    return ReadLimits(
        max_reads=settings.max_sample_reads,
        max_stalled=settings.max_stalled_reads,
        stall_s=settings.read_stall_s,
        sizes=ReadSizes(settings.read_page_bytes, settings.read_chunk_bytes),
    )


def record_pace(settings: IngestSettings) -> RecordPace:
    """Return how records beside the samples are kept."""
    return RecordPace(
        write_interval_s=settings.record_interval_s,
        summary_interval_s=settings.event_summary_interval_s,
        max_queued=settings.record_queue_size,
        event_retention_s=settings.event_retention_d * 86400,
        time_retention_s=settings.time_retention_d * 86400,
        value_retention_s=settings.value_retention_d * 86400,
    )


def disk_limits(settings: IngestSettings) -> DiskLimits:
    """Return when samples are deleted before their time, and when none are taken."""
    return DiskLimits(
        shed_ratio=settings.disk_shed_ratio,
        stop_ratio=settings.disk_stop_ratio,
        margin_ratio=settings.disk_margin_ratio,
    )


def quarantine_bounds(settings: IngestSettings) -> QuarantineBounds:
    """Return how much there may be in quarantine."""
    return QuarantineBounds(
        max_bytes=settings.quarantine_max_bytes,
        retention_s=settings.quarantine_retention_d * 86400,
        interval_s=settings.disk_check_interval_s,
    )


def keeper_pace(settings: IngestSettings) -> KeeperPace:
    """Return how samples are copied out."""
    return KeeperPace(
        interval_s=settings.keep_interval_s,
        copying=CopyPace(
            # Long before what is waited for would be dropped.
            longest_s=min(300.0, settings.buffer_retention_h * 3600 / 4),
            patience_s=settings.keep_patience_h * 3600,
            batch_bytes=settings.keep_batch_bytes,
        ),
    )


def commit_pace(settings: IngestSettings) -> CommitPace:
    """Return when and how much is committed."""
    return CommitPace(
        interval_s=settings.commit_interval_s,
        linger_s=settings.commit_linger_s,
        max_bytes=settings.commit_max_bytes,
        retry_last_s=settings.commit_retry_max_s,
    )


def forwarder_pace(settings: IngestSettings) -> ForwarderPace:
    """Return when and how much is sent to the analyzer."""
    return ForwarderPace(
        idle_linger_s=settings.forward_idle_linger_s,
        busy_linger_s=settings.forward_busy_linger_s,
        message_bytes=settings.forward_message_bytes,
        in_flight_bytes=settings.forward_in_flight_bytes,
    )


def feed_limits(settings: IngestSettings) -> FeedLimits:
    """Return how far the feed of one stream goes."""
    return FeedLimits(
        in_flight_hops=settings.forward_in_flight_hops,
        backlog_bytes=settings.catch_up_bytes,
        max_lag_s=settings.max_analysis_lag_s,
        retention_s=settings.raw_retention_h * 3600,
    )
