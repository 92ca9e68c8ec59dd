"""What alerts can be told by the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kurto_service.settings import ServiceSettings, service_config

__all__ = ["AlertsSettings"]


class AlertsSettings(ServiceSettings):
    """Settings of alerts; own fields are read from ``KURTO_ALERTS_<FIELD>``."""

    model_config = service_config("alerts")

    grpc_port: int = Field(
        50053, ge=0, le=65535, description="TCP port of gRPC; 0 picks a free one."
    )
    metrics_port: int = Field(
        9103, ge=0, le=65535, description="TCP port of the Prometheus endpoint; 0 picks a free one."
    )
    ingest_address: str = Field("127.0.0.1:50051", description="Where ingest is, as host:port.")
    analyzer_address: str = Field(
        "127.0.0.1:50052", description="Where the analyzer is, as host:port."
    )
    feature_streams: tuple[str, ...] = Field(
        ("kurto:features:0",), min_length=1,
        description="Live streams of features in Valkey, as a JSON list.",
    )  # fmt: skip
    read_block_ms: int = Field(
        500, gt=0, le=1500, description="Milliseconds that one read of the live streams waits."
    )
    read_message_count: int = Field(
        64, gt=0, description="Messages that one read of a live stream returns at most."
    )
    inbox_size: int = Field(
        128, gt=0,
        description="Live messages and pages of history waiting; beyond it reading stops.",
    )  # fmt: skip
    commit_items: int = Field(
        32, gt=0, description="Messages evaluated before their transitions are stored, at most."
    )
    waiting_frames: int = Field(
        64, gt=0, description="Live frames kept per sensor while a hole is filled."
    )
    longest_hole_windows: int = Field(
        36_000,
        gt=0,
        description="Windows of a hole that are filled at most; older ones are given up.",
    )
    backfill_windows: int = Field(
        6000, ge=0,
        description="Windows evaluated before the first one seen of a sensor without a checkpoint.",
    )  # fmt: skip
    profile_patience_s: float = Field(
        5.0, ge=0,
        description="Seconds for which frames of a sensor unknown to the registry are put off.",
    )  # fmt: skip
    checkpoint_interval_s: float = Field(
        2.0, gt=0, le=5, description="Seconds between two checkpoints without transitions."
    )
    rules_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for rules that another process changed."
    )
    tick_s: float = Field(
        0.25, gt=0, description="Seconds after which evaluation looks around though nothing came."
    )
    fill_concurrency: int = Field(
        4, gt=0, description="Requests to the history of features at a time."
    )
    fill_page_size: int = Field(
        600, gt=0, le=6000, description="Frames of history that one request asks for."
    )
    fill_retry_s: float = Field(
        0.05, gt=0, description="First pause before a hole is asked for again, in seconds."
    )
    poll_s: float = Field(
        5.0, gt=0, description="Seconds of silence after which a sensor's history is asked."
    )
    longest_poll_s: float = Field(
        60.0, gt=0, description="Longest time between two such questions, in seconds."
    )
    peer_timeout_s: float = Field(
        2.0, gt=0, description="Seconds that another service may take to answer."
    )
    registry_silence_s: float = Field(
        45.0, gt=15, description="Seconds without heartbeat after which the registry is asked anew."
    )
    registry_retry_max_s: float = Field(
        5.0, gt=0, description="Longest wait before the registry is asked again, in seconds."
    )
    catalogue_lifetime_s: float = Field(
        60.0, gt=0, description="Seconds after which the list of features is asked for again."
    )
    standby_s: float = Field(
        1.0, gt=0, description="Seconds between two tries to become the process that evaluates."
    )
    restart_max_s: float = Field(
        1.0, gt=0, description="Longest wait before evaluation begins again after a failure."
    )
    publish_batch_size: int = Field(
        500, gt=0, description="Transitions in one message of the live stream at most."
    )
    publish_poll_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for unpublished transitions."
    )
    live_retention_s: float = Field(
        600.0, gt=0, description="Seconds for which the live stream keeps transitions."
    )
    valkey_timeout_s: float = Field(
        2.0, gt=0, description="Seconds that one call to Valkey may take."
    )
    gauge_interval_s: float = Field(
        5.0, gt=0, description="Seconds between two counts of the open alerts."
    )
    keep_batch_size: int = Field(
        32, gt=0, description="Requests to keep samples around alarms taken at a time."
    )
    keep_poll_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for such requests."
    )
    keep_retry_s: float = Field(
        1.0, gt=0, description="First wait before such a request is repeated, in seconds."
    )
    keep_retry_max_s: float = Field(
        60.0, gt=0, description="Longest wait before such a request is repeated, in seconds."
    )
    baseline_poll_s: float = Field(
        3.0, gt=0, description="Seconds between two looks for new baselines."
    )
    diagnosis_poll_s: float = Field(
        5.0, gt=0, description="Seconds between two looks for new diagnoses of sensors with rules."
    )
    day_one_rules: bool = Field(
        True, description="Whether machines come with rules on growth and ISO zones."
    )
    keep_give_up_s: float = Field(
        86_400.0, gt=0, description="Age at which such a request is given up, in seconds."
    )
    stream_poll_s: float = Field(
        0.5, gt=0, le=1.0, description="Seconds between two looks at which sensors send."
    )
    silence_recovery_s: float = Field(
        3.0, ge=0, description="Seconds of data after which an alert about silence ends."
    )
    delivery_patience_s: float = Field(
        10.0, ge=3, description="Seconds without features after which it is an alarm of kurto."
    )
    trial_sensor_count: int = Field(
        100, gt=0, description="Sensors that a rule is tried on at a time at most."
    )
    trial_window_count: int = Field(
        10_000_000, gt=0, description="Windows that a rule is tried on at most."
    )
    trial_timeout_s: float = Field(
        3600.0, gt=0, description="Seconds after which the trial of a rule ends."
    )
    trial_page_size: int = Field(
        300, gt=0, le=6000, description="Frames that the trial of a rule asks for at a time."
    )
    delivery_poll_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for what receivers are to be told."
    )
    delivery_concurrency: int = Field(
        32, gt=0, description="Notifications that are being delivered at a time."
    )
    delivery_per_receiver: int = Field(
        4, gt=0, description="Notifications that are being delivered to one receiver at a time."
    )
    delivery_timeout_s: float = Field(
        10.0, gt=0, description="Seconds that one attempt to deliver may take."
    )
    delivery_retry_s: float = Field(
        1.0, gt=0, description="Longest wait before the second attempt to deliver, in seconds."
    )
    delivery_retry_max_s: float = Field(
        300.0, gt=0, description="Longest wait before any further attempt, in seconds."
    )
    delivery_alarm_attempts: int = Field(
        10, gt=0,
        description="Attempts after which an alarm says that a receiver cannot be reached.",
    )  # fmt: skip
    delivery_give_up_s: float = Field(
        86_400.0, gt=0,
        description="Age in seconds at which a notification is given up. Never what is CRITICAL"
        " or tells the end of what was told.",
    )  # fmt: skip
    delivery_ca_file: Path | None = Field(
        None, description="PEM file of further authorities that receivers' certificates may have."
    )
    webhook_private_addresses: bool = Field(
        True,
        description="Whether webhooks may have addresses of private networks and this machine.",
    )
    notification_keep_s: float = Field(
        7_776_000.0, gt=0, description="Seconds for which finished notifications are kept."
    )
    notification_sweep_s: float = Field(
        3600.0, gt=0, description="Seconds between two sweeps of old notifications."
    )
    realarm_s: float = Field(
        3600.0, gt=0,
        description="Seconds after which an active, acknowledged alert asks anew.",
    )  # fmt: skip
    timekeeper_poll_s: float = Field(
        1.0, gt=0, description="Seconds between two looks for shelves and alerts that are due."
    )
    timekeeper_batch_size: int = Field(
        200, gt=0, description="Alerts that such a look changes in one transaction at most."
    )
    evidence_before_s: float = Field(
        2.0, gt=0, description="Seconds before the moment of an alert that are frozen."
    )
    evidence_after_s: float = Field(
        2.0, gt=0, description="Seconds behind the moment of an alert that are frozen."
    )
    evidence_longest_s: float = Field(
        60.0, gt=0, le=60,
        description="Seconds that are frozen at most, where 20 revolutions take longer.",
    )  # fmt: skip
    evidence_sample_count: int = Field(
        500_000, gt=0, le=500_000, description="Samples of a channel that are frozen at most."
    )
    evidence_channel_count: int = Field(
        128, gt=0, description="Channels of a machine that are frozen at most."
    )
    evidence_bytes: int = Field(
        67_108_864, gt=0, description="Bytes of samples that are frozen of a moment at most."
    )
    evidence_concurrency: int = Field(
        2, gt=0, description="Moments of machines that are frozen at a time."
    )
    evidence_poll_s: float = Field(
        0.5, gt=0, description="Seconds between two looks for moments to freeze."
    )
    evidence_timeout_s: float = Field(
        20.0, gt=0, description="Seconds that reading the samples of a sensor may take."
    )
    evidence_patience_s: float = Field(
        30.0, gt=0, description="Seconds for which samples behind the moment are waited for."
    )
    evidence_lease_s: float = Field(
        60.0, gt=0,
        description="Seconds after which a moment whose process was killed is frozen by another.",
    )  # fmt: skip
    evidence_retry_s: float = Field(
        1.0, gt=0, description="First wait before a moment that failed is tried again, in seconds."
    )
    evidence_retry_max_s: float = Field(
        60.0, gt=0, description="Longest wait before a moment is tried again, in seconds."
    )
    evidence_sweep_s: float = Field(
        60.0, gt=0, description="Seconds between two sweeps of old evidence."
    )
    evidence_give_up_s: float = Field(
        3600.0, gt=0, description="Age at which a moment is given up, in seconds."
    )
    evidence_baseline_poll_s: float = Field(
        10.0, gt=0, description="Seconds between two looks for baselines without spectra."
    )
    evidence_keep_s: float = Field(
        31_536_000.0, gt=0, description="Seconds for which evidence is kept."
    )
    evidence_total_bytes: int = Field(
        10_737_418_240, gt=0,
        description="Bytes of all evidence together; the oldest makes room.",
    )  # fmt: skip
    pool_size: int = Field(8, gt=1, description="PostgreSQL connections for calls.")
    acquire_timeout_s: float = Field(
        2.0, gt=0, description="Seconds that a call waits for a PostgreSQL connection."
    )
    query_timeout_s: float = Field(
        5.0, gt=0, description="Seconds after which a statement is given up."
    )
