"""What the gateway measures about itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kurto_service.metrics import zero_initialise

__all__ = ["GatewayMetrics"]

_KINDS = ("features", "alert_snapshot", "alerts", "stream_status", "heartbeat", "resync")
_TRANSPORTS = ("grpc", "sse")
_SOURCES = ("features", "transitions", "streams")
_LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class GatewayMetrics:
    """Metrics of the live fan-out.

    Parameters
    ----------
    registry : CollectorRegistry
        Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        #: Gauge: live clients, by transport.
        self.subscribers = Gauge(
            "kurto_gateway_subscribers", "Live clients.", ["transport"], registry=registry
        )
        #: Gauge: bytes waiting for all live clients.
        self.queue_bytes = Gauge(
            "kurto_gateway_queue_bytes", "Bytes waiting for all live clients.", registry=registry
        )
        #: Gauge: bytes waiting for the live client with the longest queue.
        self.longest_queue_bytes = Gauge(
            "kurto_gateway_longest_queue_bytes",
            "Bytes waiting for the live client with the longest queue.",
            registry=registry,
        )
        #: Counter: events sent, by transport and kind.
        self.events = Counter(
            "kurto_gateway_events", "Events sent.", ["transport", "kind"], registry=registry
        )
        #: Counter: bytes of events sent, by transport.
        self.event_bytes = Counter(
            "kurto_gateway_event_bytes", "Bytes of events sent.", ["transport"], registry=registry
        )
        #: Counter: frames that gave way to newer ones because their client reads too slowly.
        self.conflated_frames = Counter(
            "kurto_gateway_conflated_frames",
            "Frames that gave way to newer ones in the queue of a slow client.",
            registry=registry,
        )
        #: Counter: streams that had to end because their client reads alarms too slowly.
        self.overflowed_streams = Counter(
            "kurto_gateway_overflowed_streams",
            "Live streams that had to end: alert transitions piled up for a slow client.",
            registry=registry,
        )
        #: Counter: messages read from the live streams, by stream.
        self.messages = Counter(
            "kurto_gateway_live_messages", "Messages read from live streams.", ["stream"],
            registry=registry,
        )  # fmt: skip
        #: Gauge: 1 while a live stream can be read, else 0, by stream.
        self.stream_up = Gauge(
            "kurto_gateway_live_stream_up", "1 while the live stream can be read.", ["stream"],
            registry=registry,
        )  # fmt: skip
        #: Histogram: seconds from the publication of features to their fan-out.
        self.feature_lag = Histogram(
            "kurto_gateway_feature_lag_seconds",
            "Time from the publication of features to their fan-out.",
            registry=registry,
            buckets=_LAG_BUCKETS_S,
        )
        #: Gauge: open alerts.
        self.open_alerts = Gauge("kurto_gateway_open_alerts", "Open alerts.", registry=registry)
        zero_initialise(self.subscribers, transport=_TRANSPORTS)
        zero_initialise(self.events, transport=_TRANSPORTS, kind=_KINDS)
        zero_initialise(self.event_bytes, transport=_TRANSPORTS)
        zero_initialise(self.messages, stream=_SOURCES)
        zero_initialise(self.stream_up, stream=_SOURCES)
