"""What the gateway can be told by the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kurto_service.settings import ServiceSettings, service_config

__all__ = ["GatewaySettings"]

_DASHBOARD = Path(__file__).parent / "static" / "dashboard"


class GatewaySettings(ServiceSettings):
    """Settings of the gateway; own fields are read from ``KURTO_GATEWAY_<FIELD>``."""

    model_config = service_config("gateway")

    grpc_port: int = Field(
        50054, ge=0, le=65535, description="TCP port of gRPC; 0 picks a free one."
    )
    metrics_port: int = Field(
        9104, ge=0, le=65535, description="TCP port of the Prometheus endpoint; 0 picks a free one."
    )
    http_port: int = Field(
        8090, ge=0, le=65535,
        description="TCP port of the dashboard and server-sent events; 0 picks a free one.",
    )  # fmt: skip
    ingest_address: str = Field("127.0.0.1:50051", description="Where ingest is, as host:port.")
    analyzer_address: str = Field(
        "127.0.0.1:50052", description="Where the analyzer is, as host:port."
    )
    alerts_address: str = Field("127.0.0.1:50053", description="Where alerts is, as host:port.")
    dashboard_dir: Path | None = Field(
        None, description="Directory of the built dashboard; the one in the package by default."
    )
    max_subscribers: int = Field(
        1000, gt=0, description="Live clients beyond which new ones are refused."
    )
    heartbeat_interval_s: float = Field(
        10.0, gt=0, le=15, description="Seconds between two heartbeats on a live stream."
    )
    write_timeout_s: float = Field(
        60.0, gt=0, description="Seconds without reading after which a live client is let go."
    )
    queue_feature_bytes: int = Field(
        512 * 1024, gt=0,
        description="Waiting frames per live client, in bytes; beyond it only the newest are kept.",
    )  # fmt: skip
    queue_transition_bytes: int = Field(
        384 * 1024, gt=0,
        description="Waiting alert transitions per client, in bytes; beyond it the stream ends.",
    )  # fmt: skip
    event_bytes: int = Field(
        64 * 1024, gt=0, description="Weight of one event before it is unpacked, in bytes."
    )
    recent_feature_bytes: int = Field(
        8 * 1024 * 1024, gt=0,
        description="Recent frames in memory for clients that come back, in bytes.",
    )  # fmt: skip
    recent_transition_bytes: int = Field(
        4 * 1024 * 1024, gt=0,
        description="Recent alert transitions in memory for clients that come back, in bytes.",
    )  # fmt: skip
    max_sensors: int = Field(
        10_000, gt=0, description="Sensors whose newest frame and state are remembered."
    )
    max_snapshot_alerts: int = Field(
        2000, gt=0, description="Open alerts in the snapshot at the beginning of a live stream."
    )
    max_missed_transitions: int = Field(
        10_000, gt=0,
        description="Missed alert transitions beyond which a client gets a snapshot instead.",
    )  # fmt: skip
    max_parallel_replays: int = Field(
        4, gt=0, description="Clients at a time that read what they missed from Valkey."
    )
    alert_check_interval_s: float = Field(
        5.0, gt=0, description="Seconds between two checks that no alert transition was missed."
    )
    state_refresh_interval_s: float = Field(
        30.0, gt=0, description="Seconds between two readings of all stream states."
    )
    degraded_poll_interval_s: float = Field(
        1.0, gt=0,
        description="Seconds between two readings of alerts and states while Valkey is away.",
    )  # fmt: skip
    peer_timeout_s: float = Field(
        3.0, gt=0, description="Seconds that a call to alerts or ingest may take."
    )

    @property
    def dashboard_directory(self) -> Path:
        """Directory of the built dashboard."""
        return self.dashboard_dir or _DASHBOARD
