"""What the analyzer can be told by the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kurto_service.settings import ServiceSettings, service_config

__all__ = ["AnalyzerSettings"]


class AnalyzerSettings(ServiceSettings):
    """Settings of the analyzer; own fields are read from ``KURTO_ANALYZER_<FIELD>``."""

    model_config = service_config("analyzer")

    grpc_port: int = Field(
        50052, ge=0, le=65535, description="TCP port of gRPC; 0 picks a free one."
    )
    metrics_port: int = Field(
        9102, ge=0, le=65535, description="TCP port of the Prometheus endpoint; 0 picks a free one."
    )
    tick_interval_s: float = Field(
        0.005, ge=0, description="Shortest time between the starts of two ticks, in seconds."
    )
    max_tick_windows: int = Field(
        64,
        gt=0,
        description="Windows after which a tick is published; the rest waits for the next.",
    )
    slice_windows: int = Field(
        8, gt=0, description="Windows computed without a pause; calls are answered in between."
    )
    max_pending_bytes: int = Field(
        32 * 1024 * 1024, gt=0,
        description="Samples not yet analysed per stream, in bytes; beyond it reading stops.",
    )  # fmt: skip
    max_open_sensors: int = Field(
        4096, gt=0, description="Sensors of all streams beyond which opening is refused."
    )
    refusal_memory_s: float = Field(
        60.0, ge=0,
        description="Seconds for which a refused sensor, opened again, no longer ends its stream.",
    )  # fmt: skip
    max_window_samples: int = Field(
        8 * 1024 * 1024, gt=0, description="Largest window that is accepted, in samples x channels."
    )
    max_uncommitted_windows: int = Field(
        50_000, gt=0,
        description="Computed windows waiting for PostgreSQL; beyond it analysis pauses.",
    )  # fmt: skip
    max_commit_windows: int = Field(2_000, gt=0, description="Windows in one transaction.")
    commit_interval_s: float = Field(
        0.1, ge=0, description="Shortest time between the starts of two transactions, in seconds."
    )
    commit_timeout_s: float = Field(
        10.0, gt=0, description="Seconds after which a transaction is given up and repeated."
    )
    commit_retry_max_s: float = Field(
        1.0, gt=0, description="Longest wait before a failed transaction is repeated, in seconds."
    )
    publish_timeout_s: float = Field(
        0.25, gt=0, description="Seconds that one publication to Valkey may take."
    )
    publish_retry_s: float = Field(
        0.5, gt=0, description="Seconds without publications after a failed one."
    )
    live_retention_s: float = Field(
        600.0, gt=0, description="Seconds for which the live stream in Valkey keeps its messages."
    )
    latest_ttl_s: int = Field(
        60, gt=0, description="Seconds for which Valkey keeps a sensor's newest frame."
    )
    feature_retention_days: int = Field(
        7, gt=0, description="Days for which realtime_features are kept."
    )
    second_rollup_retention_days: int = Field(
        90, ge=0, description="Days for which roll-ups over a second are kept; 0 for ever."
    )
    minute_rollup_retention_days: int = Field(
        0, ge=0, description="Days for which roll-ups over a minute are kept; 0 for ever."
    )
    long_feature_retention_days: int = Field(
        90, ge=0, description="Days for which features of long windows are kept; 0 for ever."
    )
    diagnosis_retention_days: int = Field(
        90, ge=0, description="Days for which diagnoses are kept; 0 for ever."
    )
    diagnosis_interval_s: float = Field(
        10.0, gt=0, description="Seconds from one long window of a sensor to the next."
    )
    diagnosis_cpu_share: float = Field(
        0.1, gt=0, le=1,
        description="Largest part of one core that long windows take; beyond it they come later.",
    )  # fmt: skip
    max_diagnosis_requests: int = Field(
        16, gt=0, description="Sensors with a diagnosis on request at a time."
    )
    diagnosis_request_timeout_s: float = Field(
        20.0, gt=0, description="Seconds that a request for a diagnosis waits at most."
    )
    bearings_file: Path | None = Field(
        None,
        description="Table (CSV) of own bearings, as kurto analyze takes it; they come before the "
        "catalogue's. Read at start.",
    )
    long_window_s: float = Field(8.0, ge=5, le=60, description="Shortest long window, in seconds.")
    long_window_revolutions: float = Field(
        100.0, ge=20, description="Shaft revolutions that a long window holds, within 60 s."
    )
    history_bytes: int = Field(
        512 * 1024 * 1024, ge=0,
        description="Memory for the samples of all sensors' long windows, in bytes; sensors that "
        "find no room have no diagnosis.",
    )  # fmt: skip
    history_idle_s: float = Field(
        30.0, gt=0, description="Seconds without samples after which a sensor's history is let go."
    )
    rollup_interval_s: float = Field(
        10.0, gt=0, description="Seconds between two looks for minutes to roll up."
    )
    rollup_idle_s: float = Field(
        30.0, gt=0,
        description="Seconds without a window after which an unfinished minute is rolled up.",
    )  # fmt: skip
    rollup_batch_minutes: int = Field(
        10, gt=0, description="Minutes of a sensor rolled up in one transaction, when behind."
    )
    rollup_share: float = Field(
        0.25, gt=0, le=1, description="Largest part of the time that rolling up takes, when behind."
    )
    rollup_timeout_s: float = Field(
        60.0, gt=0, description="Seconds after which rolling up some minutes is given up."
    )
    rollup_pool_size: int = Field(2, ge=2, description="PostgreSQL connections for rolling up.")
    max_queued_conditions: int = Field(
        10_000, gt=0,
        description="Windows waiting to be compared with baselines; beyond it they are read again.",
    )  # fmt: skip
    baseline_watch_interval_s: float = Field(
        5.0, gt=0,
        description="Seconds between two looks for baselines that another analyzer changed.",
    )  # fmt: skip
    maintenance_interval_s: float = Field(
        600.0, gt=0, description="Seconds between two runs of making and dropping partitions."
    )
    write_pool_size: int = Field(3, ge=2, description="PostgreSQL connections for commits.")
    query_pool_size: int = Field(6, gt=0, description="PostgreSQL connections for reads.")
    acquire_timeout_s: float = Field(
        2.0, gt=0, description="Seconds that a call waits for a PostgreSQL connection."
    )
    query_timeout_s: float = Field(
        5.0, gt=0, description="Seconds after which a read from PostgreSQL is given up."
    )
    ingest_address: str = Field("127.0.0.1:50051", description="Where ingest is, as host:port.")
    max_analyses: int = Field(
        4, gt=0,
        description="Spectra and pictures on request that are read or computed at a time, one of "
        "them in the processor; more are refused.",
    )  # fmt: skip
    analysis_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that a spectrum or picture on request may take in all."
    )
    max_analysis_s: float = Field(
        60.0, ge=1, le=60,
        description="Longest record that a spectrum or picture on request is made of, in seconds.",
    )  # fmt: skip
    max_analysis_samples: int = Field(
        2_097_152, gt=0,
        description="Most samples of a channel that a spectrum or picture on request is made of.",
    )  # fmt: skip
    sample_read_timeout_s: float = Field(
        10.0, gt=0, description="Seconds after which a call to ingest for samples is given up."
    )
