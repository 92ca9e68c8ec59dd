"""What ingest can be told by the environment."""

from __future__ import annotations

from pydantic import Field

from kurto_service.settings import ServiceSettings, service_config

__all__ = ["IngestSettings"]

_MIB = 1024 * 1024


class IngestSettings(ServiceSettings):
    """Settings of ingest; own fields are read from ``KURTO_INGEST_<FIELD>``."""

    model_config = service_config("ingest")

    grpc_port: int = Field(
        50051, ge=0, le=65535, description="TCP port of gRPC; 0 picks a free one."
    )
    metrics_port: int = Field(
        9101, ge=0, le=65535, description="TCP port of the Prometheus endpoint; 0 picks a free one."
    )
    analyzer_address: str = Field(
        "127.0.0.1:50052", description="Where the analyzer is, as host:port."
    )
    # What senders may do
    max_streams: int = Field(10_000, gt=0, description="Streams that are live at the same time.")
    max_batch_samples: int = Field(
        1_048_576, gt=0, description="Samples per channel in one batch, at most."
    )
    max_missing_ranges: int = Field(
        1024, gt=0, description="Missing ranges that an epoch may have."
    )
    max_future_s: float = Field(
        1800.0, gt=0, description="Seconds that sample times may lie ahead of the clock."
    )
    quarantine_max_bytes: int = Field(
        1024 * _MIB,
        ge=0,
        description="Samples in quarantine since their times lie farther ahead, in bytes; 0: they"
        " are refused.",
    )
    quarantine_retention_d: float = Field(
        7.0, gt=0, description="Days for which samples stay in quarantine after they came."
    )
    rotate_interval_s: float = Field(
        10.0, gt=0, description="Seconds after which senders are told to rotate their calls."
    )
    max_call_age_s: float = Field(
        120.0, gt=0, description="Seconds after which a call that was not rotated is ended."
    )
    order_patience_s: float = Field(
        1.0, gt=0, description="Seconds that a call waits for the one before it."
    )
    ack_patience_s: float = Field(
        2.0, gt=0, le=2, description="Seconds that an answer waits for samples to become durable."
    )
    room_patience_s: float = Field(
        10.0, gt=0, description="Seconds that a call is left unread when memory is full."
    )
    session_idle_s: float = Field(
        600.0, gt=0, description="Seconds after which a stream without calls is forgotten."
    )
    # How samples become durable
    commit_interval_s: float = Field(
        0.2, ge=0.01, le=0.5, description="Seconds in which samples are gathered for a commit."
    )
    commit_linger_s: float = Field(
        0.25, gt=0, description="Age in seconds at which an incomplete block is committed."
    )
    commit_max_bytes: int = Field(
        16 * _MIB, gt=0, description="Samples in one transaction, in bytes."
    )
    commit_timeout_s: float = Field(
        10.0, gt=0, description="Seconds after which a statement of a commit is given up."
    )
    commit_retry_max_s: float = Field(
        1.0, gt=0, description="Longest wait before a failed commit is repeated, in seconds."
    )
    sensor_pending_bytes: int = Field(
        16 * _MIB, gt=0, description="Samples of one sensor that wait for a commit, in bytes."
    )
    total_pending_bytes: int = Field(
        256 * _MIB, gt=0, description="Samples of all sensors that wait for a commit, in bytes."
    )
    # How long samples are kept
    raw_retention_h: float = Field(
        24.0, gt=0, description="Hours for which samples of sensors without a policy are kept."
    )
    buffer_retention_h: float = Field(
        1.0,
        ge=0.5,
        description="Hours for which all samples of sensors are kept of which only snapshots, or"
        " those around alarms, are kept for longer.",
    )
    keep_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for samples to be copied out."
    )
    keep_patience_h: float = Field(
        24.0,
        gt=0,
        description="Hours for which samples that are missing in a kept range are waited for.",
    )
    keep_batch_bytes: int = Field(
        4 * _MIB, gt=0, description="Samples copied out in one transaction, in bytes."
    )
    # What happens when the disk fills up
    disk_path: str = Field(
        "",
        description="Directory on the file system of PostgreSQL, to watch its free space; empty:"
        " not watched.",
    )
    max_database_bytes: int = Field(
        0, ge=0, description="Size that the database may grow to, in bytes; 0: no bound."
    )
    disk_shed_ratio: float = Field(
        0.10,
        gt=0,
        lt=1,
        description="Free part of the disk below which the oldest samples are deleted before their"
        " time.",
    )
    disk_stop_ratio: float = Field(
        0.05, gt=0, lt=1, description="Free part of the disk below which no samples are taken."
    )
    disk_margin_ratio: float = Field(
        0.02, gt=0, lt=1, description="How much more must be free until all is well again."
    )
    disk_check_interval_s: float = Field(
        10.0, gt=0, description="Seconds between two looks at the disk."
    )
    partition_ahead_h: float = Field(
        2.0, gt=0, description="Hours for which partitions are made ahead."
    )
    partition_interval_s: float = Field(
        300.0, gt=0, description="Seconds between two looks at the partitions."
    )
    # How samples are read back
    max_sample_reads: int = Field(
        8, gt=0, description="Readers of stored samples at the same time."
    )
    max_stalled_reads: int = Field(
        32,
        gt=0,
        description="Readers that took nothing for too long and are still connected, at most.",
    )
    read_page_bytes: int = Field(
        _MIB, gt=0, description="Stored samples in memory for one reader, about, in bytes."
    )
    read_chunk_bytes: int = Field(
        _MIB // 4, ge=1024, le=2 * _MIB, description="Samples in a message to a reader, in bytes."
    )
    read_stall_s: float = Field(
        45.0, gt=0, description="Seconds after which a reader that takes nothing is sent away."
    )
    # What is recorded beside samples
    record_interval_s: float = Field(
        0.5, gt=0, description="Seconds between two writes of events and measured sample times."
    )
    record_queue_size: int = Field(
        10_000, gt=0, description="Events that wait for PostgreSQL; more are dropped and counted."
    )
    event_summary_interval_s: float = Field(
        10.0,
        gt=0,
        description="Seconds in which events of one kind on one stream are summed up as one.",
    )
    event_retention_d: float = Field(
        90.0, gt=0, description="Days for which events of streams are kept."
    )
    time_retention_d: float = Field(
        400.0,
        gt=0,
        description="Days for which measured sample times are kept; not less than samples are.",
    )
    value_retention_d: float = Field(
        90.0, gt=0, description="Days for which process values are kept after they came."
    )
    # How windows reach the analyzer
    realtime_enabled: bool = Field(
        True,
        description="False to store samples without analysing them; once it is true again, what"
        " is not older than the largest lag is analysed.",
    )
    forward_idle_linger_s: float = Field(
        0.005, ge=0, description="Seconds in which hops are gathered under little load."
    )
    forward_busy_linger_s: float = Field(
        0.02, ge=0, description="Seconds in which hops are gathered under much load."
    )
    forward_message_bytes: int = Field(
        200 * 1024, gt=0, description="Size at which a message to the analyzer is full, in bytes."
    )
    forward_in_flight_bytes: int = Field(
        32 * _MIB, gt=0, description="Hops sent and not acknowledged, in bytes."
    )
    forward_in_flight_hops: int = Field(
        100, gt=0, description="Hops of one sensor sent and not acknowledged."
    )
    sensor_tail_bytes: int = Field(
        4 * _MIB, gt=0, description="Hops of one sensor kept for the analyzer, in bytes."
    )
    total_tail_bytes: int = Field(
        64 * _MIB, gt=0, description="Hops of all sensors kept for the analyzer, in bytes."
    )
    catch_up_bytes: int = Field(
        _MIB // 2, gt=0, description="Hops of one sensor read ahead from PostgreSQL, in bytes."
    )
    catch_up_readers: int = Field(2, gt=0, description="Reads of old hops side by side.")
    max_analysis_lag_s: float = Field(
        600.0, gt=0, description="Lag in seconds beyond which the analysis skips to live samples."
    )
    analysis_note_interval_s: float = Field(
        2.0, gt=0, description="Seconds between two notes of how far windows are analysed."
    )
    analysis_search_interval_s: float = Field(
        60.0, gt=0, description="Seconds between two searches for windows left unanalysed."
    )
    # What others see
    status_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two publications of stream states."
    )
    status_retention_s: float = Field(
        600.0, gt=0, description="Seconds for which Valkey keeps stream states."
    )
    valkey_timeout_s: float = Field(
        1.0, gt=0, description="Seconds that one publication to Valkey may take."
    )
    config_poll_interval_s: float = Field(
        1.0, gt=0, description="Seconds after which a change made by another process is noticed."
    )
    watch_heartbeat_s: float = Field(
        10.0, gt=0, le=15, description="Seconds between two messages of a watch at most."
    )
    # PostgreSQL
    write_pool_size: int = Field(3, ge=2, description="PostgreSQL connections for commits.")
    opening_pool_size: int = Field(
        4, ge=1, description="PostgreSQL connections for senders that open their streams."
    )
    query_pool_size: int = Field(6, ge=3, description="PostgreSQL connections for all else.")
    read_pool_size: int = Field(
        2, ge=1, description="PostgreSQL connections for reading samples back."
    )
    acquire_timeout_s: float = Field(
        2.0, gt=0, description="Seconds that a call waits for a PostgreSQL connection."
    )
    query_timeout_s: float = Field(
        5.0, gt=0, description="Seconds after which a query is given up."
    )
